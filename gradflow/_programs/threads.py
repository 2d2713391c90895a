"""A few threads for work on large arrays: NumPy's ufuncs let other threads run while they compute."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from .._plain import whole_number
from ..errors import ArgumentError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_count: int | None = None
_pool: ThreadPoolExecutor | None = None


def _at_start() -> int:
    """OMP_NUM_THREADS if it says a number, else the cores that this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads gradflow's own kernels use on large arrays.

    Returns
    -------
    int
        At the start that is OMP_NUM_THREADS, or the number of cores that this process may use.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.get_num_threads() >= 1
    True
    """
    global _count
    if _count is None:
        _count = _at_start()
    return _count


def set_num_threads(n: int) -> None:
    """Let gradflow's own kernels use ``n`` threads on large arrays; BLAS has a number of its own.

    Parameters
    ----------
    n : int
        A whole number of at least 1.

    Raises
    ------
    ArgumentError
        When `n` is something else.

    Examples
    --------
    >>> import gradflow as gf
    >>> gf.set_num_threads(2)
    >>> gf.get_num_threads()
    2
    """
    global _count, _pool
    number = whole_number(n)
    if number is None or number < 1:
        raise ArgumentError(f"set_num_threads: takes a whole number of at least 1, not {n!r}")
    if number != _count:
        _count, _pool = number, None


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)  # a child has none of its parent's threads


def for_each(work: Callable[[Any], None], items: Sequence[Any]) -> None:
    """``work(item)`` for every item, in this thread and the others; the first error is raised when all have stopped."""
    global _pool
    n = get_num_threads()
    shared: Iterator[Any] = iter(items)  # the iterator of a list or a range may be shared: its next() is one step

    def run() -> None:
        for item in shared:
            work(item)

    if n == 1:
        run()
        return
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(n - 1, thread_name_prefix="gradflow")
    # In a copy of this thread's context each, for that is where numpy.errstate keeps what it is told.
    others = [_pool.submit(copy_context().run, run) for _ in range(n - 1)]
    try:
        run()
    finally:
        for other in others:
            other.exception()  # waits: nobody may still write when this returns
    for other in others:
        other.result()
