"""Kernels: a formula, written once as a function of arrays, becomes one kernel on each backend.

    def descend(xp, p, g, lr, weight_decay, *, maximize):
        g = -g if maximize else g
        if weight_decay:
            g = g + weight_decay * p
        return p - lr * g

    Kernel(descend, writes="p")

The formula is run once on symbols (``_standins/symbol.py``), which gives a ``Program``; a writer makes a kernel of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import backend
from ._programs import written
from ._programs.program import Program
from ._standins.symbol import Symbol, trace
from .backend import dtypes
from .typing import Array, Namespace

__all__ = ["LOW", "SCALE", "Bound", "Fusion", "Kernel"]


SCALE, LOW = "<scale>", "<low>"
"""A number and an output that no formula names: a user's setting called ``scale``, or state called ``low``, is another thing."""


class Kernel:
    """A formula that is compiled when it first meets arrays of some dtypes.

    Which of the formula's parameters are arrays is said by ``bind``. A number that is 0 is passed as the number 0, so that the
    formula may leave out what it would add; options are Python values.

    Parameters
    ----------
    formula : callable
        ``formula(xp, arrays and numbers, *, options)``, which returns the new values of the arrays in ``writes``, in that order;
        None leaves one alone.
    writes : str
        The names of the arrays that are written, with spaces between.
    names : Sequence[str], optional
        The names of the arrays and numbers, if they are not those of the formula's parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import gradflow as gf
    >>> kernel = gf.optim.Kernel(lambda xp, p, g, lr: p - lr * g, writes="p")
    >>> p, g = np.ones(2), np.array([1.0, 2.0])
    >>> kernel.bind({"p": p, "g": g})({"lr": 0.5})
    >>> p
    array([0.5, 0. ])
    """

    __module__ = "gradflow.optim"  # the public place

    def __init__(self, formula: Callable[..., Any], writes: str, names: Sequence[str] | None = None) -> None:
        self.formula, self.writes = formula, writes.split()
        code = formula.__code__
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.names = list(arguments[1 : code.co_argcount] if names is None else names)
        self.options = list(arguments[code.co_argcount :])
        self._written: dict[Any, Any] = {}  # by everything that changes the text
        self._scaled: dict[str, Kernel] = {}

    def bind(self, arrays: Mapping[str, Array | None], low: Array | None = None) -> Bound:
        """The kernel on arrays of one shape and device, to be run again and again.

        Parameters
        ----------
        arrays : Mapping[str, array or None]
            Arrays by name; of ``writes``, those that are missing or None are not there.
        low : array, optional
            A further output, which gets the first array of ``writes`` rounded to its dtype.

        Returns
        -------
        Bound
            Called with a dict of numbers and options by name, it runs the kernel.

        Examples
        --------
        >>> import numpy as np
        >>> import gradflow as gf
        >>> kernel = gf.optim.Kernel(lambda xp, p, g: p - g, writes="p")
        >>> p = np.ones(2)
        >>> step = kernel.bind({"p": p, "g": np.full(2, 0.25)})
        >>> step({})
        >>> step({})
        >>> p
        array([0.5, 0.5])
        """
        return Bound(self, arrays, low)

    def scaled(self, array: str) -> Kernel:
        """The same formula on ``array`` times a further number, whose name is ``SCALE``.

        Parameters
        ----------
        array : str
            The name of an array.

        Returns
        -------
        Kernel
            It is made once, and kept.

        Examples
        --------
        >>> import gradflow as gf
        >>> kernel = gf.optim.Kernel(lambda xp, p, g: p - g, writes="p")
        >>> kernel.scaled("g").names
        ['p', 'g', '<scale>']
        """
        made = self._scaled.get(array)
        if made is None:

            def formula(xp: Namespace, **known: Any) -> Any:
                scale = known.pop(SCALE)
                return self.formula(xp, **{**known, array: known[array] * scale})

            formula.__name__ = self.formula.__name__
            made = self._scaled[array] = Kernel(formula, " ".join(self.writes), [*self.names, SCALE])
            made.options = self.options
        return made

    def run(self, arrays: Mapping[str, Array]) -> None:
        """Run a formula without numbers or options once.

        Parameters
        ----------
        arrays : Mapping[str, array]
            Arrays by name; they are broadcast to the shape of the last, which is an output.

        Examples
        --------
        >>> import numpy as np
        >>> import gradflow as gf
        >>> kernel = gf.optim.Kernel(lambda xp, a, out: a * a, writes="out")
        >>> out = np.empty(2)
        >>> kernel.run({"a": np.array([2.0, 3.0]), "out": out})
        >>> out
        array([4., 9.])
        """
        values = list(arrays.values())
        key = (type(values[-1]), *[a.dtype for a in values])
        found = self._written.get(key)
        if found is None:
            storage = {n: a.dtype for n, a in arrays.items()}
            found = self._written[key] = self.written(backend.namespace_of(values[-1]), storage, (), (), (), None)
        found.bind(values)()

    def program(
        self, arrays: Sequence[str], absent: Sequence[str], zero: Sequence[str], options: Mapping[str, Any], low: bool = False
    ) -> Program:
        """The formula run on symbols: what a writer of kernels is given.

        Parameters
        ----------
        arrays : sequence of str
            The names of the arrays that are there.
        absent : sequence of str
            The names of the arrays that are not.
        zero : sequence of str
            The names of the numbers that are 0.
        options : mapping of str
            The values of the options.
        low : bool, default False
            Whether what the formula stores first is stored in ``LOW`` too.

        Returns
        -------
        Program
            The nodes to be computed for each element, and the outputs.

        Examples
        --------
        >>> import gradflow as gf
        >>> kernel = gf.optim.Kernel(lambda xp, p, g, lr: p - lr * g, writes="p")
        >>> program = kernel.program(["p", "g"], [], [], {})
        >>> program.arrays, program.given, len(program.body)
        (('p', 'g'), ('lr',), 2)
        """
        fixed = {**dict.fromkeys(absent), **dict.fromkeys(zero, 0), **options}
        numbers = [n for n in self.names if n not in arrays and n not in fixed]
        return trace(self.formula, arrays, numbers, fixed, self.writes, LOW if low else None)

    def written(self, xp: Namespace, storage: dict[str, np.dtype[Any]], absent: tuple[str, ...], zero: tuple[str, ...],
                options: tuple[Any, ...], low: np.dtype[Any] | None) -> Any:  # fmt: skip
        """The kernel of a backend for arrays of some dtypes, made at the first call.

        Parameters
        ----------
        xp : module
            The backend: ``gf.backend.cpu`` or that of CUDA.
        storage : dict of str and dtype
            The arrays that are there, with their dtypes.
        absent : tuple of str
            The names of the arrays that are not.
        zero : tuple of str
            The names of the numbers that are 0.
        options : tuple
            The values of the options.
        low : dtype or None
            The dtype of a further output.

        Returns
        -------
        object
            What has ``bind``: a list of arrays gives a function of the numbers.

        Raises
        ------
        DTypeError
            For arrays that are not real floats.

        Examples
        --------
        >>> import numpy as np
        >>> import gradflow as gf
        >>> kernel = gf.optim.Kernel(lambda xp, p, g: p - g, writes="p")
        >>> dtypes = {"p": np.dtype("f4"), "g": np.dtype("f4")}
        >>> made = kernel.written(gf.backend.cpu, dtypes, (), (), (), None)
        >>> made is kernel.written(gf.backend.cpu, dtypes, (), (), (), None)
        True
        """
        key = (xp.__name__, tuple(storage.items()), absent, zero, options, low)
        found = self._written.get(key)
        if found is None:
            chosen = dict(zip(self.options, options, strict=True))
            program = self.program(list(storage), absent, zero, chosen, low is not None)
            dtypes_ = dict(storage) if low is None else {**storage, LOW: low}
            found = self._written[key] = written(xp, program, dtypes_)
        return found


