"""Hooks of a Module: what is called before and after its forward and its backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._engine import RemovableHandle
from .._tensor import Tensor
from ..autograd import Function
from ._registry import Registry

_PRE, _POST, _BACKWARD_PRE, _BACKWARD = "forward_pre", "forward", "full_backward_pre", "full_backward"


class _Hook:
    """A hook, when it is called, and how it wants to be called."""

    __slots__ = ("function", "when", "with_kwargs")

    def __init__(self, function: Callable[..., Any], when: str, with_kwargs: bool) -> None:
        self.function, self.when, self.with_kwargs = function, when, with_kwargs

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


class Hooked(Registry):
    """The part of Module that calls hooks; see Module."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the module; a subclass defines it.

        Call the module, ``module(x)``, and not its ``forward``, which no hook sees.

        Parameters
        ----------
        *args : object
            What the module is called with.
        **kwargs : object
            What the module is called with.

        Returns
        -------
        object
            A Tensor, as a rule.

        Raises
        ------
        NotImplementedError
            If the class does not define it.

        Examples
        --------
        >>> import gradflow as gf
        >>> class Twice(gf.nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        >>> Twice()(gf.ones(1))
        tensor([2.])
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward(); a Module says there what it computes")

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """``forward`` with the hooks around it.

        A type checker takes the result for a Tensor.  A module whose ``forward`` returns something else says so by
        ``__call__: Callable[..., tuple[Tensor, Tensor]]`` in its class, under ``if TYPE_CHECKING:``.
        """
        if self._hooks:
            return self._call_with_hooks(args, kwargs)  # type: ignore[no-any-return]
        return self.forward(*args, **kwargs)  # type: ignore[no-any-return]

    def _hooks_of(self, when: str) -> list[Any]:
        return [h for h in self._hooks.values() if h.when == when]

    def _call_with_hooks(self, args: Any, kwargs: Any) -> Any:
        for hook in self._hooks_of(_PRE):
            made = hook(self, args, kwargs) if hook.with_kwargs else hook(self, args)
            if made is not None and hook.with_kwargs:
                if not (isinstance(made, tuple) and len(made) == 2):
                    raise TypeError(
                        f"{type(self).__name__}: a forward pre-hook with kwargs returns (args, kwargs) or None, not {made!r}"
                    )
                args, kwargs = made
            elif made is not None:
                args = made if isinstance(made, tuple) else (made,)
        passage = None
        before, after = self._hooks_of(_BACKWARD_PRE), self._hooks_of(_BACKWARD)
        if before or after:
            passage = _Passage(self, before, after)
            args = passage.entered(args)
        result = self.forward(*args, **kwargs)
        for hook in self._hooks_of(_POST):
            made = hook(self, args, kwargs, result) if hook.with_kwargs else hook(self, args, result)
            if made is not None:
                result = made
        return result if passage is None else passage.left(result)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after every forward; what it returns, unless None, is the output instead.

        Parameters
        ----------
        hook : callable
            With ``with_kwargs`` it is called as ``hook(module, args, kwargs, output)``.
        prepend : bool, default False
            Whether it is called before the hooks that are there.
        with_kwargs : bool, default False
            Whether the hook is given the keyword arguments, too.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Raises
        ------
        TypeError
            For what cannot be called.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Identity()
        >>> with layer.register_forward_hook(lambda module, args, output: output * 2):
        ...     print(layer(gf.ones(2)))
        tensor([2., 2.])
        """
        return self._add_hook(hook, _POST, prepend, with_kwargs)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before every forward; a tuple, or one value, that it returns are the arguments instead.

        Parameters
        ----------
        hook : callable
            With ``with_kwargs`` it is called as ``hook(module, args, kwargs)``, and returns None or ``(args, kwargs)``.
        prepend : bool, default False
            Whether it is called before the hooks that are there.
        with_kwargs : bool, default False
            Whether the hook is given the keyword arguments, too.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Raises
        ------
        TypeError
            For what cannot be called.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Identity()
        >>> with layer.register_forward_pre_hook(lambda module, args: args[0] + 1):
        ...     print(layer(gf.ones(2)))
        tensor([2., 2.])
        """
        return self._add_hook(hook, _PRE, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when backward has passed the module; both are tuples of gradients.

        ``grad_output`` has one for each output, ``grad_input`` one for each positional argument, None for those without. A tuple
        that the hook returns replaces ``grad_input`` on the way further back. If no argument requires grad, the hook is called
        when ``grad_output`` is known. A module with such a hook works on copies of its inputs.

        Parameters
        ----------
        hook : callable
            What is called; it returns None or a tuple.
        prepend : bool, default False
            Whether it is called before the hooks that are there.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Raises
        ------
        TypeError
            For what cannot be called; in a call of the module, for an output that is neither a Tensor nor a tuple or list.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Linear(1, 1)
        >>> with layer.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_output)):
        ...     (3 * layer(gf.ones(1))).sum().backward()
        (tensor([3.]),)
        """
        return self._add_hook(hook, _BACKWARD, prepend, False)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before backward goes through the module; a tuple it returns replaces that.

        Parameters
        ----------
        hook : callable
            What is called; it returns None or a tuple.
        prepend : bool, default False
            Whether it is called before the hooks that are there.

        Returns
        -------
        RemovableHandle
            ``remove()``, or leaving a ``with`` block, takes the hook away.

        Raises
        ------
        TypeError
            For what cannot be called.

        Examples
        --------
        >>> import gradflow as gf
        >>> layer = gf.nn.Linear(1, 1)
        >>> with layer.register_full_backward_pre_hook(lambda module, grad_output: print(grad_output)):
        ...     (3 * layer(gf.ones(1))).sum().backward()
        (tensor([3.]),)
        """
        return self._add_hook(hook, _BACKWARD_PRE, prepend, False)

    def _add_hook(self, hook: Callable[..., Any], when: str, prepend: bool, with_kwargs: bool) -> RemovableHandle:
        if not callable(hook):
            raise TypeError(f"a hook is a function, not {type(hook).__name__}")
        earlier = dict(self._hooks) if prepend else {}
        for key in earlier:
            del self._hooks[key]
        handle = RemovableHandle(self._hooks, _Hook(hook, when, with_kwargs))
        self._hooks.update(earlier)
        return handle


