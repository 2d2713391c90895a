"""Convolution and pooling of batches: the batch is taken into the number of images, of channels or of groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..typing import Array, Shape
from .batch import Batch, OfBatches, any_batch, shifted


class Windows(OfBatches):
    """The functions of kind "window".  What they take is (N, C, *sizes); a weight is (O, C / groups, *kernel)."""

    def _images(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """For what does with each image the same: B batches of N images are B * N images."""

        def call(*args: Any) -> Any:
            if not any_batch(args):
                return function(*args)
            return self._of_images(function, [self._as_images(a) if hasattr(a, "ndim") else a for a in args])

        return call

    def conv(self, x: Any, weight: Any, size: Shape, form: Any, bias: Any = None) -> Any:
        xp = self.xp
        if not any_batch((x, weight, bias)):
            return xp.conv(x, weight, size, form, bias)
        if isinstance(weight, Batch):
            shared = not isinstance(x, Batch) and form.groups == 1  # each weight makes channels of its own
            images = x if shared else self._as_channels(x)
            y = self._of_channels(xp.conv(images, self._as_outputs(weight), size, form if shared else self._grouped(form)))
        else:
            y = self._of_images(xp.conv, [self._as_images(x), weight, size, form])
        if bias is None:
            return y
        each = (-1, *(1,) * len(size))
        return y + (Batch(bias.array.reshape((self.count, *each))) if isinstance(bias, Batch) else xp.reshape(bias, each))

    def conv_input(self, g: Any, weight: Any, size: Shape, form: Any) -> Any:
        xp = self.xp
        if not any_batch((g, weight)):
            return xp.conv_input(g, weight, size, form)
        if not isinstance(weight, Batch):
            return self._of_images(xp.conv_input, [self._as_images(g), weight, size, form])
        return self._of_channels(xp.conv_input(self._as_channels(g), self._as_outputs(weight), size, self._grouped(form)))

    def conv_weight(self, x: Any, g: Any, kernel: Shape, form: Any) -> Any:
        xp = self.xp
        if not any_batch((x, g)):
            return xp.conv_weight(x, g, kernel, form)
        shared = not isinstance(x, Batch) and form.groups == 1
        images = x if shared else self._as_channels(x)
        made = xp.conv_weight(images, self._as_channels(g), kernel, form if shared else self._grouped(form))
        return Batch(made.reshape((self.count, -1, *made.shape[1:])))

    def blend(self, x: Any, dim: int, index: Array, weights: Array) -> Any:
        if not isinstance(x, Batch):
            return self.xp.blend(x, dim, index, weights)
        return Batch(self.xp.blend(x.array, shifted(dim, x.ndim), index, weights))

    def unblend(self, x: Any, dim: int, index: Array, weights: Array, size: int) -> Any:
        if not isinstance(x, Batch):
            return self.xp.unblend(x, dim, index, weights, size)
        return Batch(self.xp.unblend(x.array, shifted(dim, x.ndim), index, weights, size))

    # --- (B, N, C, ...) as arrays of four dimensions and so on -------------------------------------------------------------

    def _as_images(self, a: Any) -> Array:
        """(B * N, C, ...)"""
        whole = self.spread(a)
        return whole.reshape((self.count * whole.shape[1], *whole.shape[2:]))

    def _of_images(self, function: Callable[..., Any], args: list[Any]) -> Batch:
        made = function(*args)
        return Batch(made.reshape((self.count, made.shape[0] // self.count, *made.shape[1:])))

    def _as_channels(self, a: Any) -> Array:
        """(N, B * C, ...)"""
        whole = self.xp.moveaxis(self.spread(a), 0, 1)
        return whole.reshape((whole.shape[0], self.count * whole.shape[2], *whole.shape[3:]))

    def _of_channels(self, made: Array) -> Batch:
        whole = made.reshape((made.shape[0], self.count, made.shape[1] // self.count, *made.shape[2:]))
        return Batch(self.xp.moveaxis(whole, 1, 0))

    def _as_outputs(self, weight: Batch) -> Array:
        """(B * O, C / groups, ...)"""
        return weight.array.reshape((self.count * weight.shape[0], *weight.shape[1:]))

    def _grouped(self, form: Any) -> Any:
        return form._replace(groups=self.count * form.groups)
