"""PyTorch's side of tests/differences.py, and gradflow's beside it."""

from __future__ import annotations

import torch
from differences import DIFFERENCES, agrees, outcome

import gradflow as gf


def check() -> bool:
    """True if both libraries do what every row says."""
    right = True
    for row in DIFFERENCES:
        for library, expected in ((torch, row.torch), (gf, row.gradflow)):
            if not agrees(found := outcome(row, library), expected):
                print(f"DIFFERENT: {row.name!r}: {library.__name__} gives {found}, and the table says {expected}")
                right = False
    print(f"{len(DIFFERENCES)} meant differences from PyTorch {torch.__version__}: {'as' if right else 'NOT as'} the table says")
    return right
