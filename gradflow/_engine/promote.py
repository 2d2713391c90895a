"""The slow way into an operation: Python numbers, bare arrays, several dtypes; and errors that name the operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .. import backend
from ..backend import dtypes
from ..errors import AnomalyError, DeviceError, DTypeError, GradflowError, IndexingError, ShapeError
from ..typing import Array, Tensor
from .callers import user_line
from .graph import Node, made_at, mode, upstairs, wrap
from .op import Op, linear, make_callable

P = ParamSpec("P")
R = TypeVar("R")


def enter(op: Op, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays and nodes of the inputs, brought to one dtype by PyTorch's rules; casts of Tensors are recorded."""
    raw, nodes = _unwrap(op, op.shown, values)
    xp = _namespace(op, op.shown, raw)
    chosen = [i for i, n in enumerate(op.inputs) if n in op.promoted and raw[i] is not None]
    if chosen:
        _promote(op, xp, raw, nodes, chosen)
    out: list[Any] = []
    for n, array, node in zip(op.inputs, raw, nodes, strict=True):
        out.append(xp.asarray(array) if isinstance(array, int | float | complex) else array)
        if n in op.differentiable:
            out.append(node)
    return tuple(out)


def with_numpy_dtypes(function: Any) -> Any:
    """The same operation, whose result has NumPy's dtype where there is no Tensor among the inputs."""
    return make_callable(function.op, _enter_numpy)


