"""What holds for every test: a fixed seed, no window, and the device that the suite runs on.

    pytest                             on the CPU
    pytest --device cuda               on a GPU
    pytest --device cuda --stand-in    on the strict stand-in for CuPy in tests/cupy_stand_in, where there is no GPU
    pytest -m slow                     the tests that take seconds each, which the others leave out
    pytest -n 0                        in one process, where there is one for each core

The same bodies run on each: gradflow's default device is set, and a test looks at numbers with ``.cpu()``, which on the
CPU changes nothing.  What by its nature is about the CPU alone is marked ``cpu_only("why")`` and skipped on the others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" in os.environ:  # a process for each core: threads of the libraries would only be in each other's way
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Programs that a test starts import the package that is tested, wherever they run.
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])

import hypothesis
import numpy as np
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


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The whole suite gets a process for each core where pytest-xdist is installed; files and tests that are named get none."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # which is one of them, and must start none
        return
    whole = config.args == config.getini("testpaths") and not config.option.collectonly and not config.option.usepdb
    measured = config.getoption("cov_source", None)  # pytest-cov has to hear of the processes earlier: --cov -n auto
    if whole and not measured and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = os.cpu_count()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stand_in, device = config.getoption("--stand-in"), config.getoption("--device")
    if not stand_in and "cupy" in sys.modules and not hasattr(sys.modules["cupy"], "__file__"):
        raise pytest.UsageError("a module of tests has put the stand-in in the place of CuPy without --stand-in")
    gpu = cuda_is_available() and not stand_in
    for item in items:
        if not gpu and item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs CuPy and a CUDA device"))
        if not stand_in and item.get_closest_marker("stand_in"):
            item.add_marker(pytest.mark.skip(reason="is about the stand-in for CuPy; run with --device cuda --stand-in"))
        if device != "cpu" and (mark := item.get_closest_marker("cpu_only")):
            item.add_marker(pytest.mark.skip(reason=f"CPU only: {mark.args[0]}"))


@pytest.fixture(autouse=True)
def _seed() -> Iterator[None]:
    """Every test starts from the same numbers, and leaves the modes of NumPy and gradflow as it found them."""
    gf.manual_seed(0)
    before = _modes()
    yield
    assert _modes() == before, "a test leaves a mode switched"


def _modes() -> tuple[object, ...]:
    return np.geterr(), gf.is_grad_enabled(), gf.get_default_dtype(), gf.get_default_device()
