"""Layers written by hand: each keeps its buffers, and writes its parameters' gradients where the update reads them."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array = Any
F = np.float32


class Flat:
    """All parameters in one memory, and their gradients in another; layers take theirs in order."""

    def __init__(self, xp: Any, parameters: list[Array]) -> None:
        ends = [0, *accumulate(p.size for p in parameters)]
        self.values, self.gradients = xp.empty(ends[-1], F), xp.zeros(ends[-1], F)
        places = [(slice(a, b), p.shape) for (a, b), p in zip(pairwise(ends), parameters, strict=True)]
        self.parameters = [self.values[where].reshape(shape) for where, shape in places]
        for own, given in zip(self.parameters, parameters, strict=True):
            own[...] = given
        self._pairs = iter([(p, self.gradients[where].reshape(s)) for p, (where, s) in zip(self.parameters, places, strict=True)])

    def take(self) -> tuple[Array, Array]:
        """The next parameter, with its gradient."""
        return next(self._pairs)


class Linear:
    """y = x W^T + b, and ReLU behind it if asked."""

    def __init__(self, xp: Any, flat: Flat, batch: int, i: int, o: int, relu: bool = False, first: bool = False) -> None:
        self.xp, self.relu, self.first = xp, relu, first
        (self.w, self.gw), (self.b, self.gb) = flat.take(), flat.take()
        self.y, self.mask = xp.empty((batch, o), F), xp.empty((batch, o), F)
        self.gx = None if first else xp.empty((batch, i), F)
        self.ones, self.zeros = xp.ones(batch, F), xp.zeros((batch, o), F)

    def forward(self, x: Array) -> Array:
        xp, y = self.xp, self.y
        self.x = x
        xp.dot(x, self.w.T, y)
        xp.add(y, self.b, y)
        if self.relu:
            xp.maximum(y, self.zeros, out=y)
        return y

    def backward(self, g: Array) -> Array:
        xp = self.xp
        if self.relu:
            xp.sign(self.y, self.mask)
            xp.multiply(g, self.mask, g)
        xp.dot(g.T, self.x, self.gw)
        xp.dot(self.ones, g, self.gb)
        return None if self.first else xp.dot(g, self.w, self.gx)


class CrossEntropy:
    """The mean of -log softmax(z)[label]."""

    def __init__(self, xp: Any, labels: Array, classes: int) -> None:
        n = len(labels)
        self.xp, self.n = xp, n
        self.picked = xp.zeros((n, classes), F)
        self.picked[xp.arange(n), labels] = 1
        self.p, self.s = xp.empty((n, classes), F), xp.empty((n, classes), F)
        self.share = np.array(1 / n, F) if xp is np else np.float32(1 / n)

    def forward(self, z: Array) -> Array:
        xp, p, s = self.xp, self.p, self.s
        xp.subtract(z, z.max(1, keepdims=True), s)
        xp.exp(s, p)
        total = p.sum(1, keepdims=True)
        xp.divide(p, total, p)
        logs = xp.log(total).sum()
        return (logs - xp.dot(s.reshape(-1), self.picked.reshape(-1))) * self.share

    def backward(self) -> Array:
        self.xp.subtract(self.p, self.picked, self.p)
        return self.xp.multiply(self.p, self.share, self.p)


class Residual:
    """x + relu(norm(x W^T + b)), norm over the batch."""

    def __init__(self, flat: Flat, batch: int, width: int, first: bool) -> None:
        self.linear = Linear(np, flat, batch, width, width)
        (self.scale, self.gscale), (self.shift, self.gshift) = flat.take(), flat.take()
        self.first, shape = first, (batch, width)
        self.c, self.y, self.h, self.t, self.u = (np.empty(shape, F) for _ in range(5))
        self.mean, self.var = np.zeros(width, F), np.ones(width, F)
        self.average, self.ones = np.full(batch, 1 / batch, F), np.ones(batch, F)
        self.zeros, self.eps, self.share = np.zeros(shape, F), np.array(1e-5, F), np.array(1 / batch, F)
        self.keep, self.new, self.new_var = (np.array(k, F) for k in (0.9, 0.1, 0.1 * batch / (batch - 1)))

    def forward(self, x: Array) -> Array:
        c, h, t = self.c, self.h, self.t
        z = self.linear.forward(x)
        mu = np.dot(self.average, z)
        np.subtract(z, mu, c)
        var = np.dot(self.average, np.multiply(c, c, t))
        for running, found, weight in ((self.mean, mu, self.new), (self.var, var, self.new_var)):
            np.multiply(running, self.keep, running)
            np.add(running, found * weight, running)
        np.add(var, self.eps, var)
        np.sqrt(var, var)
        self.r = np.reciprocal(var, var)
        np.multiply(c, self.r, c)
        np.multiply(c, self.scale, h)
        np.add(h, self.shift, h)
        np.maximum(h, self.zeros, out=h)
        return np.add(x, h, self.y)

    def backward(self, g: Array) -> Array:
        t, u, c = self.t, self.u, self.c
        np.sign(self.h, t)
        np.multiply(g, t, t)  # what reaches the norm
        np.dot(self.ones, t, self.gshift)
        np.dot(self.ones, np.multiply(t, c, u), self.gscale)
        np.multiply(c, self.gscale * self.share, u)
        np.add(u, self.gshift * self.share, u)
        np.subtract(t, u, t)
        np.multiply(t, self.scale * self.r, t)
        back = self.linear.backward(t)
        return np.add(back, g, back)


class Conv:
    """Windows of 3 x 3, by one matrix product; the memory is laid out (channel, row, column, example)."""

    def __init__(self, flat: Flat, batch: int, i: int, o: int, side: int, first: bool = False) -> None:
        (self.w, self.gw), (self.b, self.gb) = flat.take(), flat.take()
        self.first, self.i, self.side, self.out, self.n = first, i, side, side - 2, batch
        out = self.out
        self.windows = np.empty((out, i, 3, 3, out, batch), F)
        self.y, self.ones = np.empty((o, out, out, batch), F), np.ones(batch, F)
        self.partial = np.empty((out, o, i * 9), F)
        self.gwindows: Any = None if first else np.empty((out, i * 9, out * batch), F)
        self.gx: Any = None if first else np.empty((i, side, side, batch), F)

    def forward(self, x: Array) -> Array:
        if self.first:
            x = x.transpose(1, 2, 3, 0)
        s = x.strides
        np.copyto(self.windows, as_strided(x, self.windows.shape, (s[1], s[0], s[1], s[2], s[2], s[3])))
        self.flat = self.windows.reshape(self.out, self.i * 9, -1)
        np.matmul(self.w.reshape(len(self.w), -1), self.flat, self._rows(self.y))
        return np.add(self.y, self.b[:, None, None, None], self.y)

    def _rows(self, y: Array) -> Array:
        """(channel, row, column, example) as a stack over rows of (channel, the rest)."""
        return y.reshape(len(y), self.out, -1).transpose(1, 0, 2)

    def backward(self, g: Array) -> Array:
        rows, o = self._rows(g), len(self.w)
        np.matmul(rows, self.flat.transpose(0, 2, 1), self.partial)
        np.add.reduce(self.partial, 0, None, self.gw.reshape(o, -1))
        np.add.reduce(np.dot(g.reshape(-1, self.n), self.ones).reshape(o, -1), 1, None, self.gb)
        if self.first:
            return None
        np.matmul(self.w.reshape(o, -1).T, rows, self.gwindows)
        parts, gx = self.gwindows.reshape(self.windows.shape), self.gx
        gx.fill(0)
        for row in range(self.out):
            for a in range(3):
                into = gx[:, row + a]
                for b in range(3):
                    part = into[:, b : b + self.out]
                    np.add(part, parts[row, :, a, b], part)
        return gx


class MaxPool:
    """The largest of each 2 x 2, and the gradient to the first that is as large."""

    def forward(self, x: Array) -> Array:
        self.x, h = x, x.shape[1] // 2 * 2
        t = np.maximum(x[:, 0:h:2], x[:, 1:h:2])
        self.y = np.maximum(t[:, :, 0:h:2], t[:, :, 1:h:2])
        return self.y

    def backward(self, g: Array) -> Array:
        h, y = self.x.shape[1] // 2 * 2, self.y
        gx, free = np.zeros(self.x.shape, F), np.ones(y.shape, bool)
        for a in (0, 1):
            for b in (0, 1):
                here = np.equal(self.x[:, a:h:2, b:h:2], y)
                np.bitwise_and(free, here, here)
                np.bitwise_xor(free, here, free)
                np.multiply(g, here, gx[:, a:h:2, b:h:2])
        return gx


class Flatten:
    """(channel, row, column, example) to (example, everything), and back."""

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return np.ascontiguousarray(x.reshape(prod(x.shape[:-1]), -1).T)

    def backward(self, g: Array) -> Array:
        return np.ascontiguousarray(g.T).reshape(self.shape)