class Fusion:
    """A function over ``xp`` of arrays of one shape, run as one kernel where that pays: on a GPU, and on large arrays.

    ``arrays`` names those of its parameters that are arrays; the others are values of Python, which the kernel is made for.
    """

    def __init__(self, function: Callable[..., Any], arrays: Sequence[str]) -> None:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        self._function, self._takes_xp = function, "xp" in names
        self._names = [n for n in names if n != "xp"]
        self._places = [i for i, n in enumerate(self._names) if n in arrays]
        self._kernels: dict[Any, Kernel] = {}

    def __call__(self, xp: Namespace, *values: Any) -> Any:
        first = values[self._places[0]]
        if not (xp is backend.cpu and first.size < FUSED_FROM) and backend.is_backend(xp) and first.dtype.kind == "f":
            given = [values[i] for i in self._places]
            if all(a.shape == first.shape and a.dtype == first.dtype for a in given):
                return self._fused(xp, given, values)
        if first.dtype.itemsize == 2 and first.dtype.kind == "f":  # kernels compute in float32 what they are given in float16
            wide = [xp.astype(v, dtypes.float32) if i in self._places else v for i, v in enumerate(values)]
            return xp.astype(self(xp, *wide), first.dtype)
        return self._function(xp, *values) if self._takes_xp else self._function(*values)

    def _fused(self, xp: Namespace, given: list[Array], values: tuple[Any, ...]) -> Array:
        fixed = tuple(v for i, v in enumerate(values) if i not in self._places)
        kernel = self._kernels.get(fixed)
        if kernel is None:
            kernel = self._kernels[fixed] = self._kernel(values)
        out = xp.empty_like(given[0])
        kernel.run(dict(zip(kernel.names, [*given, out], strict=True)))
        return out

    def _kernel(self, values: tuple[Any, ...]) -> Kernel:
        fixed = {n: v for i, (n, v) in enumerate(zip(self._names, values, strict=True)) if i not in self._places}

        def formula(xp: Namespace, **symbols: Symbol) -> Any:
            arguments = [fixed[n] if n in fixed else symbols[n] for n in self._names]
            return self._function(xp, *arguments) if self._takes_xp else self._function(*arguments)

        formula.__name__ = self._function.__name__ if self._function.__name__.isidentifier() else "rule"
        return Kernel(formula, "out_", [*(self._names[i] for i in self._places), "out_"])