def _enter_numpy(op: Op, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not any(isinstance(v, upstairs.tensor) for v in values):
        chosen = [i for i, n in enumerate(op.inputs) if n in op.promoted]
        made = dict(zip(chosen, as_numpy(*(values[i] for i in chosen), floats=op.floats), strict=True))
        values = tuple([made.get(i, v) for i, v in enumerate(values)])
    return enter(op, values)


def as_numpy(*values: Any, floats: bool = False) -> tuple[Any, ...]:
    """``values`` as they are if a Tensor (or None, or a symbol) is among them; else as arrays of the dtype that NumPy gives
    them together.

    ``floats``: an integer dtype becomes double.
    """
    if any(isinstance(v, upstairs.tensor) or v is None or hasattr(v, "__gradflow_namespace__") for v in values):
        return values
    held: list[Any] = [v if isinstance(v, int | float | complex) or backend.is_array(v) else np.asarray(v) for v in values]
    dtype = np.result_type(*(v.dtype if hasattr(v, "dtype") else v for v in held))
    if floats and dtype.kind in "biu":
        dtype = dtypes.float64
    place = next((backend.namespace_of(v) for v in held if backend.is_array(v)), None) or backend.namespace_for(None)
    return tuple([place.asarray(v, dtype=dtype) for v in held])


def is_value(*values: Any) -> bool:
    """True if operations take each of ``values``: Tensors, arrays and numbers."""
    return all(isinstance(v, upstairs.tensor | int | float | complex | np.generic) or backend.is_array(v) for v in values)


def is_operand(*values: Any) -> bool:
    """The same, and for lists and texts: beside those Python would ask the Tensor for an index, which is a poorer error."""
    return all(isinstance(v, list | tuple | str) or is_value(v) for v in values)


def enter_all(op: Op, values: tuple[Any, ...]) -> tuple[tuple[Array, ...], tuple[Node | None, ...]]:
    """The same for an operation on any number of inputs."""
    if not values:
        raise ShapeError(f"{op.name}: needs at least one tensor, got none")
    names = [f"tensors[{i}]" for i in range(len(values))]
    raw, nodes = _unwrap(op, names, values)
    xp = _namespace(op, names, raw)
    if any(r.__class__ is not np.ndarray or r.dtype is not raw[0].dtype for r in raw):
        _promote(op, xp, raw, nodes, list(range(len(raw))))
    return tuple(raw), tuple(nodes)


def _unwrap(op: Op, names: list[str], values: tuple[Any, ...]) -> tuple[list[Any], list[Node | None]]:
    raw: list[Any] = []
    nodes: list[Node | None] = []
    for name, v in zip(names, values, strict=True):
        node = None
        if isinstance(v, upstairs.tensor):
            v, node = v.array, v.node
        elif isinstance(v, np.generic):
            v = v.item()  # a NumPy scalar is as weak as a Python number
        if isinstance(v, int | float | complex) or (v is None and name in op.optional):
            pass
        elif not backend.is_array(v):
            raise _unfit(op.name, name, v)
        elif v.dtype.kind not in dtypes.CATEGORY:
            raise DTypeError(f"{op.name}: {name} has dtype {v.dtype}; gradflow computes with numbers and booleans")
        raw.append(v)
        nodes.append(node)
    return raw, nodes


def _unfit(name: str, what: str, value: Any) -> DTypeError:
    """The error for an argument that is not numbers, or numbers in a form that an operation does not take."""
    kind = type(value).__name__ if not isinstance(value, type) else f"the class {value.__name__}"
    if type(value).__module__.partition(".")[0] not in ("builtins", "gradflow", "__main__"):
        kind = f"{type(value).__module__}.{kind}"
    cure = "; gf.tensor(...) makes one of it" if isinstance(value, list | tuple) or hasattr(value, "__array__") else ""
    return DTypeError(f"{name}: {what} must be a Tensor, an array or a number, not {kind}{cure}")


def operand(name: str, value: Any, what: str = "the input") -> Tensor:
    """``value`` as a Tensor, for a function that asks it for its shape; DTypeError unless it is one, an array or a number."""
    if isinstance(value, upstairs.tensor):
        return value  # type: ignore[no-any-return]
    if isinstance(value, int | float | complex):
        return wrap(backend.cpu.asarray(np.asarray(value, dtypes.of_python(value))))  # type: ignore[no-any-return]
    if not backend.is_array(value):
        raise _unfit(name, what, value)
    if value.dtype.kind not in dtypes.CATEGORY:
        raise DTypeError(f"{name}: {what} has dtype {value.dtype}; gradflow computes with numbers and booleans")
    return wrap(np.asarray(value) if isinstance(value, np.generic) else value)  # type: ignore[no-any-return]


def _namespace(op: Op, names: list[str], raw: list[Any]) -> Any:
    places = [(n, backend.namespace_of(a), a) for n, a in zip(names, raw, strict=True) if hasattr(a, "dtype")]
    if not places:
        return backend.namespace_for(None)
    (first, xp, a), *rest = places
    for n, other, b in rest:
        if xp.device_of(a) != other.device_of(b):
            raise DeviceError(
                f"{op.name}: {first} is on {xp.device_of(a)} and {n} on {other.device_of(b)}; bring them together with "
                f"{n}.to('{xp.device_of(a)}')"
            )
    return xp


def _promote(op: Op, xp: Any, raw: list[Any], nodes: list[Node | None], chosen: list[int]) -> None:
    dtype = dtypes.result_type(*(raw[i] for i in chosen))
    if op.floats and dtype.kind in "biu":
        dtype = dtypes.get_default_dtype()
    for i in chosen:
        if isinstance(raw[i], int | float | complex):
            raw[i] = xp.scalar(raw[i], dtype)
        elif raw[i].dtype != dtype:
            node = nodes[i]
            if node is not None and mode.recording:
                recorded = cast_to(wrap(raw[i], node), dtype)
                raw[i], nodes[i] = recorded.array, recorded.node
            else:
                raw[i] = xp.astype(raw[i], dtype)


@linear(lambda xp, g, _x: xp.astype(g, _x.dtype))
def cast_to(xp: Any, x: Any, dtype: Any) -> Any:
    """``x`` with elements of another dtype; the gradient goes back in the dtype of ``x`` (its real part, if that is real)."""
    return xp.astype(x, dtype, copy=True)


# --- float16 ----------------------------------------------------------------------------------------------------------------


def wide(function: Callable[P, R]) -> Callable[P, R]:
    """Decorates an operation, or a function made of several, that computes in float32 what it is given in float16.

    Its float16 inputs are cast, its result is cast back, and both casts are recorded: so value and gradients, of any order,
    are those in float32, rounded once.  For a formula of one or two roundings that is not needed, nor for sums of float16,
    which the backends keep in float32 in any case.
    """
    op = getattr(function, "op", None)
    if op is not None:
        op.wide = True  # its call, which is written when it is first called, looks
        return function
    # Held here, for the globals of ``call`` are another module's.
    single, double, only_half, again = dtypes.float32, dtypes.float64, all_half, in_float32

    def call(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()), None)
        dtype = getattr(first, "dtype", None)
        if dtype is not single and dtype is not double and only_half((*args, *kwargs.values())):
            return again(function, *args, **kwargs)
        return function(*args, **kwargs)

    # By its globals doctest tells to which module a function belongs.
    made = FunctionType(call.__code__, function.__globals__, function.__name__, None, call.__closure__)
    return update_wrapper(made, function)


