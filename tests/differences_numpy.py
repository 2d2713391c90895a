"""Every difference of gradflow.numpy from NumPy that is meant: a case, what gradflow gives, what NumPy gives, and why.

``tests/test_differences.py`` checks both sides.  Where no row says otherwise, gradflow.numpy is held to NumPy: functions by
``tests/gradflow_numpy/test_numpy.py``, methods and operators by ``tests/gradflow_numpy/test_numpy_ndarray.py``.

``case`` is source in which ``np`` is either library, and ``recorded(x)`` asks for the gradient of an array of gradflow's.  It
leaves its result in ``answer``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from differences import Refused, answer_of


class NumpyDifference(NamedTuple):
    name: str
    case: str
    gradflow: Any
    numpy: Any
    why: str


_WHAT_AN_ARRAY_IS = [
    NumpyDifference(
        "a result without dimensions",
        """
        answer = isinstance(np.array([1.0, 2.0]).sum(), float)
        """,
        False,
        True,
        "It is an array of shape (), because a number would have no gradient. NumPy returns a scalar of its own.",
    ),
    NumpyDifference(
        "a dtype called as a function",
        """
        answer = np.float64(2)
        """,
        Refused("TypeError", "not callable"),
        2.0,
        "gradflow has dtypes, and no scalars of its own. np.array(2.0) makes an array of shape ().",
    ),
    NumpyDifference(
        "an array as a key of a dict",
        """
        x = np.ones(2)
        answer = {x: 1.0}[x]
        """,
        1.0,
        Refused("TypeError", "unhashable type"),
        "It is found by identity, as a parameter is in the state of an optimizer.",
    ),
    NumpyDifference(
        "an array compared with text",
        """
        answer = np.array([1.0, 2.0]) == "a"
        """,
        False,
        [False, False],
        "gradflow leaves the comparison to Python, as with anything that is no number and no array.",
    ),
    NumpyDifference(
        "arrays of text, dates and objects",
        """
        answer = np.array(["a"]).shape[0]
        """,
        Refused("DTypeError", "numbers and booleans"),
        1,
        "gradflow computes with numbers and booleans. Nothing else has a derivative.",
    ),
    NumpyDifference(
        "the memory of an array",
        """
        answer = np.ones(2).data.nbytes
        """,
        Refused("AttributeError", "array is the bare array"),
        16,
        "Who writes there would not be seen by backward. x.array is NumPy's array, and to_numpy() a checked way to it.",
    ),
]

_WRITING_IN_PLACE = [
    NumpyDifference(
        "a write to an array that requires grad",
        """
        x = recorded(np.ones(2))
        x[0] = 5.0
        answer = x
        """,
        Refused("InPlaceError", "leaf"),
        [5.0, 1.0],
        "Its gradient would belong to numbers that are gone. Results are written to as in NumPy, and that is recorded.",
    ),
    NumpyDifference(
        "the parameter out of a method",
        """
        answer = np.ones(2).sum(out=np.zeros(()))
        """,
        Refused("NoCounterpartError", "out= is not recorded"),
        2.0,
        "A write is recorded as an assignment: a[...] = x.sum().",
    ),
    NumpyDifference(
        "the parameter out of a function",
        """
        answer = np.add(np.ones(2), 1.0, out=np.zeros(2))
        """,
        Refused("TypeError", "out"),
        [2.0, 2.0],
        "A write is recorded as an assignment: a[...] = np.add(x, 1.0).",
    ),
    NumpyDifference(
        "another size in place",
        """
        x = np.array([1.0, 2.0])
        x.resize(3, refcheck=False)
        answer = x
        """,
        Refused("AttributeError", "the size of a recorded array is fixed"),
        [1.0, 2.0, 0.0],
        "What was recorded holds for the size that the array had. np.pad and np.concatenate make another array.",
    ),
    NumpyDifference(
        "bytes seen as another dtype",
        """
        answer = np.zeros(1).view("i8")
        """,
        Refused("NoCounterpartError", "no derivative; astype converts"),
        [0],
        "The bytes of a number have no derivative. astype converts, and x.array.view(dtype) sees the bytes.",
    ),
    NumpyDifference(
        "the order of memory",
        """
        answer = np.ones((2, 2)).ravel(order="K")
        """,
        Refused("ArgumentError", "order is 'C' or 'F'"),
        [1.0, 1.0, 1.0, 1.0],
        "A derivative has to give its elements back in the order in which they were taken, and that of memory is not recorded.",
    ),
]

_FUNCTIONS_AND_THEIR_PARAMETERS = [
    NumpyDifference(
        "the parameter where of a sum",
        """
        answer = np.sum(np.ones(2), where=[True, False])
        """,
        Refused("TypeError|NoCounterpartError", "where"),
        1.0,
        "np.where(condition, x, 0.0).sum() is recorded.",
    ),
    NumpyDifference(
        "the parameter initial of a sum",
        """
        answer = np.sum(np.ones(2), initial=1.0)
        """,
        Refused("TypeError|NoCounterpartError", "initial"),
        3.0,
        "initial + x.sum() is recorded.",
    ),
    NumpyDifference(
        "methods of a ufunc",
        """
        answer = np.add.accumulate(np.ones(2))
        """,
        Refused("AttributeError", "accumulate"),
        [1.0, 2.0],
        "gradflow's functions are functions. np.cumsum is recorded, and so is NumPy's own np.add.reduce of gradflow's arrays.",
    ),
    NumpyDifference(
        "padding with other values",
        """
        answer = np.pad(np.ones(1), 1, constant_values=5.0)
        """,
        Refused("NoCounterpartError", "constant_values.* is not recorded"),
        [5.0, 1.0, 5.0],
        "gf.nn.functional.pad records other values, reflection and repetition.",
    ),
    NumpyDifference(
        "complex numbers in order",
        """
        answer = np.sort(np.array([3.0 + 1j, 1.0]))[0].real
        """,
        Refused("DTypeError", "complex128 numbers have no order"),
        1.0,
        "NumPy compares the real parts first, then the imaginary ones. gradflow refuses, as PyTorch does.",
    ),
    NumpyDifference(
        "a norm of singular values",
        """
        answer = np.linalg.norm(np.eye(2), 2)
        """,
        Refused("ArgumentError", "of matrices 'fro', 1, -1, inf and -inf are known"),
        1.0,
        "gradflow has no singular value decomposition yet.",
    ),
    NumpyDifference(
        "a factorisation that is not there",
        """
        answer = np.linalg.svd(np.eye(2))[1]
        """,
        Refused("AttributeError", "has no attribute 'svd'"),
        [1.0, 1.0],
        "gradflow.numpy has what it can record, and nothing else.",
    ),
    NumpyDifference(
        "a function that is not there",
        """
        answer = np.interp(1.5, [1.0, 2.0], [0.0, 1.0])
        """,
        Refused("AttributeError", "has no attribute 'interp'"),
        0.5,
        "gradflow.numpy has what it can record, and nothing else.",
    ),
    NumpyDifference(
        "NumPy's own function without a counterpart",
        """
        import numpy
        answer = numpy.interp(recorded(np.array([1.5])), [1.0, 2.0], [0.0, 1.0])
        """,
        Refused("NoCounterpartError", "np.interp is not recorded"),
        [0.5],
        "The gradient would be lost without a word. Of arrays that require no gradient it gives what NumPy gives.",
    ),
    NumpyDifference(
        "NumPy's array of an array that requires grad",
        """
        import numpy
        answer = numpy.asarray(recorded(np.ones(2)))
        """,
        Refused("GraphError", "detach"),
        [1.0, 1.0],
        "The gradient would be lost without a word. x.detach() and x.to_numpy() say that the numbers are meant.",
    ),
]

_VALUES = [
    NumpyDifference(
        "a long sum of float32",
        """
        answer = np.full((100_000, 2), 0.1, dtype="f4").sum(0)
        """,
        [10000.0185546875, 10000.0185546875],
        [9998.556640625, 9998.556640625],
        "gradflow adds parts, and then the parts, along every dimension. NumPy does so only along the last one in memory.",
    ),
    NumpyDifference(
        "the mean of nothing",
        """
        import warnings
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            np.mean(np.ones(0))
        answer = bool(told)
        """,
        False,
        True,
        "It is NaN in both. gradflow does not warn of it, as on a GPU nobody could.",
    ),
]

NUMPY_SECTIONS = {
    "What an array is": _WHAT_AN_ARRAY_IS,
    "Writing in place": _WRITING_IN_PLACE,
    "Functions and their parameters": _FUNCTIONS_AND_THEIR_PARAMETERS,
    "Values": _VALUES,
}

NUMPY_DIFFERENCES = [row for rows in NUMPY_SECTIONS.values() for row in rows]


def recorded(x: Any) -> Any:
    """``x``; an array of gradflow's is asked for its gradient."""
    return x.requires_grad_() if hasattr(x, "requires_grad_") else x


def outcome(row: NumpyDifference, library: Any) -> Any:
    """What ``library``, gradflow.numpy or NumPy, makes of the case."""
    return answer_of(row.case, {"np": library, "recorded": recorded})
