"""PyTorch with its compiler, and with a whole step recorded as a CUDA graph."""

from __future__ import annotations

from typing import Any

import torch

from ..problems import Problem, network_numbers
from . import Work
from .pytorch import Torch


class Compiled(Torch):
    """Network and loss by torch.compile, the optimizer fused; both keep their memory, so a start writes the old values there."""

    def training(self, problem: Problem, build: Any, optimizer_name: str, lr: float) -> Work:
        numbers = network_numbers(problem)
        x, labels = self.tensor(numbers.x), self.tensor(numbers.labels)
        model = build().to(self.device)
        optimizer = getattr(torch.optim, optimizer_name)(model.parameters(), lr=lr, **self.optimizer_settings(optimizer_name))

        def start() -> None:
            for parameter, array in zip(model.parameters(), numbers.parameters, strict=True):
                self.put(parameter, array)
            for state in optimizer.state.values():
                for held in state.values():
                    if held is not None:
                        held.zero_()

        def loss_of(x: Any, labels: Any) -> Any:
            return torch.nn.functional.cross_entropy(model(x), labels)

        return Work(self.stepping(loss_of, optimizer, x, labels), start)

    def optimizer_settings(self, name: str) -> dict[str, Any]:
        return {"fused": True}

    def stepping(self, loss_of: Any, optimizer: Any, x: Any, labels: Any) -> Any:
        compiled = torch.compile(loss_of)

        def step() -> Any:
            optimizer.zero_grad()
            loss = compiled(x, labels)
            loss.backward()
            optimizer.step()
            return loss

        return step


class Graphed(Compiled):
    """Forward, backward and update as one CUDA graph."""

    def optimizer_settings(self, name: str) -> dict[str, Any]:
        return {"capturable": True, "fused": True} if name == "Adam" else {"fused": True}

    def stepping(self, loss_of: Any, optimizer: Any, x: Any, labels: Any) -> Any:
        def eager() -> Any:
            optimizer.zero_grad()
            loss = loss_of(x, labels)
            loss.backward()
            optimizer.step()
            return loss

        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                eager()
        torch.cuda.current_stream().wait_stream(aside)
        optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = eager()

        def step() -> Any:
            graph.replay()
            return loss

        return step
