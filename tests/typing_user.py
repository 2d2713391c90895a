"""What a type checker sees of ordinary code: ci/lint runs mypy --strict and pyright over it, pytest does not.

An assert_type fails where an annotation of gradflow loses the type, so that an editor would complete nothing.  An ignore at
the end fails where the checker finds nothing wrong.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, assert_type

import numpy as np

import gradflow as gf
import gradflow.nn.functional as F
from gradflow import Tensor

# --- tensors are made ---------------------------------------------------------------------------------------------------

x = gf.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
assert_type(x, Tensor)
assert_type(gf.tensor(np.ones(3), dtype=gf.float64, device="cpu"), Tensor)
assert_type(gf.as_tensor([x[0, 0].item(), 2]), Tensor)
assert_type(gf.zeros(2, 3), Tensor)
assert_type(gf.ones((2, 3), dtype=float), Tensor)
assert_type(gf.full(x.shape, 0.5), Tensor)
assert_type(gf.arange(0, 10, 2), Tensor)
assert_type(gf.linspace(0, 1, 5), Tensor)
assert_type(gf.randn(2, 2, generator=gf.Generator().manual_seed(0)), Tensor)
assert_type(gf.zeros_like(x), Tensor)
assert_type(gf.from_numpy(np.zeros(2)), Tensor)

# --- operators and methods ----------------------------------------------------------------------------------------------

assert_type(x @ x, Tensor)
assert_type(x + 1, Tensor)
assert_type(2.0 * x - x / 3, Tensor)
assert_type(1 - x, Tensor)
assert_type(-x, Tensor)
assert_type(x**2, Tensor)
assert_type(2**x, Tensor)
assert_type(abs(x), Tensor)
assert_type(x // 2 % 3, Tensor)
assert_type(x == 1.0, Tensor)
assert_type(x != x, Tensor)
assert_type((x > 0) & ~(x > 2), Tensor)
assert_type(x[0], Tensor)
assert_type(x[:, None, ..., 1], Tensor)
assert_type(x[x > 1], Tensor)
assert_type(x[[0, 1], gf.tensor([1, 0])], Tensor)
assert_type(x.sum(), Tensor)
assert_type(x.sum().item(), Any)
assert_type(x.mean(dim=(0, 1), keepdim=True), Tensor)
assert_type(x.exp().reshape(-1, 2).T, Tensor)
assert_type(x.view(x.shape), Tensor)
assert_type(x.permute(1, 0).transpose(0, 1).flatten(), Tensor)
assert_type(x.to(gf.float64).to("cpu").detach(), Tensor)
assert_type(x.max(), Tensor)
assert_type(x.max(1).values, Tensor)
assert_type(x.sort(dim=0).indices, Tensor)
assert_type(x.split(1), tuple[Tensor, ...])
assert_type(x.shape, gf.Size)
assert_type(x.size(0), int)
assert_type(x.dim() + x.numel(), int)
assert_type(x.tolist(), Any)
assert_type(x.requires_grad, bool)
assert_type([row.sum() for row in x], list[Tensor])

# --- functions ----------------------------------------------------------------------------------------------------------

assert_type(gf.exp(x), Tensor)
assert_type(gf.cat([x, x], dim=1), Tensor)
assert_type(gf.stack((x, x)), Tensor)
assert_type(gf.where(x > 0, x, 0.0), Tensor)
assert_type(gf.where(x > 0), tuple[Tensor, ...])
assert_type(gf.clamp(x, min=0.0), Tensor)
assert_type(gf.einsum("ij,jk->ik", x, x), Tensor)
assert_type(gf.linalg.solve(x, x), Tensor)
assert_type(gf.maximum(np.ones(2), x), Tensor)
assert_type(gf.allclose(x, [[1.0, 2.0], [3.0, 4.0]]), bool)
assert_type(F.one_hot(gf.tensor([0, 1]), 2), Tensor)

# --- gradients ----------------------------------------------------------------------------------------------------------

(x**2).sum().backward()
assert_type(x.grad, Tensor | None)
assert_type(gf.autograd.grad((x**3).sum(), x), tuple[Tensor, ...])
assert_type(gf.autograd.grad((x**3).sum(), [x], allow_unused=True), tuple[Tensor | None, ...])
with gf.no_grad():
    x -= 0.1 * x
    x[0, 0] = 1.0
    assert_type(x.add_(1.0).clamp_(0.0, 1.0), Tensor)
    assert_type(x.data, Tensor)

# --- networks -----------------------------------------------------------------------------------------------------------


class Net(gf.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = gf.nn.Linear(2, 8)
        self.scale = gf.nn.Parameter(gf.ones(1))
        self.body = gf.nn.Sequential(gf.nn.ReLU(), gf.nn.Linear(8, 1))

    def forward(self, input: Tensor) -> Tensor:
        return self.body(F.tanh(self.hidden(input))) * self.scale


net = Net()
assert_type(net(x), Tensor)
assert_type(net(x)[0].mean(), Tensor)
assert_type(net.train().float(), Net)
assert_type(net.hidden.weight.grad, Tensor | None)
assert_type(F.max_pool2d(gf.ones(1, 1, 4, 4), 2), Tensor)
assert_type(F.mse_loss(net(x), gf.zeros(2, 1)), Tensor)
assert_type(gf.nn.CrossEntropyLoss()(x, gf.tensor([0, 1])), Tensor)
assert_type(gf.nn.utils.clip_grad_norm_(net.parameters(), 1.0), Tensor)
optimizer = gf.optim.Adam(net.parameters(), lr=1e-3)
optimizer.zero_grad()
optimizer.step()


def mistakes() -> None:
    gf.exp("1.0")  # type: ignore[arg-type]
    x + "1.0"  # type: ignore[arg-type]
    x.sum("0")  # type: ignore[arg-type]
    x.summ()  # type: ignore[attr-defined]
    gf.zeros("2")  # type: ignore[arg-type]
    gf.cat(3)  # type: ignore[arg-type]
    x.grad.zero_()  # type: ignore[union-attr]
