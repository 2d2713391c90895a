"""What holds for every test: a fixed seed, no window, and the device that the suite runs on.

    pytest                             on the CPU
    pytest --device cuda               on a GPU
    pytest --device cuda --stand-in    on the strict stand-in for CuPy in tests/cupy_stand_in, where there is no GPU

The same bodies run on each: gradflow's default device is set, and a test looks at numbers with ``.cpu()``, which on the
CPU changes nothing.  What by its nature is about the CPU alone is marked ``cpu_only("why")`` and skipped on the others.
"""

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", choices=["cpu", "cuda"], help="gradflow's default device in all tests")
    parser.addoption("--stand-in", action="store_true", help="a stand-in in the place of CuPy: --device cuda without a GPU")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--stand-in"):
        import cupy_stand_in

        cupy_stand_in.install()
    if config.getoption("--device") == "cuda" and not cuda_is_available():
        raise pytest.UsageError("--device cuda: there is no CuPy with a GPU here; --stand-in takes its place")
    gf.set_default_device(config.getoption("--device"))  # before the tests are imported, which make tensors then


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stand_in, device = config.getoption("--stand-in"), config.getoption("--device")
    gpu = cuda_is_available() and not stand_in
    for item in items:
        if not gpu and item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs CuPy and a CUDA device"))
        if not stand_in and item.get_closest_marker("stand_in"):
            item.add_marker(pytest.mark.skip(reason="is about the stand-in for CuPy; run with --device cuda --stand-in"))
        if device != "cpu" and (mark := item.get_closest_marker("cpu_only")):
            item.add_marker(pytest.mark.skip(reason=f"CPU only: {mark.args[0]}"))


@pytest.fixture(autouse=True)
def _seed() -> None:
    gf.manual_seed(0)
