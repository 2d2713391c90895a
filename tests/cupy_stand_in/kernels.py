"""``cupy.ElementwiseKernel``: CuPy's rules for arguments and types, and a body that really runs, on the host."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from .array import SCALARS, Host, ndarray, shown
from .compiler import CTYPES, built, source
from .memory import rubbish
from .record import launches


@dataclass(frozen=True)
class Parameter:
    """``raw T x``: a type variable is one letter, or a dtype is named."""

    raw: bool
    ctype: str
    dtype: np.dtype[Any] | None
    name: str


def parameters(text: str) -> tuple[Parameter, ...]:
    found = []
    for part in text.split(","):
        words = part.split()
        if not words and not text.strip():
            continue
        if len(words) < 2:
            raise Exception(f"Syntax error: {part}")  # CuPy raises just this
        for word in words[:-2]:
            if word not in ("raw", "_non_const"):
                raise Exception(f'Unknown keyword "{word}"')
        kind, name = words[-2:]
        found.append(Parameter("raw" in words[:-2], kind, None if len(kind) == 1 else np.dtype(kind), name))
    return tuple(found)


class ElementwiseKernel:
    """CuPy's kernel of a user's making."""

    __module__ = "cupy"

    def __init__(
        self, in_params: str, out_params: str, operation: str, name: str = "kernel", reduce_dims: bool = True,
        preamble: str = "", no_return: bool = False, return_tuple: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ValueError(f'Invalid kernel name: "{name}"')
        if unknown := set(kwargs) - {"options", "loop_prep", "after_loop"}:
            raise TypeError(f"the kernel's source is made with no {sorted(unknown)}")
        self.in_params, self.out_params = parameters(in_params), parameters(out_params)
        self.params = self.in_params + self.out_params
        self.nin, self.nout, self.nargs = len(self.in_params), len(self.out_params), len(self.params)
        if any(p.name == "i" for p in self.params):
            raise ValueError("Can not use 'i' as a parameter name")
        self.operation, self.name, self.preamble, self.kwargs = operation, name, preamble, kwargs
        self.reduce_dims, self.no_return, self.return_tuple = reduce_dims, no_return, return_tuple

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        size, _, block_size = kwargs.pop("size", None), kwargs.pop("stream", None), kwargs.pop("block_size", 128)
        if kwargs:
            raise TypeError(f"Wrong arguments {kwargs}")
        if block_size <= 0:
            raise ValueError("block_size must be greater than zero")
        if len(args) not in (self.nin, self.nargs):
            raise TypeError(
                f"Wrong number of arguments for {self.name!r}. It must be either {self.nin} or {self.nargs} "
                f"(with outputs), but given {len(args)}."
            )
        for a in args:
            if not isinstance(a, (ndarray, *SCALARS)):
                raise TypeError(f"Unsupported type {type(a)}")
        shape = self._shape(args, size)
        types, variables = self._types(args)
        arrays = list(args)
        if len(args) == self.nin:
            arrays += self._new(types, shape, size is not None)
        for p, a in zip(self.out_params, arrays[self.nin :], strict=True):
            if not isinstance(a, ndarray):
                raise TypeError("Output arguments type must be cupy.ndarray")
            if not p.raw and a.shape != shape:
                raise ValueError("Out shape is mismatched")
        if 0 not in shape:
            self._launch(arrays, types, variables, shape)
        outs = arrays[self.nin :]
        if self.no_return:
            return None
        return outs[0] if self.nout == 1 and not self.return_tuple else tuple(outs)

    def _shape(self, args: tuple[Any, ...], size: Any) -> tuple[int, ...]:
        looped = [a.shape for p, a in zip(self.params, args, strict=False) if not p.raw and isinstance(a, ndarray)]
        if size is not None:
            if looped:
                raise ValueError("Specified 'size' can be used only if all of the ndarray are 'raw'.")
            return (int(size),)
        if not looped:
            raise ValueError("Loop size is undetermined.")
        return np.broadcast_shapes(*looped)

    def _types(self, args: tuple[Any, ...]) -> tuple[list[np.dtype[Any]], dict[str, np.dtype[Any]]]:
        """The dtype of each parameter and what the type variables stand for: outputs are asked first, then inputs."""
        variables: dict[str, np.dtype[Any]] = {}
        pairs = list(zip(self.params, args, strict=False))
        for p, a in pairs[self.nin :] + pairs[: self.nin]:
            if not isinstance(a, ndarray):
                if p in self.out_params:
                    raise TypeError("Output arguments must be cupy.ndarray")
                continue
            if p.dtype is not None:
                if a.dtype != p.dtype:
                    raise TypeError(f"Type is mismatched. {p.name} {a.dtype} {p.dtype}")
            elif variables.setdefault(p.ctype, a.dtype) != a.dtype:
                raise TypeError(f"Type is mismatched. {p.name} {a.dtype} {variables[p.ctype]} {p.ctype}")
        return [variables[p.ctype] if p.dtype is None else p.dtype for p in self.params], variables

    def _new(self, types: list[Any], shape: tuple[int, ...], sized: bool) -> list[Any]:
        if not sized and any(p.raw for p in self.out_params):
            raise ValueError("Output array size is Undetermined")
        return [shown(rubbish(np.empty(shape, t))) for t in types[self.nin :]]

    def _launch(self, arrays: list[Any], types: list[Any], variables: dict[str, Any], shape: tuple[int, ...]) -> None:
        kinds = ["raw" if p.raw and isinstance(a, ndarray) else "element" if isinstance(a, ndarray) else "scalar"
                 for p, a in zip(self.params, arrays, strict=True)]  # fmt: skip
        names = [(k, CTYPES[t.char], p.name) for k, t, p in zip(kinds, types, self.params, strict=True)]
        read = {n for k, _, n in names[: self.nin] if k != "scalar"}
        names = [(k, ("const " if n in read else "") + t, n) for k, t, n in names]
        text = source(
            {v: CTYPES[t.char] for v, t in variables.items()}, self.preamble, names, self.kwargs.get("loop_prep", ""),
            self.operation, self.kwargs.get("after_loop", ""),
        )  # fmt: skip
        run = built(text)
        held: list[Any] = []
        passed: list[Any] = []
        written = [a._a for a in arrays[self.nin :]]
        for kind, a, t in zip(kinds, arrays, types, strict=True):
            b = a._a if kind != "scalar" else np.array(a, t)
            if kind != "scalar" and not any(b is w for w in written) and any(np.may_share_memory(b, w) for w in written):
                launches.append("cupy_copy")
                b = b.copy()  # CuPy copies an input that overlaps an output without being that very object
            if kind == "element":
                b = np.broadcast_to(b, shape)
            passed += _described(b, held)
        launches.append(self.name)
        run(ctypes.c_ssize_t(int(np.prod(shape, dtype=np.int64))), ctypes.c_int(len(shape)), _longs(shape, held), *passed)


def _described(a: Host, held: list[Any]) -> list[Any]:
    held.append(a)
    where = ctypes.c_void_p(a.__array_interface__["data"][0])
    return [where, ctypes.c_ssize_t(a.size), ctypes.c_int(a.ndim), _longs(a.shape, held), _longs(a.strides, held)]


def _longs(values: tuple[int, ...], held: list[Any]) -> Any:
    held.append((ctypes.c_ssize_t * max(len(values), 1))(*values))
    return held[-1]
