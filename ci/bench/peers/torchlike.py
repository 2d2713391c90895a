"""What is spelled alike in gradflow and PyTorch, which is nearly all of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ..problems import OPTIMIZERS, Problem, chain_numbers, logistic_numbers, network_numbers, optimizer_numbers
from . import Peer, Unsupported, Work


class TorchLike(Peer):
    """``lib`` is the library."""

    lib: Any

    # --- what differs -------------------------------------------------------------------------------------------------------

    def tensor(self, array: Any, requires_grad: bool = False) -> Any:
        return self.lib.tensor(array, device=self.device, requires_grad=requires_grad)

    def host(self, result: Any) -> Any:
        return result.detach().cpu().numpy().copy()

    def put(self, parameter: Any, array: Any) -> None:
        """Write an array into a parameter."""
        raise NotImplementedError

    def optimizer_of(self, name: str, parameters: Any, **settings: Any) -> Any:
        return getattr(self.lib.optim, name)(parameters, **settings)

    def version(self) -> str:
        return str(self.lib.__version__)

    # --- one chain ----------------------------------------------------------------------------------------------------------

    def chain(self, problem: Problem) -> Work:
        *numbers, fixed = chain_numbers(problem)
        x, w, b = (self.tensor(a, requires_grad=True) for a in numbers)
        c, tanh = self.tensor(fixed), self.lib.tanh
        total = bool(problem.size["shape"])

        def step() -> None:
            x.grad = w.grad = b.grad = None
            y = x
            for _ in range(25):
                y = y * w
                y = y + b
                y = tanh(y)
                y = y - c
            (y.sum() if total else y).backward()

        return Work(step, values=lambda: {n: self.host(t.grad) for n, t in zip("xwb", (x, w, b), strict=True)})

    # --- networks -----------------------------------------------------------------------------------------------------------

    def mlp(self, problem: Problem) -> Work:
        nn, layers = self.lib.nn, problem.size["layers"]

        def build() -> Any:
            made: list[Any] = []
            for i, o in pairwise(layers):
                made += [nn.Linear(i, o), nn.ReLU()]
            return nn.Sequential(*made[:-1])

        return self.training(problem, build, problem.size["optimizer"], {"Adam": 1e-3, "SGD": 0.1}[problem.size["optimizer"]])

    def residual(self, problem: Problem) -> Work:
        nn, blocks, width = self.lib.nn, problem.size["blocks"], problem.size["width"]
        relu = nn.functional.relu

        class Block(nn.Module):  # type: ignore[name-defined,misc]
            def __init__(self) -> None:
                super().__init__()
                self.linear, self.norm = nn.Linear(width, width), nn.BatchNorm1d(width)

            def forward(self, x: Any) -> Any:
                return x + relu(self.norm(self.linear(x)))

        def build() -> Any:
            return nn.Sequential(*[Block() for _ in range(blocks)], nn.Linear(width, 10))

        return self.training(problem, build, "Adam", 1e-3)

    def conv(self, problem: Problem) -> Work:
        nn = self.lib.nn
        if not hasattr(nn, "Conv2d"):
            raise Unsupported("has no convolution yet")

        def build() -> Any:
            return nn.Sequential(
                nn.Conv2d(1, 8, 3), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 10)
            )

        return self.training(problem, build, "SGD", 0.01)

    def training(self, problem: Problem, build: Any, optimizer_name: str, lr: float) -> Work:
        """Steps of training, always on the same batch; each start is with a new network from the same parameters."""
        numbers = network_numbers(problem)
        x, labels = self.tensor(numbers.x), self.tensor(numbers.labels)
        cross_entropy = self.lib.nn.functional.cross_entropy
        model = optimizer = None

        def start() -> None:
            nonlocal model, optimizer
            model = optimizer = None
            model = build().to(self.device)
            for parameter, array in zip(model.parameters(), numbers.parameters, strict=True):
                self.put(parameter, array)
            optimizer = self.optimizer_of(optimizer_name, model.parameters(), lr=lr)

        def step() -> Any:
            assert optimizer is not None
            assert model is not None
            optimizer.zero_grad()
            loss = cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss

        return Work(step, start)

    # --- optimizers ---------------------------------------------------------------------------------------------------------

    def optimizer(self, problem: Problem) -> Work:
        name, settings, _ = OPTIMIZERS[problem.size["optimizer"]]
        parameters = []
        for value, gradient in optimizer_numbers(problem):
            parameter = self.tensor(value, requires_grad=True)
            parameter.grad = self.tensor(gradient)
            parameters.append(parameter)
        optimizer = self.optimizer_of(name, parameters, **settings)
        return Work(optimizer.step, values=lambda: {"p": [self.host(p[::97]) for p in parameters[::10]]})

    # --- second derivatives -------------------------------------------------------------------------------------------------

    def _logistic(self, problem: Problem) -> tuple[Any, Any, Any]:
        """The loss as a function of the weights, the weights, and a vector."""
        x, y, w, v = (self.tensor(a) for a in logistic_numbers(problem))
        lib = self.lib

        def loss(w: Any) -> Any:
            return lib.log1p(lib.exp(-(y * (x @ w)))).mean()

        return loss, w, v

    def hvp(self, problem: Problem) -> Work:
        loss, w, v = self._logistic(problem)
        grad, w = self.lib.autograd.grad, w.requires_grad_()

        def step() -> Any:
            (g,) = grad(loss(w), w, create_graph=True)
            return grad(g, w, v)[0]

        return Work(step)

    def hessian(self, problem: Problem) -> Work:
        """One row of the Hessian after the other, unless the library has a better way."""
        loss, w, _ = self._logistic(problem)
        ready = self.hessian_of(loss, w)
        if ready is not None:
            return Work(ready)
        grad, stack, w = self.lib.autograd.grad, self.lib.stack, w.requires_grad_()

        def step() -> Any:
            (g,) = grad(loss(w), w, create_graph=True)
            return stack([grad(row, w, retain_graph=True)[0] for row in g])

        return Work(step)

    def hessian_of(self, loss: Any, w: Any) -> Any:
        """The library's own way to the full Hessian, as a function without arguments, or None."""
        return None
