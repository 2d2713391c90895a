"""Hooks of an Optimizer: what is called before and after its steps, and around saving and loading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._engine import RemovableHandle


class HookedOptimizer:
    """The part of Optimizer that keeps hooks; see Optimizer."""

    _hooks: dict[str, dict[int, Callable[..., Any]]]

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before every step.

        Parameters
        ----------
        hook : callable
            What is called; what it returns is ignored.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: print("before")):
        ...     optimizer.step()
        before
        """
        return self._hooked("step_pre", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after every step.

        Parameters
        ----------
        hook : callable
            What is called; what it returns is ignored.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_step_post_hook(lambda optimizer, args, kwargs: print("after")):
        ...     optimizer.step()
        after
        """
        return self._hooked("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict()``.

        Parameters
        ----------
        hook : callable
            What is called; what it returns is ignored.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_state_dict_pre_hook(lambda optimizer: print("saving")):
        ...     saved = optimizer.state_dict()
        saving
        """
        return self._hooked("save_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after ``state_dict()``; what it returns, unless None, takes its place.

        Parameters
        ----------
        hook : callable
            What is called.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_state_dict_post_hook(lambda optimizer, state: {**state, "note": "mine"}):
        ...     optimizer.state_dict()["note"]
        'mine'
        """
        return self._hooked("save_post", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before loading; what it returns, unless None, is loaded in its place.

        Parameters
        ----------
        hook : callable
            What is called.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_load_state_dict_pre_hook(lambda optimizer, state: print("loading")):
        ...     optimizer.load_state_dict(optimizer.state_dict())
        loading
        """
        return self._hooked("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer)`` after loading.

        Parameters
        ----------
        hook : callable
            What is called; what it returns is ignored.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Examples
        --------
        >>> import gradflow as gf
        >>> optimizer = gf.optim.SGD([gf.zeros(1, requires_grad=True)])
        >>> with optimizer.register_load_state_dict_post_hook(lambda optimizer: print("loaded")):
        ...     optimizer.load_state_dict(optimizer.state_dict())
        loaded
        """
        return self._hooked("load_post", hook)

    def _hooked(self, when: str, hook: Callable[..., Any]) -> RemovableHandle:
        return RemovableHandle(self._hooks.setdefault(when, {}), hook)