def all_half(values: tuple[Any, ...]) -> bool:
    """True if what promotion makes of the floats among ``values`` is float16."""
    arrays = [v for v in values if hasattr(v, "dtype") and not isinstance(v, np.generic)]
    if not any(v.dtype == dtypes.float16 for v in arrays):
        return False
    return dtypes.result_type(*arrays, *[v for v in values if isinstance(v, complex)]) == dtypes.float16


def in_float32(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function`` of the arguments with float16 as float32, its result (of several the first) in float16 again."""
    y = function(*map(_widened, args), **{k: _widened(v) for k, v in kwargs.items()})
    return (cast_to(y[0], dtypes.float16), *y[1:]) if isinstance(y, tuple) else cast_to(y, dtypes.float16)


def _widened(value: Any) -> Any:
    return cast_to(value, dtypes.float32) if getattr(value, "dtype", None) == dtypes.float16 else value


# --- errors that name the operation -----------------------------------------------------------------------------------


def explain(op: Op, arrays: tuple[Any, ...], problem: Exception) -> Exception:
    """The error to raise for what a backend complained about."""
    known = [a for a in arrays if hasattr(a, "dtype")]
    names = op.shown if op.variadic is None else [str(i) for i in range(len(arrays))]
    # A NumPy number stands beside arrays of any device.
    places = {
        n: str(backend.namespace_of(a).device_of(a))
        for n, a in zip(names, arrays, strict=False)
        if hasattr(a, "dtype") and not isinstance(a, np.generic)
    }
    if len(set(places.values())) > 1:
        where = ", ".join(f"{n} on {place}" for n, place in places.items())
        return DeviceError(f"{op.name}: inputs on different devices ({where}); bring them together with .to(device)")
    if isinstance(problem, GradflowError):
        return problem.with_traceback(None)  # where it was found says less than its words
    kinds = {IndexError: IndexingError, ValueError: ShapeError, TypeError: DTypeError}
    for builtin, ours in kinds.items():
        if isinstance(problem, builtin):
            described = ", ".join(f"{a.dtype} {tuple(a.shape)}" for a in known)
            return ours(f"{op.name}({described}): {problem}")
    return problem


def inspect_forward(node: Node, xp: Any, y: Array) -> None:
    """Anomaly mode: remember the user's line, and raise if the result has a NaN or an infinity."""
    node.metadata.where = user_line()
    if y.dtype.kind in "fc" and not bool(xp.isfinite(y).all()):
        shapes = [p.shape if p is not None else "no grad" for p in node.parents]
        raise AnomalyError(
            f"forward of {node.op.name}: {found(xp, y)} in its result of shape {y.shape} (inputs {shapes}){made_at(node)}"
        )


def found(xp: Any, array: Array) -> str:
    nans, infs = int(xp.isnan(array).sum()), int(xp.isinf(array).sum())
    return " and ".join(f"{n} {what}" for n, what in ((nans, "NaN"), (infs, "infinite")) if n)
