"""What holds for every test: a fixed seed, no window, and no GPU test where there is no GPU."""

from __future__ import annotations

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import pytest

import gradflow as gf
from gradflow.backend import cuda_is_available

# Examples are drawn at random at the desk, and are the same on every run in CI.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    gpu_items = [item for item in items if item.get_closest_marker("gpu")]
    if gpu_items and not cuda_is_available():
        for item in gpu_items:
            item.add_marker(pytest.mark.skip(reason="needs CuPy and a CUDA device"))


@pytest.fixture(autouse=True)
def _seed() -> None:
    gf.manual_seed(0)
