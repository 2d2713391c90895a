"""What is public: the names of ``gf.__all__``, and the modules that users may import; all else carries an underscore."""

import importlib
import inspect
import pickle
import pkgutil
import sys

import pytest

import gradflow as gf

PUBLIC = {
    "gradflow", "gradflow.amp", "gradflow.autograd", "gradflow.backend", "gradflow.data", "gradflow.errors", "gradflow.flow",
    "gradflow.func", "gradflow.gradcheck", "gradflow.io", "gradflow.linalg", "gradflow.nn", "gradflow.numpy", "gradflow.optim",
    "gradflow.random", "gradflow.train", "gradflow.typing", "gradflow.viz",
    # The two namespaces, and what a new name in them has to do with.
    "gradflow.backend.contract", "gradflow.backend.cpu", "gradflow.backend.cuda", "gradflow.backend.devices",
    "gradflow.backend.dtypes",
    # Where public classes and functions are defined: their pickles name these.
    "gradflow.data.datasets", "gradflow.data.fetching", "gradflow.data.images", "gradflow.data.loader", "gradflow.data.tables",
    "gradflow.flow.diagnosis", "gradflow.flow.measurements", "gradflow.flow.report", "gradflow.flow.watching",
    "gradflow.flow.wording",
    "gradflow.nn.activations", "gradflow.nn.containers", "gradflow.nn.convolution", "gradflow.nn.functional",
    "gradflow.nn.functional_classes", "gradflow.nn.functional_conv", "gradflow.nn.functional_layers",
    "gradflow.nn.functional_losses", "gradflow.nn.functional_pool", "gradflow.nn.init",
    "gradflow.nn.layers", "gradflow.nn.losses", "gradflow.nn.module", "gradflow.nn.normalization", "gradflow.nn.parameter",
    "gradflow.nn.pooling",
    "gradflow.nn.utils", "gradflow.optim.adafactor", "gradflow.optim.adam", "gradflow.optim.adaptive",
    "gradflow.optim.elementwise", "gradflow.optim.lbfgs", "gradflow.optim.lr_scheduler", "gradflow.optim.lr_scheduler.base",
    "gradflow.optim.lr_scheduler.composed", "gradflow.optim.lr_scheduler.curves", "gradflow.optim.lr_scheduler.cycles",
    "gradflow.optim.lr_scheduler.functions", "gradflow.optim.lr_scheduler.plateau", "gradflow.optim.muon",
    "gradflow.optim.optimizer", "gradflow.optim.rprop", "gradflow.optim.sgd", "gradflow.viz.picture",
    "gradflow.viz.steps", "gradflow.viz.tracing",
}  # fmt: skip


def test_dir_is_all() -> None:
    assert dir(gf) == sorted(gf.__all__) and len(set(gf.__all__)) == len(gf.__all__)
    for name in gf.__all__:
        getattr(gf, name)
    for internal in ("creation", "engine", "ops", "kernels", "numpy_functions", "plain", "printing"):
        assert not hasattr(gf, internal), internal


def test_a_module_is_public_or_carries_an_underscore() -> None:
    there = {m.name for m in pkgutil.walk_packages(gf.__path__, "gradflow.")}
    public = {name for name in there if not any(part.startswith("_") for part in name.split("."))}
    assert public | {"gradflow"} == PUBLIC


@pytest.mark.parametrize("place", ["gradflow", "gradflow.nn", "gradflow.optim", "gradflow.data", "gradflow.flow", "gradflow.viz"])
def test_public_classes_and_functions_name_a_public_place(place: str) -> None:
    """``__module__`` is what a pickle, help() and a traceback show; the object is found there again."""
    module = importlib.import_module(place)
    shown = [getattr(module, name) for name in module.__all__]
    for value in shown:
        named = getattr(value, "__module__", None)
        if named is None or not named.startswith("gradflow"):
            continue
        assert named in PUBLIC, (value, named)
        if callable(value):
            assert pickle.loads(pickle.dumps(value)) is value


def test_the_places_of_before_0_1_are_found_by_pickles() -> None:
    for name, attribute in (
        ("tensor", "Tensor"),
        ("ops.elementwise", "add"),
        ("creation", "zeros"),
        ("creation", "arange"),
        ("ops.functions", "exp"),
    ):
        module = importlib.import_module(f"gradflow.{name}")
        assert getattr(module, attribute) is getattr(gf, attribute) and sys.modules[f"gradflow.{name}"] is module
    assert importlib.import_module("gradflow.flow.facts").Facts is gf.flow.Facts


@pytest.mark.parametrize(
    ("before", "name", "now"),
    [
        ("nn.functional_conv", "max_pool2d", "nn.functional_pool"),
        ("nn.functional_conv", "interpolate", "nn.functional_pool"),
        ("nn.functional_losses", "cross_entropy", "nn.functional_classes"),
        ("nn.functional_losses", "nll_loss", "nn.functional_classes"),
        ("nn.layers", "BatchNorm1d", "nn.normalization"),
        ("nn.layers", "LayerNorm", "nn.normalization"),
        ("optim.lr_scheduler.curves", "LambdaLR", "optim.lr_scheduler.functions"),
    ],
)
def test_what_moved_is_found_by_pickles(before: str, name: str, now: str) -> None:
    old = f"cgradflow.{before}\n{name}\n.".encode()  # how pickle writes a function or class: its module and its name
    found = pickle.loads(old)
    assert found is getattr(importlib.import_module(f"gradflow.{now}"), name) and found.__module__ == f"gradflow.{now}"


MOVED = {
    "compare": "maximum minimum clamp where",
    "elementwise": "div rdiv remainder fmod floor_divide rfloor_divide rremainder sign floor ceil round trunc",
    "functions": "sin cos tan asin acos atan atan2 hypot sinh cosh tanh asinh acosh atanh",
    "index": "gather take_along_dim index_select scatter scatter_add index_add",
    "linalg": "contract einsum tensordot inv solve det slogdet cholesky",
    "neural": "relu leaky_relu elu selu gelu silu softplus mish logsigmoid hardtanh",
    "reduce": "amax amin argmax argmin max min logsumexp norm argsort sort topk median",
    "shape": "cat stack flip roll tile repeat repeat_interleave narrow select split chunk unbind tril triu diagonal diag trace",
}
"""What has moved to another file since, by the file of before."""


@pytest.mark.parametrize("place", MOVED)
def test_a_pickle_of_before_0_1_finds_what_has_moved(place: str) -> None:
    for name in MOVED[place].split():
        found = pickle.loads(f"cgradflow.ops.{place}\n{name}\n.".encode())
        assert found.__name__ == name
        if hasattr(gf, name):
            assert inspect.unwrap(getattr(gf, name)) is inspect.unwrap(found)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        importlib.import_module(f"gradflow.ops.{place}").nothing
