"""The optimizers against PyTorch's own numbers: 20 steps in float64, values and state (tests/torch_optim.json).

``ci/torch_values_optim`` wrote the file and tells the problem; no test imports PyTorch.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradflow as gf

GOLDEN = json.loads((Path(__file__).parents[1] / "torch_optim.json").read_text(encoding="utf-8"))
PROBLEM = {name: np.array(value) for name, value in GOLDEN["problem"].items()}
STEPS = 20


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments as they were written: JSON has no tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}


def flat(value: Any) -> np.ndarray:
    """A value of the state as one row of numbers: a tensor, a number, or a list of them."""
    if isinstance(value, list):
        return np.concatenate([flat(v) for v in value]) if value else np.empty(0)
    return np.ravel(value.to_numpy() if isinstance(value, gf.Tensor) else value).astype(float)


def close(found: Any, wanted: Any, rtol: float, what: str) -> None:
    """Equal relative to the largest number; the file keeps 13 digits."""
    found, wanted = flat(found), flat(wanted)
    assert found.shape == wanted.shape, what
    scale = np.abs(wanted).max(initial=1e-300)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol * scale, err_msg=what)


CASES = [pytest.param(c, id=f"{c['name']}-{c['run']}-{json.dumps(c['arguments'])}".replace('"', "")) for c in GOLDEN["cases"]]


@pytest.mark.parametrize("case", CASES)
def test_twenty_steps_as_in_pytorch(case: dict[str, Any]) -> None:
    X, Y, c, W, b = (gf.tensor(PROBLEM[k]) for k in ("X", "Y", "c", "W", "b"))
    if case["name"].startswith("Muon"):
        b, c = b.reshape(1, 5), c.reshape(1, 5)
    W.requires_grad_(), b.requires_grad_()
    optimizer = getattr(gf.optim, case["name"].split()[0])([W, b], **given(case["arguments"]))
    # What magnifies rounding errors has more room: differences of gradients, and a few bits for every product.
    rtol = {"LBFGS": 1e-9, "Muon in bfloat16": 1e-2}.get(case["name"], 1e-12)
    for n in range(1, STEPS + 1):
        with_b = case["run"] == "whole" or n not in GOLDEN["paused"]

        def closure(with_b: bool = with_b) -> gf.Tensor:
            optimizer.zero_grad(set_to_none=True)
            z = X @ W
            if with_b:
                z = z + b.reshape(5, 1)
            r = z / (1 + z * z) - Y
            loss = (r * r).sum() + (W * W).sum() / 20
            if with_b:
                e = b - c
                loss = loss + (e * e / (1 + e * e)).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        if str(n) in case["values"]:
            for p, wanted, which in zip((W, b), case["values"][str(n)], ("W", "b"), strict=True):
                close(p.detach(), np.array(wanted), rtol, f"{which} after step {n}")
    saved = optimizer.state_dict()["state"]
    for i, wanted in enumerate(case["state"]):
        found = {k: v for k, v in saved.get(i, {}).items() if v is not None}
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            close(found[key], value, rtol, f"state {key!r} of parameter {i}")


@pytest.mark.parametrize("case", GOLDEN["searches"], ids=str)
def test_lbfgs_searches_as_in_pytorch(case: dict[str, Any]) -> None:
    a, b, c = case["waves"]

    def searched(start: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        w = gf.tensor(start, dtype=gf.float64, requires_grad=True)
        optimizer = gf.optim.LBFGS([w], **case["arguments"])

        def closure() -> gf.Tensor:
            optimizer.zero_grad()
            loss = (b * (a * w).sin() + c * w * w).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return w.detach().to_numpy(), optimizer.state[w]

    start = np.array(case["start"])
    w, state = searched(start)
    # One search multiplies a rounding error of the start by 1e12: sines that differ by a unit in the last place end elsewhere.
    near = [searched(start * (1 + e)) for e in (1e-15, -1e-15)]
    close(w, case["w"], 1e-9 + max(abs(v - w).max() for v, _ in near), "w")
    close(state["t"], case["t"], 1e-9 + max(abs(s["t"] / state["t"] - 1) for _, s in near), "t")
    assert state["func_evals"] == case["func_evals"]


@pytest.mark.parametrize("name", GOLDEN["defaults"])
def test_arguments_and_defaults_are_pytorchs(name: str) -> None:
    wanted = given(GOLDEN["defaults"][name])
    found = {k: p.default for k, p in inspect.signature(getattr(gf.optim, name)).parameters.items()}
    assert {k: found[k] for k in wanted} == wanted
