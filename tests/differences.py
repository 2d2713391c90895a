"""Every difference from PyTorch that is meant: a case, what gradflow gives, what PyTorch gives, and why.

Those from NumPy stand in ``tests/differences_numpy.py``.  ``gradflow/differences.md`` is made of both by ``ci/differences_page``.

``tests/test_differences.py`` checks gradflow's side, ``ci/fuzz differences`` PyTorch's, and the programs of ``ci/fuzz`` may
disagree in nothing else.

``case`` is source in which ``gf`` is either library.  It leaves its result in ``answer``, which is compared as nested lists.
"""

from __future__ import annotations

import re
import textwrap
from math import nan
from typing import Any, NamedTuple

import numpy as np


class Refused(NamedTuple):
    """The case raises an error of this class whose message matches these words; both are regular expressions."""

    kind: str
    words: str


class Difference(NamedTuple):
    """``shows``: the kinds of disagreement that the case shows itself by in a random program (ci/fuzzing/comparing.py).

    ``lenient``: PyTorch refuses what gradflow computes, and computes the same if it copies and keeps what it saved.
    """

    name: str
    case: str
    gradflow: Any
    torch: Any
    why: str
    shows: tuple[str, ...] = ()
    lenient: bool = False


_ANY_GRADIENT = ("gradient", "gradient between", "gradient is None", "gradient between is None", "recorded gradient",
                 "recorded gradient is None", "gradient in a hook", "calls of a hook")  # fmt: skip