class _Passage:
    """One call of a module whose backward is watched: the two gates that its gradients go through."""

    def __init__(self, module: Any, before: list[Any], after: list[Any]) -> None:
        self.module, self.before, self.after = module, before, after
        self.places: list[int] = []  # which of the arguments require grad
        self.count = 0
        self.grad_output: Any = None

    def entered(self, args: Any) -> Any:
        self.count = len(args)
        self.places = [i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad]
        return _through(args, self.places, self.coming_out)

    def left(self, result: Any) -> Any:
        single = isinstance(result, Tensor)
        if not single and not isinstance(result, tuple | list):
            raise TypeError(
                f"{type(self.module).__name__}: a backward hook needs an output that is a Tensor, or a tuple or list of them, "
                f"not {type(result).__name__}"
            )
        outputs = (result,) if single else tuple(result)
        places = [i for i, o in enumerate(outputs) if isinstance(o, Tensor) and o.requires_grad]

        def going_in(grads: Any) -> Any:
            return self.going_in(places, len(outputs), grads)

        outputs = _through(outputs, places, going_in)
        if single:
            return outputs[0]
        return type(result)(*outputs) if hasattr(result, "_fields") else type(result)(outputs)

    def going_in(self, places: list[int], count: int, grads: Any) -> Any:
        """The gradients of the outputs are known."""
        self.grad_output = _spread(grads, places, count)
        for hook in self.before:
            self.grad_output = self._taken(hook(self.module, self.grad_output), self.grad_output)
        if not self.places:
            self._call((None,) * self.count)
        return [self.grad_output[i] for i in places]

    def coming_out(self, grads: Any) -> Any:
        """The gradients of the inputs are known."""
        made = self._call(_spread(grads, self.places, self.count))
        return [made[i] for i in self.places]

    def _call(self, grad_input: Any) -> Any:
        for hook in self.after:
            grad_input = self._taken(hook(self.module, grad_input, self.grad_output), grad_input)
        return grad_input

    def _taken(self, made: Any, held: Any) -> Any:
        if made is None:
            return held
        made = made if isinstance(made, tuple) else (made,)
        if len(made) != len(held):
            raise TypeError(f"{type(self.module).__name__}: a backward hook returned {len(made)} gradients for {len(held)}")
        return made


def _spread(grads: Any, places: list[int], count: int) -> tuple[Any, ...]:
    found = dict(zip(places, grads, strict=True))
    return tuple(found.get(i) for i in range(count))


def _through(values: Any, places: list[int], watch: Callable[[Any], Any]) -> tuple[Any, ...]:
    """``values``, those at ``places`` as they come out of a gate."""
    held = list(values)
    if places:
        made = _Gate.apply(watch, *(held[i] for i in places))
        for i, t in zip(places, made, strict=True):
            held[i] = t
    return tuple(held)


class _Gate(Function):
    """Hands on several tensors as they are, and their gradients by way of a function."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.watch = args[0]
        return args[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return None, *ctx.watch(grads)
