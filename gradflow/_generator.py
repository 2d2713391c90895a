"""Generators of random numbers: one stream for each device, the same for the same seed."""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

from . import backend
from ._plain import whole_number
from .backend import CPU
from .backend import device as Device
from .errors import ArgumentError


class Generator:
    """A stream of random numbers on one device; the same seed gives the same numbers there.

    Parameters
    ----------
    device : device or str, default "cpu"
        Where the numbers are made.

    Examples
    --------
    >>> import gradflow as gf
    >>> a = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> b = gf.rand(3, generator=gf.Generator().manual_seed(1))
    >>> bool((a == b).all())
    True
    """

    def __init__(self, device: str | Device = "cpu") -> None:
        self.device = Device(device)
        self._random: Any = None
        self._lock = allocate_lock()
        self._seed = 0

    def manual_seed(self, seed: int) -> Generator:
        """Start over from a seed.

        Parameters
        ----------
        seed : int
            A whole number from 0.

        Returns
        -------
        Generator
            This generator.

        Raises
        ------
        ArgumentError
            If it is negative or no whole number.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.Generator().manual_seed(7).initial_seed()
        7
        """
        number = whole_number(seed)
        if number is None or number < 0:
            raise ArgumentError(f"a seed is a whole number from 0, not {seed!r}")
        with self._lock:
            self._seed, self._random = number, None
        return self

    def seed(self) -> int:
        """Start over from a seed that the operating system gives.

        Returns
        -------
        int
            The seed, of 56 bits.

        Examples
        --------
        >>> import gradflow as gf
        >>> g = gf.Generator()
        >>> g.seed() == g.initial_seed()
        True
        """
        import os

        seed = int.from_bytes(os.urandom(7), "little")
        self.manual_seed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed that this generator started from.

        Returns
        -------
        int
            The seed, 0 at first.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.Generator().manual_seed(7).initial_seed()
        7
        """
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """What ``set_state`` needs to go on from here.

        Returns
        -------
        dict
            The seed and the place in the stream, which ``gf.save`` writes.

        Examples
        --------
        >>> import gradflow as gf
        >>> g = gf.Generator().manual_seed(7)
        >>> state = g.get_state()
        >>> x = gf.rand(2, generator=g)
        >>> g.set_state(state)
        >>> bool((gf.rand(2, generator=g) == x).all())
        True
        """
        return {"seed": self._seed, "state": self.draw("get_state")}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a place in a stream.

        Parameters
        ----------
        state : dict
            What ``get_state`` returned, of a generator on the same kind of device.

        Examples
        --------
        >>> import gradflow as gf
        >>> a, b = gf.Generator().manual_seed(7), gf.Generator()
        >>> b.set_state(a.get_state())
        >>> bool((gf.rand(2, generator=a) == gf.rand(2, generator=b)).all())
        True
        """
        self.manual_seed(state["seed"])
        self.draw("set_state", state["state"])

    def draw(self, what: str, *args: Any) -> Any:
        """A bare array of random numbers from the stream; users have ``gf.rand`` and its like.

        Parameters
        ----------
        what : str
            The distribution: "uniform", "normal", "integers" or "permutation".
        *args : object
            Shape and dtype for the first two; lowest and highest number (which is left out) and shape; how many.

        Returns
        -------
        array
            The numbers, on the generator's device.

        Examples
        --------
        >>> import gradflow as gf
        >>> gf.Generator().draw("uniform", (2, 3), gf.float32).shape
        (2, 3)
        """
        with self._lock:
            if self._random is None:
                self._random = backend.namespace_for(self.device).Random(self._seed, self.device)
            return getattr(self._random, what)(*args)


default_generator = Generator()
_generators: dict[Device, Generator] = {CPU: default_generator}
default_generator.seed()


def generator_for(generator: Generator | None, where: Device) -> Generator:
    if generator is not None:
        if generator.device.type != where.type:
            raise ArgumentError(f"a generator on {generator.device} cannot make numbers on {where}; use Generator('{where}')")
        return generator
    found = _generators.get(where)
    if found is None:
        found = _generators[where] = Generator(where).manual_seed(default_generator.initial_seed())
    return found


def manual_seed(seed: int) -> Generator:
    """Start the random numbers of every device over from ``seed``.

    Parameters
    ----------
    seed : int
        A whole number from 0.

    Returns
    -------
    Generator
        That of the CPU.

    Raises
    ------
    ArgumentError
        When `seed` is something else.

    Examples
    --------
    >>> import gradflow as gf
    >>> a = gf.rand(3, generator=gf.manual_seed(0))
    >>> b = gf.rand(3, generator=gf.manual_seed(0))
    >>> gf.equal(a, b)
    True
    """
    for g in _generators.values():
        g.manual_seed(seed)
    return default_generator


def get_rng_state() -> dict[str, Any]:
    """The state of the CPU's generator.

    Returns
    -------
    dict
        What ``set_rng_state`` takes, and ``gf.save`` writes.

    Examples
    --------
    >>> import gradflow as gf
    >>> state = gf.get_rng_state()
    >>> a = gf.rand(3)
    >>> gf.set_rng_state(state)
    >>> gf.equal(a, gf.rand(3))
    True
    """
    return default_generator.get_state()


def set_rng_state(state: dict[str, Any]) -> None:
    """Set the CPU's generator back to a state, so that it gives the same numbers again.

    Parameters
    ----------
    state : dict
        What ``get_rng_state`` returned.

    Examples
    --------
    >>> import gradflow as gf
    >>> state = gf.get_rng_state()
    >>> a = gf.rand(3)
    >>> gf.set_rng_state(state)
    >>> gf.equal(a, gf.rand(3))
    True
    """
    default_generator.set_state(state)


def states() -> dict[Device, dict[str, Any]]:
    """The states of all devices' generators."""
    return {where: g.get_state() for where, g in _generators.items()}


def restore(states: dict[Device, dict[str, Any]]) -> None:
    """Set the generators back to what ``states()`` gave."""
    for where, state in states.items():
        _generators[where].set_state(state)