FUSED_FROM = 1 << 15
"""Numbers in an array from which a kernel is faster than the plain calls: smaller ones stay in the cache between them."""


class Bound:
    """A kernel on its arrays, to be run again and again."""

    def __init__(self, kernel: Kernel, arrays: Mapping[str, Array | None], low: Array | None) -> None:
        there = {n: a for n, a in arrays.items() if a is not None}
        self._kernel, self._arrays = kernel, list(there.values())
        self._xp = backend.namespace_of(self._arrays[0])
        self._storage = {n: a.dtype for n, a in there.items()}
        self._absent = tuple(n for n in kernel.names if n not in there and (n in arrays or n in kernel.writes))
        self._low = low
        self._numbers = [n for n in kernel.names if n not in there and n not in self._absent]
        self._steps: dict[Any, tuple[Callable[..., None], list[int]]] = {}

    def __call__(self, known: Mapping[str, Any]) -> None:
        """Run the kernel; its numbers and options are looked up by name in ``known``."""
        values = [known[n] for n in self._numbers]
        chosen = tuple([known[n] for n in self._kernel.options])
        key = (tuple([not v for v in values]), chosen)
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = self._prepared(values, chosen)
        step, there = found
        step(*[values[i] for i in there])

    def _prepared(self, values: list[float], chosen: tuple[Any, ...]) -> tuple[Callable[..., None], list[int]]:
        zero = tuple(n for n, v in zip(self._numbers, values, strict=True) if not v)
        low = self._low
        kernel = self._kernel.written(self._xp, self._storage, self._absent, zero, chosen, None if low is None else low.dtype)
        arrays = self._arrays if low is None else [*self._arrays, low]
        return kernel.bind(arrays), [i for i, v in enumerate(values) if v]
