"""Every example in a docstring, and in the architecture page, is run and prints what it says."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import gradflow

pytestmark = pytest.mark.cpu_only("the examples show tensors on the CPU")

NOT_RUN = "__main__", ".cuda", "._cuda_random", "._cuda_transfer"
MODULES = [m.name for m in pkgutil.walk_packages(gradflow.__path__, "gradflow.") if not m.name.endswith(NOT_RUN)]


@pytest.mark.parametrize("name", ["gradflow", *MODULES])
def test_examples(name):
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__, globs={})  # an example imports what it names
    failed = 0
    for test in found:
        failed += doctest.DocTestRunner().run(test).failed
    assert failed == 0


def test_operations_have_examples_that_the_finder_sees():
    """The functions written for operations are not found as functions of their module, so they are run here."""
    from gradflow._engine import REGISTRY

    with_examples = [op for op in REGISTRY.values() if ">>>" in (op.forward.__doc__ or "")]
    assert len(with_examples) > 60
    parser = doctest.DocTestParser()
    for op in with_examples:
        test = parser.get_doctest(op.forward.__doc__, {}, op.name, None, 0)
        assert doctest.DocTestRunner().run(test).failed == 0, op.name


def test_functions_and_methods_have_examples_that_the_finder_does_not_see():
    """Those whose docstrings are made of a table."""
    from gradflow import numpy as gnp

    found = {f"gradflow.numpy.{n}": getattr(gnp, n) for n in gnp.__all__}
    found |= {
        f"gradflow.Tensor.{n}": getattr(gradflow.Tensor, n) for n in dir(gradflow.Tensor) if n.endswith("_") and n[0] != "_"
    }
    found = {name: f for name, f in found.items() if callable(f)}
    assert [name for name, f in found.items() if ">>>" not in (f.__doc__ or "")] == [] and len(found) > 150
    for name, f in found.items():
        test = doctest.DocTestParser().get_doctest(f.__doc__, {}, name, None, 0)
        assert doctest.DocTestRunner().run(test).failed == 0, name


def test_the_architecture_page():
    page = Path(gradflow.__file__).parent / "README.md"
    if not page.exists():
        pytest.skip("the page is part of the repository, not of every installation")
    test = doctest.DocTestParser().get_doctest(page.read_text(), {}, "README", None, 0)
    assert doctest.DocTestRunner().run(test).failed == 0