_DERIVATIVES_AT_SPECIAL_POINTS = [
    Difference(
        "where, and an infinite slope on the branch not taken",
        """
        x = gf.tensor([0.0, 4.0], requires_grad=True)
        gf.where(x > 0, gf.sqrt(x), x).sum().backward()
        answer = x.grad
        """,
        [1.0, 0.25],
        [nan, 0.25],
        "The branch that where does not take has no part in the result. PyTorch multiplies 0 by its infinite slope.",
    ),
    Difference(
        "second derivative of elu at 0",
        """
        x = gf.tensor([0.0], requires_grad=True)
        (g,) = gf.autograd.grad(gf.nn.functional.elu(x).sum(), x, create_graph=True)
        g.sum().backward()
        answer = x.grad
        """,
        [0.5],
        [0.0],
        "It jumps from 1 to 0 at this point. gradflow gives the middle, PyTorch the value to the right.",
        shows=("gradient",),
    ),
    Difference(
        "second derivative of selu at 0",
        """
        x = gf.tensor([0.0], requires_grad=True, dtype=gf.float64)
        (g,) = gf.autograd.grad(gf.nn.functional.selu(x).sum(), x, create_graph=True)
        g.sum().backward()
        answer = x.grad
        """,
        [0.8790496704030782],
        [0.0],
        "It jumps at this point. gradflow gives the middle, PyTorch the value to the right.",
        shows=("gradient",),
    ),
    Difference(
        "second derivative of std or a norm where it is 0",
        """
        x = gf.tensor([0.5], requires_grad=True)
        (g,) = gf.autograd.grad(gf.std(x, correction=0), x, create_graph=True)
        g.sum().backward()
        answer = x.grad
        """,
        [nan],
        [0.0],
        "The first derivative is 0 there by convention. gradflow says that the second is not known, PyTorch takes that of a "
        "constant.",
        shows=_ANY_GRADIENT,
    ),
    Difference(
        "a scatter of a source larger than the index",
        """
        v = gf.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        y = gf.scatter(gf.zeros(1, 2), 1, gf.tensor([[0]]), v)
        (y * 5).sum().backward()
        answer = v.grad
        """,
        [[5.0, 0.0], [0.0, 0.0]],
        Refused("RuntimeError", "returned an invalid gradient"),
        "The elements of the source that have no index are not used, and their gradient is 0.",
    ),
    Difference(
        "no gradient, or zero",
        """
        x = gf.tensor([1.0, -2.0], requires_grad=True)
        (g,) = gf.autograd.grad(gf.nn.functional.leaky_relu(x).sum(), x, create_graph=True)
        (g * g).sum().backward(gf.tensor(1.0)) if g.requires_grad else None
        answer = x.grad
        """,
        None,
        [0.0, 0.0],
        "The derivative of leaky_relu is constant but for a jump. gradflow does not record it, so the second gradient is None. "
        "PyTorch records it, and the second gradient is 0.",
        shows=("gradient is None, or zero", "gradient between is None, or zero", "recorded gradient is None, or zero"),
    ),
    Difference(
        "det at a singular matrix",
        """
        x = gf.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
        gf.linalg.det(x).backward()
        answer = x.grad
        """,
        [[4.0, -2.0], [-2.0, 1.0]],
        [[0.0, 0.0], [0.0, 0.0]],
        "The derivative of a determinant is the adjugate, transposed, which exists at every matrix.",
    ),
    Difference(
        "det at a matrix of rank n - 1 with a row of zeros",
        """
        x = gf.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]], requires_grad=True)
        gf.linalg.det(x).backward()
        answer = x.grad
        """,
        [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        "The derivative of a determinant is the adjugate, transposed, which exists at every matrix.",
    ),
    Difference(
        "cross_entropy with all weights 0",
        """
        x = gf.ones(2, 2, requires_grad=True)
        gf.nn.functional.cross_entropy(x, gf.tensor([0, 1]), weight=gf.zeros(2)).backward()
        answer = x.grad
        """,
        [[0.0, 0.0], [0.0, 0.0]],
        [[nan, nan], [nan, nan]],
        "No example counts, so none gets a gradient, as both libraries have it where every target is ignored.",
    ),
]

_RECORDING = [
    Difference(
        "a no_grad block that ends inside of a later block",
        """
        def quiet():
            with gf.no_grad():
                yield
            yield

        steps = quiet()
        next(steps)
        with gf.enable_grad():
            next(steps)
        answer = gf.is_grad_enabled()
        gf.set_grad_enabled(True)
        """,
        True,
        False,
        "Both blocks have ended. Each of PyTorch's sets back what it found, so that the last one to end leaves recording off.",
    ),
    Difference(
        "a view made with recording off",
        """
        x = gf.ones(2, requires_grad=True)
        with gf.no_grad():
            y = x[...]
        answer = y.requires_grad
        """,
        False,
        True,
        "In gradflow nothing that is made inside no_grad() requires grad. In PyTorch some functions give back their input, or a "
        "view that requires grad once its base was recorded.",
        shows=("requires_grad", "refused by gradflow", *_ANY_GRADIENT),
    ),
    Difference(
        "a result that is the tensor itself",
        """
        x = gf.ones(2, requires_grad=True)
        answer = x.flatten() is x
        """,
        False,
        True,
        "In gradflow a function gives a tensor of its own, which shows the same memory. PyTorch's flatten gives its input back "
        "where there is nothing to flatten, so that a hook or detach_() on the result concerns the input too.",
        shows=("requires_grad", "refused by gradflow", "refused by torch", *_ANY_GRADIENT),
    ),
    Difference(
        "a hook on a view that is written to afterwards",
        """
        x = gf.ones(3, requires_grad=True)
        v = x[:2]
        v.register_hook(lambda g: 10 * g)
        with gf.no_grad():
            x.mul_(1)
        (v * 2).sum().backward()
        answer = x.grad
        """,
        [20.0, 20.0, 0.0],
        [2.0, 2.0, 0.0],
        "gradflow calls the hook. PyTorch makes the view anew after a write to its memory, and the hook is lost.",
        shows=_ANY_GRADIENT,
    ),
    Difference(
        "a gradient between, in a second backward pass",
        """
        x = gf.tensor([2.0], requires_grad=True)
        y = x.rsqrt()
        y.retain_grad()
        (g,) = gf.autograd.grad(y.sum(), x, create_graph=True)
        (g * g).sum().backward()
        answer = y.grad.tolist(), x.grad.tolist()
        """,
        [[1.0883883], [-0.046875]],
        [[1.2651650], [-0.046875]],
        "The derivative of rsqrt is written with its result in both, but with another power of it. So what a second pass leaves "
        "at the result differs, and the gradients of the leaves do not.",
        shows=("gradient between", "gradient between is None", "gradient in a hook", "calls of a hook"),
    ),
    Difference(
        "a hook that changes a gradient between, in a second backward pass",
        """
        x = gf.tensor([1.0], requires_grad=True)
        y = x.rsqrt()
        (g,) = gf.autograd.grad(y.sum(), x, create_graph=True)
        y.register_hook(lambda g: 0 * g)
        (g * g).sum().backward()
        answer = x.grad
        """,
        [-0.5],
        [0.0],
        "As above: only a part of the second pass goes through the result in gradflow, and the hook sees that part.",
        shows=_ANY_GRADIENT,
    ),
    Difference(
        "a view made before its base requires grad",
        """
        x = gf.ones(4)
        y = x[:2]
        x.requires_grad_(True)
        answer = y.requires_grad
        """,
        False,
        True,
        "gradflow computed the view without recording, so no gradient goes through it. None does in PyTorch either, which tells "
        "so by leaving x.grad None.",
        shows=("requires_grad", "refused by gradflow", *_ANY_GRADIENT),
    ),
    Difference(
        "gradients seen by a hook during the pass",
        """
        x = gf.tensor([1.0, 2.0], requires_grad=True)
        w = gf.tensor([3.0], requires_grad=True)
        y = x * 2
        y.register_hook(lambda g: seen.append(w.grad is None))
        seen = []
        (y * w).sum().backward()
        answer = seen
        """,
        [True],
        [False],
        "gradflow adds to .grad when the whole pass has succeeded. PyTorch does it leaf by leaf, while the pass goes on.",
    ),
    Difference(
        "gradients after a pass that failed",
        """
        x = gf.tensor([1.0], requires_grad=True)
        w = gf.tensor([3.0], requires_grad=True)
        y = x * 2
        y.register_hook(lambda g: 1 / 0)
        try:
            (y * w).sum().backward()
        except ZeroDivisionError:
            pass
        answer = w.grad
        """,
        None,
        [2.0],
        "A pass that fails leaves every .grad as it was in gradflow. In PyTorch the leaves that it reached before keep what it "
        "added.",
    ),
    Difference(
        "NumPy's functions on a tensor that requires grad",
        """
        import numpy
        x = gf.tensor([0.5], requires_grad=True)
        numpy.square(x).sum().backward()
        answer = x.grad
        """,
        [1.0],
        Refused("RuntimeError", r"Can't call numpy\(\) on Tensor that requires grad"),
        "gradflow records NumPy's own functions.",
    ),
    Difference(
        "full of a tensor that requires grad",
        """
        x = gf.tensor(3.0, requires_grad=True)
        gf.full((2,), x).sum().backward()
        answer = x.grad
        """,
        2.0,
        Refused("TypeError", "argument 'fill_value' .* must be Number, not Tensor"),
        "gradflow records full, full_like and new_full.",
    ),
    Difference(
        "linspace to a tensor that requires grad",
        """
        x = gf.tensor(3.0, requires_grad=True)
        answer = gf.linspace(0.0, x, 3).requires_grad
        """,
        True,
        False,
        "gradflow records linspace and logspace. In PyTorch the gradient is lost.",
    ),
]

_INDICES = [
    Difference(
        "repeated indices in an assignment",
        """
        y = gf.tensor([1.0, 2.0], requires_grad=True)
        x = gf.zeros(2)
        x[[0, 0]] = y
        x.sum().backward()
        answer = x.tolist(), y.grad.tolist()
        """,
        [[2.0, 0.0], [0.0, 1.0]],
        [[2.0, 0.0], [1.0, 1.0]],
        "The value that stays gets the gradient. PyTorch gives one to values that were overwritten, too.",
        shows=_ANY_GRADIENT,
    ),
    Difference(
        "repeated indices in scatter",
        """
        y = gf.tensor([1.0, 2.0], requires_grad=True)
        x = gf.zeros(2).scatter(0, gf.tensor([0, 0]), y)
        x.sum().backward()
        answer = x.tolist(), y.grad.tolist()
        """,
        [[2.0, 0.0], [0.0, 1.0]],
        [[2.0, 0.0], [1.0, 1.0]],
        "The value that stays gets the gradient. PyTorch gives one to values that were overwritten, too.",
    ),
    Difference(
        "an integer beside a list in an index",
        """
        answer = list(gf.zeros(2, 3, 4)[0, :, [0, 1]].shape)
        """,
        [2, 3],
        [3, 2],
        "gradflow indexes as NumPy does: the integer counts among the lists, and the dimension of lists that a slice parts comes "
        "first. PyTorch takes the integer first, on its own.",
        shows=("value", "refused by gradflow", "refused by torch", *_ANY_GRADIENT),
    ),
    Difference(
        "scatter_add from a source of fewer dimensions",
        """
        answer = gf.zeros(2, 3).scatter_add(1, gf.zeros((2, 2), dtype=gf.int64), gf.tensor(1.0))
        """,
        [[2.0, 0.0, 0.0], [2.0, 0.0, 0.0]],
        Refused("RuntimeError", r"Index tensor must have the same number of dimensions|to be no larger than self .* src \[\]"),
        "gradflow broadcasts the source to the shape of the index.",
    ),
    Difference(
        "scatter_add from a source larger than the index",
        """
        x = gf.ones(4, 1, requires_grad=True)
        gf.zeros(3, 3).scatter_add(1, gf.tensor([[1], [0], [0]]), x).sum().backward()
        answer = x.grad
        """,
        [[1.0], [1.0], [1.0], [0.0]],
        Refused("RuntimeError", "ScatterAddBackward0 returned an invalid gradient"),
        "What the index leaves out gets no gradient.",
    ),
    Difference(
        "an empty index larger than the source",
        """
        answer = list(gf.zeros(1, 0).scatter_add(1, gf.zeros((1, 0), dtype=gf.int64), gf.ones(3)).shape)
        """,
        Refused("ShapeError", r"the index has shape .*, more than the source has"),
        [1, 0],
        "gradflow compares the shapes even where the index is empty and nothing is read.",
    ),
]

_MEMORY_AND_WRITES = [
    Difference(
        "a saved tensor overwritten through .data",
        """
        x = gf.tensor([1.0, 2.0], requires_grad=True)
        y = (x * x).sum()
        x.data.mul_(3.0)
        y.backward()
        answer = x.grad
        """,
        Refused("InPlaceError", "overwritten|written in place"),
        [6.0, 12.0],
        "The derivative needs the numbers before the write. PyTorch does not count writes through .data and takes the new ones.",
    ),
    Difference(
        "a result overwritten that PyTorch needs",
        """
        x = gf.tensor([1.0, 2.0], requires_grad=True)
        y = x.cumprod(0)
        y.mul_(2)
        y.sum().backward()
        answer = x.grad
        """,
        [6.0, 2.0],
        Refused("RuntimeError", "needed for gradient computation has been modified by an inplace operation"),
        "gradflow saves what the derivative needs of this operation's input, and not its result.",
        lenient=True,
    ),
    Difference(
        "a second pass through what saves nothing",
        """
        x = gf.ones(2, requires_grad=True)
        y = x.sort().values
        y.sum().backward()
        y.sum().backward()
        answer = x.grad
        """,
        [2.0, 2.0],
        Refused("RuntimeError", "Trying to backward through the graph a second time"),
        "The first pass frees saved tensors. The derivative of this operation needs none in gradflow.",
        lenient=True,
    ),
    Difference(
        "a second pass through what gradflow alone saves",
        """
        x = gf.ones(2, requires_grad=True)
        y = gf.lerp(x, x, 0.3)
        y.sum().backward()
        y.sum().backward()
        answer = x.grad
        """,
        Refused("GraphError", "LerpBackward: .* freed by an earlier backward"),
        [2.0, 2.0],
        "The first pass frees saved tensors. lerp has one derivative for weights that are numbers and for tensors, and saves its "
        "inputs.",
    ),
    Difference(
        "a factor overwritten that PyTorch copied",
        """
        x = gf.ones(1, 2, requires_grad=True)
        a, b = x * 1, x * 2
        y = gf.kron(a, b)
        b.mul_(3)
        y.sum().backward()
        answer = x.grad
        """,
        Refused("InPlaceError", "is needed for backward but was overwritten by an in-place operation"),
        [[16.0, 16.0]],
        "gradflow's kron saves its factors, PyTorch's saves copies that it made of them.",
    ),
    Difference(
        "a write to one of several views",
        """
        x = gf.ones(3, requires_grad=True)
        y = x * 1
        a, b = y.split([1, 2])
        a.mul_(3.0)
        y.sum().backward()
        answer = x.grad
        """,
        [3.0, 1.0, 1.0],
        Refused("RuntimeError", "is a view and (is being|its base or another view of its base has been) modified inplace"),
        "gradflow follows writes through the results of split, chunk and unbind as through any view.",
    ),
    Difference(
        "a write through a view made with recording off",
        """
        x = gf.ones(3, requires_grad=True)
        y = x * 1
        with gf.no_grad():
            v = y[:2]
        v.mul_(3.0)
        y.sum().backward()
        answer = x.grad
        """,
        [0.0, 0.0, 1.0],
        Refused("RuntimeError", "A view was created in no_grad mode and (is being|its base or another view)"),
        "The view is a constant in gradflow, so what is written through it is one too.",
    ),
    Difference(
        "a write that overlaps what it reads",
        """
        x = gf.arange(4.0)
        x[1:].add_(x[:-1])
        answer = x
        """,
        [0.0, 1.0, 3.0, 5.0],
        Refused("RuntimeError", "some elements of the input tensor and the written-to tensor refer to a single memory location"),
        "gradflow reads everything before it writes, as NumPy does.",
    ),
    Difference(
        "a write to an expanded tensor that repeats nothing",
        """
        x = gf.ones(2) * 1
        answer = x.expand(2).mul_(3.0)
        """,
        Refused("InPlaceError", "shows an array that is read-only"),
        [3.0, 3.0],
        "What expand gives cannot be written to in gradflow.",
    ),
    Difference(
        "detach_ of a view",
        """
        x = gf.ones(2, requires_grad=True)
        y = (x * 2).view(2)
        answer = y.detach_().requires_grad
        """,
        False,
        Refused("RuntimeError", "Can't detach views in-place"),
        "The view is a constant from then on, and its base is what it was.",
    ),
    Difference(
        "detach_ of a tensor that was saved",
        """
        x = gf.ones(2, requires_grad=True)
        y = x * 1
        loss = (y * y).sum()
        y.detach_()
        loss.backward()
        answer = x.grad
        """,
        [2.0, 2.0],
        Refused("RuntimeError", "a saved tensor that has been detached in-place"),
        "What was recorded before stays as it was.",
    ),
    Difference(
        "fill_ of an expanded tensor",
        """
        x = gf.ones(2)
        x.expand(3, 2).fill_(5.0)
        answer = x
        """,
        Refused("InPlaceError", r"repeats the same memory \(expand\); clone\(\) it before writing"),
        [5.0, 5.0],
        "gradflow refuses every write to a tensor that repeats memory, PyTorch those whose numbers may differ.",
    ),
    Difference(
        "view of a result whose dimensions lie in another order",
        """
        x = gf.arange(12.0).reshape(3, 2, 2)
        answer = list(x.index_select(-1, gf.tensor([1, 1])).view(4, 3).shape)
        """,
        Refused("ShapeError", "cannot be seen as .*; use reshape"),
        [4, 3],
        "Some results of index_select, einsum and convolution keep the order in memory that NumPy gives them. "
        "view refuses it, reshape copies.",
    ),
]

_VALUES_AND_SHAPES = [
    Difference(
        "sign of NaN",
        """
        answer = gf.sign(gf.tensor([float("nan")]))
        """,
        [nan],
        [0.0],
        "What is computed from NaN is NaN, as in NumPy.",
        shows=("value",),
    ),
    Difference(
        "batch_norm of no examples in training",
        """
        answer = list(gf.nn.BatchNorm1d(2)(gf.zeros(0, 2)).shape)
        """,
        Refused("ShapeError", "training needs more than one value per channel"),
        [0, 2],
        "There is no mean of no values. PyTorch refuses one value per channel, and takes none.",
    ),
    Difference(
        "a transposed convolution without a result",
        """
        x, weight = gf.ones(2, 2, 2, 5, 4), gf.ones(2, 1, 1, 1, 1)
        y = gf.nn.functional.conv_transpose3d(x, weight, stride=(3, 2, 3), padding=2, output_padding=(0, 1, 1))
        answer = list(y.shape)
        """,
        Refused("ShapeError", r"conv_transpose\dd: an input of shape .* would give sizes"),
        [2, 1, 0, 6, 7],
        "gradflow refuses sizes that leave nothing over. PyTorch refuses most of them.",
    ),
    Difference(
        "a transposed convolution of no examples",
        """
        y = gf.nn.functional.conv_transpose1d(gf.ones(0, 1, 2), gf.ones(1, 1, 1), output_padding=1)
        answer = list(y.shape)
        """,
        Refused("ArgumentError", "output_padding .* is not below stride"),
        [0, 1, 3],
        "gradflow checks the settings also where there is nothing to compute.",
    ),
    Difference(
        "avg_pool3d of an input smaller than the kernel",
        """
        answer = gf.nn.functional.avg_pool3d(gf.ones(1, 1, 2, 3, 3), 3, stride=3, ceil_mode=True)
        """,
        [[[[[1.0]]]]],
        Refused("RuntimeError", r"input image .* smaller than kernel size"),
        "With ceil_mode the last window may reach over the end. PyTorch takes that in one and two dimensions.",
    ),
    Difference(
        "median of no elements",
        """
        answer = gf.median(gf.zeros(0))
        """,
        Refused("ArgumentError", "there is no middle of no elements"),
        nan,
        "gradflow refuses what has no value.",
    ),
    Difference(
        "tensordot over dimensions of different sizes",
        """
        answer = gf.tensordot(gf.ones(2, 1), gf.ones(2, 1), 1)
        """,
        Refused("ShapeError", r"tensordot: dimensions .* do not match"),
        [[2.0], [2.0]],
        "PyTorch broadcasts a summed dimension of size 1. NumPy and gradflow refuse: the sum would mean something else.",
    ),
    Difference(
        "norm over more than two dimensions",
        """
        answer = gf.norm(gf.ones(1, 2, 2), dim=(0, 1, 2))
        """,
        2.0,
        Refused("RuntimeError", "dim must be a 2-tuple"),
        "gradflow gives the norm of all the numbers over these dimensions.",
    ),
]

SECTIONS = {
    "Derivatives at special points": _DERIVATIVES_AT_SPECIAL_POINTS,
    "Recording": _RECORDING,
    "Indices": _INDICES,
    "Memory and writes": _MEMORY_AND_WRITES,
    "Values and shapes": _VALUES_AND_SHAPES,
}

DIFFERENCES = [row for rows in SECTIONS.values() for row in rows]


def outcome(row: Difference, library: Any) -> Any:
    """What ``library`` makes of the case: nested lists, or the error as Refused(class, message)."""
    return answer_of(row.case, {"gf": library})


def answer_of(case: str, names: dict[str, Any]) -> Any:
    """What a case, in which these names are known, leaves in ``answer``."""
    try:
        exec(textwrap.dedent(case), names)
    except Exception as error:
        return Refused(type(error).__name__, str(error))
    answer = names["answer"]
    return answer.tolist() if hasattr(answer, "tolist") else answer


def agrees(found: Any, expected: Any) -> bool:
    """Equal but for rounding; an error of the class, with words that match."""
    if isinstance(found, Refused) or isinstance(expected, Refused):
        both = isinstance(found, Refused) and isinstance(expected, Refused)
        return both and re.fullmatch(expected.kind, found.kind) is not None and re.search(expected.words, found.words) is not None
    if expected is None or found is None:
        return found is expected
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape or found.dtype.kind != expected.dtype.kind:
        return False
    return bool(np.allclose(found, expected, rtol=1e-5, atol=1e-7, equal_nan=True))
