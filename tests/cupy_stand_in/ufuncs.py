"""``cupy.ufunc``: types as CuPy's own loops take them, no ``where=``, few methods, arrays of CuPy only."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import SCALARS, Host, ndarray, shown
from .indexing import host_key
from .record import launches
from .snapshot import CLASSES, bound

_ATOMIC = {"add": "iqlefdILQ", "subtract": "iI", "maximum": "iqlfdILQ", "minimum": "iqlfdILQ"}
_ATOMIC |= dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "iqlILQ")
"""The dtypes, by their letters, that the device can change in memory in one step."""

_NOT_NUMPYS: dict[str, Any] = {
    "erf": np.vectorize(__import__("math").erf, otypes=[np.float64]),
    "rsqrt": lambda x: 1 / np.sqrt(x),
}


def operand(value: Any) -> Any:
    """A CuPy array's memory or a number; TypeError for all that CuPy does not take beside its arrays."""
    if isinstance(value, ndarray):
        return value._a
    if isinstance(value, SCALARS):
        return value
    raise TypeError(f"Unsupported type {type(value)}")


_WEAK = {bool: "?biufc", int: "iufc", float: "fc", complex: "c"}


def _fits(value: Any, dtype: np.dtype[Any]) -> bool:
    """Whether a loop for ``dtype`` takes ``value``: an array safely cast, a Python number of no higher kind."""
    weak = _WEAK.get(type(value))
    if weak is not None:
        return dtype.kind in weak or weak[0] == "?"
    return np.can_cast(value.dtype, dtype)


class ufunc:
    """One of CuPy's elementwise functions."""

    __module__ = "cupy"

    def __init__(self, name: str, said: dict[str, Any]) -> None:
        self.__name__, self.name = name, said["name"]
        self.nin, self.nout, self.types = said["nin"], said["nout"], said["types"].split()
        self._loops = [tuple([np.dtype(c) for c in side] for side in t.split("->")) for t in self.types]
        self._found: dict[Any, tuple[Any, ...]] = {}
        self._methods = said.get("methods", ())
        self._numpy = _NOT_NUMPYS.get(name) or getattr(np, name, None)
        self.nargs = self.nin + self.nout

    def __repr__(self) -> str:
        return f"<ufunc '{self.name}'>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out, dtype, casting = kwargs.pop("out", None), kwargs.pop("dtype", None), kwargs.pop("casting", "same_kind")
        if kwargs:
            raise TypeError(f"Wrong arguments {kwargs}")
        if len(args) not in (self.nin, self.nargs):
            raise TypeError(
                f"Wrong number of arguments for {self.name!r}. It must be either {self.nin} or {self.nargs} "
                f"(with outputs), but given {len(args)}."
            )
        if self._numpy is None:
            raise NotImplementedError(f"CuPy has cupy.{self.__name__}, but the stand-in for it cannot compute it; add it there")
        if len(args) > self.nin:
            out = args[self.nin :] if self.nout > 1 else args[self.nin]
        outs = out if isinstance(out, tuple) else (out,)
        if any(o is not None and not isinstance(o, ndarray) for o in outs):
            raise TypeError("Output arguments type must be cupy.ndarray")
        ins = [operand(a) for a in args[: self.nin]]
        key = (dtype, *(type(i) if type(i) in _WEAK else i.dtype for i in ins))
        loop_in, loop_out = self._found.get(key) or self._found.setdefault(key, self._loop(ins, dtype))
        given = [o.shape for o in outs if o is not None]
        shape = np.broadcast_shapes(*(np.shape(i) for i in ins), *given) if given else None
        for o, t in zip(outs, loop_out, strict=False):
            if o is not None and o.shape != shape:
                raise ValueError("Out shape is mismatched")
            if o is not None and not np.can_cast(t, o.dtype, casting):
                raise TypeError(
                    f"output (typecode {t.char!r}) could not be coerced to provided output parameter (typecode "
                    f"{o.dtype.char!r}) according to the casting rule {casting!r}"
                )
        launches.append(self.name)
        with np.errstate(all="ignore"):
            made = self._numpy(*(_as(i, t) for i, t in zip(ins, loop_in, strict=True)))
            results = made if isinstance(made, tuple) else (made,)
            done = [self._placed(np.asarray(r), o, t) for r, o, t in zip(results, (*outs, None, None), loop_out, strict=False)]
        return done[0] if self.nout == 1 else tuple(done)

    def _placed(self, result: Host, out: ndarray | None, dtype: np.dtype[Any]) -> ndarray:
        if out is None:
            return shown(result.astype(dtype, copy=False))
        out._a[...] = result
        return out

    def _loop(self, ins: list[Any], dtype: Any) -> tuple[Any, ...]:
        dtype = None if dtype is None else np.dtype(dtype)
        for loop in self._loops:
            wanted = all(t == dtype for t in loop[1]) if dtype is not None else all(map(_fits, ins, loop[0]))
            if wanted:
                return loop
        raise TypeError(f"Wrong type ({[getattr(i, 'dtype', type(i)) for i in ins]}) of arguments for {self.name}")

    def _must_have(self, method: str) -> None:
        if method not in self._methods:
            raise NotImplementedError(f"`{self.name}.{method}` is not supported yet")

    def _folded(self, method: str, args: Any, kwargs: Any) -> Any:
        self._must_have(method)
        words = CLASSES["ufunc"][method]
        assert words is not None
        given = bound(words, method, args, kwargs)
        from .methods import placed

        launches.append(f"{self.name}.{method}")
        a, out = operand(given.pop("array")), given.pop("out", None)
        if isinstance(given.get("indices"), ndarray):
            given["indices"] = given["indices"]._a
        return placed(getattr(self._numpy, method)(a, **given), out)

    def reduce(self, *args: Any, **kwargs: Any) -> Any:
        return self._folded("reduce", args, kwargs)

    def accumulate(self, *args: Any, **kwargs: Any) -> Any:
        return self._folded("accumulate", args, kwargs)

    def reduceat(self, *args: Any, **kwargs: Any) -> Any:
        return self._folded("reduceat", args, kwargs)

    def outer(self, A: Any, B: Any, **kwargs: Any) -> Any:
        return self(A.reshape(A.shape + (1,) * B.ndim), B, **kwargs)

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        self._must_have("at")
        scatter(self.__name__, a, indices, b)


def _as(value: Any, dtype: np.dtype[Any]) -> Host:
    return np.asarray(value, dtype)


def scatter(name: str, a: ndarray, slices: Any, value: Any) -> None:
    """``a[slices] += value`` and its like, each element as often as it is named; only what the device can do in one step."""
    if a.dtype.char not in _ATOMIC[name]:
        raise TypeError(f"cupy.{name}.at and cupyx.scatter_* do not support {a.dtype}")
    launches.append(f"cupy_scatter_{name}")
    key, _ = host_key(a, slices)
    with np.errstate(all="ignore"):
        getattr(np, name).at(a._a, key, np.asarray(operand(value)).astype(a.dtype))
