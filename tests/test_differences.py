"""gradflow's side of tests/differences.py (``ci/fuzz differences`` checks PyTorch's), both of differences_numpy.py, the page."""

from __future__ import annotations

import runpy
from math import nan
from pathlib import Path

import numpy as np
import pytest
from differences import DIFFERENCES, Difference, Refused, agrees, outcome
from differences_numpy import NUMPY_DIFFERENCES, NumpyDifference
from differences_numpy import outcome as outcome_of_numpy

import gradflow as gf
import gradflow.numpy as gnp

pytestmark = pytest.mark.cpu_only("the cases are compared with PyTorch on the CPU")


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.name)
@pytest.mark.filterwarnings("ignore")
def test_gradflow_gives_what_the_table_says(row: Difference) -> None:
    found = outcome(row, gf)
    assert agrees(found, row.gradflow), f"{found}, and the table says {row.gradflow}"


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.name)
def test_a_row_is_a_difference_with_a_reason(row: Difference) -> None:
    refused = isinstance(row.gradflow, Refused), isinstance(row.torch, Refused)
    assert any(refused) or not agrees(row.gradflow, row.torch)
    assert not all(refused)
    assert row.why.endswith(".")
    assert not row.lenient or isinstance(row.torch, Refused)


@pytest.mark.parametrize("row", NUMPY_DIFFERENCES, ids=lambda row: row.name)
@pytest.mark.filterwarnings("ignore")
def test_both_sides_give_what_the_table_of_numpy_says(row: NumpyDifference) -> None:
    ours, theirs = outcome_of_numpy(row, gnp), outcome_of_numpy(row, np)
    assert agrees(ours, row.gradflow), f"{ours}, and the table says {row.gradflow}"
    assert agrees(theirs, row.numpy), f"NumPy gives {theirs}, and the table says {row.numpy}"
    assert not agrees(ours, theirs) and row.why.endswith(".")


@pytest.mark.parametrize("table", [DIFFERENCES, NUMPY_DIFFERENCES])
def test_names_are_given_once(table: list[Difference]) -> None:
    names = [row.name for row in table]
    assert len(set(names)) == len(names)


def test_the_page_is_what_the_tables_say() -> None:
    script = Path(__file__).parent.parent / "ci" / "differences_page"
    if not script.exists():
        pytest.skip("the script is part of the repository, not of the sdist")
    made = runpy.run_path(str(script))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run ci/differences_page"


def row(gradflow: object, case: str = "answer = 1 / 0") -> Difference:
    return Difference("a case", case, gradflow, None, "Because.")


def test_outcomes_are_told_apart() -> None:
    """The comparison itself: an error is its class and its words, numbers are equal but for rounding, None is None alone."""
    raised = outcome(row(None), np)
    assert agrees(raised, Refused("ZeroDivisionError", "division"))
    assert not agrees(raised, Refused("ZeroDivisionError", "overflow"))
    assert not agrees(raised, Refused("ValueError", "division"))
    assert not agrees(raised, [1.0])
    assert not agrees([1.0], Refused("ZeroDivisionError", "division"))
    assert outcome(row(None, "answer = gf.ones(2)"), np) == [1.0, 1.0]
    assert agrees([1.0, nan], [1.0 + 1e-7, nan])
    assert not agrees([1.0, nan], [1.0, 0.0])
    assert not agrees([1.0], [1.001])
    assert not agrees([1.0], [[1.0]])
    assert not agrees([1.0], [True])
    assert not agrees(None, [0.0])
    assert not agrees([0.0], None)
