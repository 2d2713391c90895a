"""Modules: names, states, saving, moving, hooks, containers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import gradflow as gf
from gradflow import nn
from gradflow.errors import ArgumentError, DTypeError


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(3, 1, bias=False))
        self.scale = nn.Parameter(gf.ones(1))
        self.register_buffer("seen", gf.zeros(1), persistent=False)

    def forward(self, x: gf.Tensor) -> gf.Tensor:
        return self.rest(self.norm(self.first(x))) * self.scale


NAMES = ["scale", "first.weight", "first.bias", "norm.weight", "norm.bias", "rest.1.weight"]
BUFFERS = ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]


# --- Parameter --------------------------------------------------------------------------------------------------------------


def test_parameter_shares_memory_and_stays_a_parameter() -> None:
    array = gf.ones(2).array
    p = nn.Parameter(gf.as_tensor(array))
    assert p.array is array and p.requires_grad and p.is_leaf
    assert nn.Parameter(gf.ones(2, requires_grad=True) * 2).is_leaf
    assert not nn.Parameter(array, requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,) and nn.Parameter([1.0]).dtype == gf.float32
    (p * 3).sum().backward()
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(twin) is nn.Parameter and twin.requires_grad and twin.array is not array
        assert twin.tolist() == [1, 1]
    assert copy.deepcopy(p).grad.tolist() == [3, 3]
    assert type(p * 1) is gf.Tensor
    place = "" if p.device.type == "cpu" else f"device='{p.device}', "
    assert repr(p) == f"Parameter containing:\ntensor([1., 1.], {place}requires_grad=True)"
    with pytest.raises(DTypeError, match="int64"):
        nn.Parameter(gf.tensor([1]))
    assert nn.Parameter(gf.tensor([1]), requires_grad=False).dtype == gf.int64


# --- names ------------------------------------------------------------------------------------------------------------------


def test_names_and_order() -> None:
    net = Net()
    assert [n for n, _ in net.named_parameters()] == NAMES
    assert [n for n, _ in net.named_parameters("net", recurse=False)] == ["net.scale"]
    assert [n for n, _ in net.named_buffers()] == ["seen", *BUFFERS]
    assert [n for n, _ in net.named_modules()] == ["", "first", "norm", "rest", "rest.0", "rest.1"]
    assert [n for n, _ in net.named_children()] == ["first", "norm", "rest"]
    assert next(iter(net.children())) is net.first and len(list(net.modules())) == 6
    assert net.get_parameter("rest.1.weight") is net.rest[1].weight
    assert net.get_submodule("rest.1") is net.rest[1] and net.get_buffer("norm.running_var") is net.norm.running_var
    for wanted in ("rest.1.bias", "rest.7.weight", "nothing"):
        with pytest.raises(AttributeError, match="no "):
            net.get_parameter(wanted)
    net.rest[1] = nn.Linear(3, 1, bias=False)
    net.rest[1].weight = net.rest[1].weight
    net.twin = net.first
    assert len(list(net.parameters())) == 6
    assert len(list(net.named_parameters(remove_duplicate=False))) == 8
    assert {"scale", "first", "seen", "forward"} <= set(dir(net))


def test_attributes_change_kind_only_when_freed() -> None:
    m = nn.Module()
    m.w = nn.Parameter(gf.ones(1))
    with pytest.raises(TypeError, match=r"w is a parameter.*not Tensor"):
        m.w = gf.ones(1)
    m.w = None
    assert m.w is None and list(m.parameters()) == []
    del m.w
    m.w = gf.ones(1)  # a plain attribute now
    m.w = nn.Parameter(gf.ones(1))
    assert "w" in m._parameters and "w" not in m.__dict__
    m.w = nn.Linear(1, 1)
    assert "w" not in m._parameters
    with pytest.raises(TypeError, match="module"):
        m.w = 3
    m.register_buffer("b", gf.zeros(1))
    m.b = gf.ones(1)
    assert m._buffers["b"].item() == 1
    with pytest.raises(TypeError, match="buffer"):
        m.b = 1.0
    del m.b
    m.register_buffer("w2", None, persistent=False)
    m.w2 = nn.Parameter(gf.ones(1))  # takes the name over, and is saved
    assert list(m.state_dict()) == ["w2", "w.weight", "w.bias"]
    del m.w2
    m.plain = 3
    del m.plain
    with pytest.raises(AttributeError, match="'Module' object has no attribute 'b'"):
        m.b


def test_registering_refuses_bad_names_and_kinds() -> None:
    m = nn.Module()
    for name in ("", "a.b", "forward"):
        with pytest.raises(ArgumentError, match="register_parameter"):
            m.register_parameter(name, nn.Parameter(gf.ones(1)))
    with pytest.raises(TypeError, match="Tensor, not a Parameter"):
        m.register_parameter("w", gf.ones(1))
    with pytest.raises(TypeError, match="not a Tensor"):
        m.register_buffer("b", 1.0)
    with pytest.raises(TypeError, match="not a Module"):
        m.add_module("m", gf.relu)
    with pytest.raises(TypeError, match="string"):
        m.add_module(1, nn.Identity())

    class Early(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Parameter(gf.ones(1))

    with pytest.raises(AttributeError, match=r"super\(\).__init__"):
        Early()
    with pytest.raises(NotImplementedError, match="forward"):
        nn.Module()(1)


# --- saving -----------------------------------------------------------------------------------------------------------------


def test_state_dict_round_trip_in_place() -> None:
    net, other = Net(), Net()
    net(gf.randn(4, 2))
    state = net.state_dict()
    assert set(state) == {*NAMES, *BUFFERS} and not state["scale"].requires_grad
    assert state["first.weight"].array is net.first.weight.array
    before = {n: (t, t.data_ptr()) for n, t in other.named_parameters()}
    assert other.load_state_dict(state) == ([], [])
    assert all(t is before[n][0] and t.data_ptr() == before[n][1] for n, t in other.named_parameters())
    assert all((a == state[n]).all() for n, a in other.state_dict().items())
    assert other.norm.num_batches_tracked.item() == 1
    arrays = {n: t.to_numpy().astype(np.float64) for n, t in state.items()}
    fresh = Net()
    fresh.load_state_dict(arrays)
    assert fresh.scale.dtype == gf.float32
    x = gf.randn(5, 2)
    near = net.eval()(x)
    assert (fresh.eval()(x) == near).all()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (twin(x) == near).all() and twin.first.weight is not net.first.weight
        assert isinstance(twin.first.weight, nn.Parameter)


def test_load_state_dict_lists_every_problem_and_loads_nothing() -> None:
    net = Net()
    state = {n: t.clone() + 1 for n, t in net.state_dict().items()}
    before = net.state_dict(keep_vars=True)["first.bias"].tolist()
    del state["scale"]
    state["first.weight"] = gf.zeros(4, 4)
    state["norm.bias"] = "text"
    state["extra"] = gf.zeros(1)
    with pytest.raises(ArgumentError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    for part in ("missing: scale", "unexpected: extra", "first.weight: shape (4, 4) given, (3, 2) here", "norm.bias", "nothing"):
        assert part in text
    assert net.first.bias.tolist() == before
    del state["first.weight"], state["norm.bias"]
    keys = net.load_state_dict(state, strict=False)
    assert keys.unexpected_keys == ["extra"]
    assert keys.missing_keys == ["scale", "first.weight", "norm.bias"]
    assert net.first.bias.tolist() != before
    with pytest.raises(TypeError, match="dict"):
        net.load_state_dict([1])


def test_a_value_overwritten_by_loading_is_noticed_by_backward() -> None:
    net = nn.Linear(2, 1)
    loss = net(gf.ones(3, 2, requires_grad=True)).sum()
    net.load_state_dict({n: t.clone() for n, t in net.state_dict().items()})
    with pytest.raises(gf.errors.InPlaceError):
        loss.backward()


# --- states and moves -------------------------------------------------------------------------------------------------------


def test_to_keeps_the_tensor_objects_and_the_gradients() -> None:
    net = Net()
    parameters, buffers = list(net.parameters()), list(net.buffers())
    optimizer = gf.optim.SGD(net.parameters(), lr=1.0)
    x = gf.randn(4, 2)
    net(x).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(net.parameters(), parameters, strict=True))
    assert all(a is b for a, b in zip(net.buffers(), buffers, strict=True))
    assert {p.dtype for p in parameters} == {np.dtype("f8")} == {p.grad.dtype for p in parameters}
    assert net.norm.num_batches_tracked.dtype == gf.int64
    net.zero_grad()
    net(x.double()).sum().backward()
    before = net.scale.item()
    optimizer.step()
    assert net.scale.item() == pytest.approx(before - net.scale.grad.item(), rel=1e-14)
    assert net.to(gf.zeros(1)).scale.dtype == gf.float32 and net.half().scale.dtype == gf.float16
    assert net.float().cpu().to(x.device, gf.float64).scale.dtype == gf.float64
    net.zero_grad()
    net(x.double()).sum().backward()
    grad = net.scale.grad
    assert net.requires_grad_(False).requires_grad_().scale.grad is grad  # the leaf knows its new dtype
    frozen = nn.Linear(1, 1).requires_grad_(False).double()
    assert frozen.requires_grad_().weight.requires_grad and frozen.weight.dtype == gf.float64
    with pytest.raises(DTypeError, match="int64"):
        net.to(gf.int64)
    if not gf.backend.cuda_is_available():
        with pytest.raises(gf.errors.DeviceError):
            net.cuda()
    assert net.scale.dtype == gf.float64


def test_train_eval_freeze_apply_zero_grad() -> None:
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    with pytest.raises(ArgumentError, match="mode"):
        net.train("yes")
    net.first.requires_grad_(False)
    net(gf.randn(4, 2)).sum().backward()
    assert net.first.weight.grad is None
    grad, number = net.scale.grad, net.scale.grad.item()
    net.zero_grad()
    assert net.scale.grad is None and grad.item() == number
    net(gf.randn(4, 2)).sum().backward()
    grad = net.scale.grad
    net.zero_grad(set_to_none=False)
    assert net.scale.grad is grad and grad.item() == 0
    order: list[str] = []
    net.apply(lambda m: order.append(type(m).__name__))
    assert order == ["Linear", "BatchNorm1d", "ReLU", "Linear", "Sequential", "Net"]


def test_forward_hooks() -> None:
    layer, seen = nn.Identity(), []
    x = gf.ones(2)
    one = layer.register_forward_hook(lambda m, args, out: seen.append("a"))
    two = layer.register_forward_hook(lambda m, args, out: seen.append("b") or out * 3, prepend=True)
    pre = layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    assert layer(x).tolist() == [6, 6] and seen == ["b", "a"]
    for handle in (one, two, pre):
        handle.remove()
    assert layer(x) is x and not layer._hooks

    class Add(nn.Module):
        def forward(self, x: gf.Tensor, more: float = 0.0) -> gf.Tensor:
            return x + more

    add = Add()
    with (
        add.register_forward_pre_hook(lambda m, args, kwargs: (args, {"more": 5.0}), with_kwargs=True),
        add.register_forward_hook(lambda m, args, kwargs, out: out * kwargs["more"], with_kwargs=True),
    ):
        assert add(x).tolist() == [30, 30]
    with add.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True), pytest.raises(TypeError, match="pre-hook"):
        add(x)
    with pytest.raises(TypeError, match="hook"):
        add.register_forward_hook("no")


def test_full_backward_hooks() -> None:
    layer, seen = nn.Linear(2, 3), []
    x = gf.randn(4, 2, requires_grad=True)
    with layer.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((m, grad_in, grad_out))):
        (layer(x) ** 2).sum().backward()
    ((m, (grad_in,), (grad_out,)),) = seen
    wanted = (2 * layer(x)).detach()
    assert m is layer and gf.allclose(grad_out, wanted) and gf.allclose(grad_in, wanted @ layer.weight.detach())
    assert gf.allclose(x.grad, grad_in) and gf.allclose(layer.weight.grad, wanted.T @ x.detach())
    assert not layer._hooks


def test_full_backward_hooks_replace_gradients() -> None:
    layer = nn.Linear(2, 1)
    x = gf.ones(1, 2, requires_grad=True)
    with (
        layer.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 10,)),
        layer.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] + grad_out[0].sum(),)),
        layer.register_full_backward_hook(lambda m, grad_in, grad_out: grad_in[0] * 2, prepend=True),
    ):
        layer(x).sum().backward()
    assert layer.bias.grad.tolist() == [10]
    assert gf.allclose(x.grad, 20 * layer.weight.detach() + 10)
    with (
        layer.register_full_backward_hook(lambda m, grad_in, grad_out: (1, 2)),
        pytest.raises(TypeError, match="2 gradients for 1"),
    ):
        layer(x).sum().backward()


def test_full_backward_hooks_of_modules_with_several_parts() -> None:
    class Two(nn.Module):
        def forward(self, a: gf.Tensor, word: str, b: gf.Tensor) -> tuple[gf.Tensor, str, gf.Tensor]:
            return a * b, word, b * 3

    two, seen = Two(), []
    two.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    a, b = gf.tensor(2.0, requires_grad=True), gf.tensor(5.0, requires_grad=True)
    product, word, triple = two(a, "w", b)
    assert (product.item(), word, triple.item()) == (10, "w", 15)
    (product + 7 * triple).backward()
    ((grad_in, grad_out),) = seen
    assert [g and g.item() for g in grad_in] == [5, None, 23] and [g and g.item() for g in grad_out] == [1, None, 7]
    seen.clear()
    two(a, "w", b)[0].backward()  # an output that nobody used has a gradient of 0
    assert [g and g.item() for g in seen[0][1]] == [1, None, 0]

    first = nn.Linear(2, 2)  # no argument requires grad
    first.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    first(gf.ones(2)).sum().backward()
    assert seen[-1][0] == (None,) and seen[-1][1][0].tolist() == [1, 1]
    with gf.no_grad():
        first(gf.ones(2))

    class Named(nn.Module):
        def forward(self, x: gf.Tensor) -> dict[str, gf.Tensor]:
            return {"x": x}

    named = Named()
    named.register_full_backward_hook(lambda *_: None)
    with pytest.raises(TypeError, match="Named: a backward hook"):
        named(a)


def test_full_backward_hook_sees_second_derivatives() -> None:
    layer, seen = nn.Identity(), []
    layer.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append(grad_out[0].item()))
    x = gf.tensor(2.0, requires_grad=True)
    (g,) = gf.autograd.grad(layer(x) ** 3, x, create_graph=True)
    assert gf.autograd.grad(g, x)[0].item() == 12 and seen[0] == 12


def test_summary() -> None:
    net = Net()
    net.seen_by = nn.ModuleList([net.first])
    net.rest[1].weight.requires_grad_(False)
    before = gf.random.states()
    made = net.summary(gf.ones(5, 2))
    assert [(r.name, r.kind, r.output, r.calls, r.parameters, r.trained) for r in made] == [
        ("", "Net", (5, 1), 1, 19, 16), ("first", "Linear", (5, 3), 1, 9, 9), ("norm", "BatchNorm1d", (5, 3), 1, 6, 6),
        ("rest", "Sequential", (5, 1), 1, 3, 0), ("rest.0", "ReLU", (5, 3), 1, 0, 0), ("rest.1", "Linear", (5, 1), 1, 3, 0),
        ("seen_by", "ModuleList", None, 0, 9, 9),
    ]  # fmt: skip
    assert (made.parameters, made.trained, made.bytes, len(made)) == (19, 16, 76, 7)
    assert str(made).splitlines()[-1] == "19 parameters, 16 of them trained, 76 bytes"
    assert net.training and net.norm.training and net.norm.num_batches_tracked.item() == 0
    assert all(not m._hooks for m in net.modules()) and gf.random.states() == before
    assert "(5, 3)" not in str(net.summary())

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = nn.Linear(300, 300)

        def forward(self, x: gf.Tensor, y: gf.Tensor) -> dict[str, gf.Tensor]:
            return {"a": self.part(x), "b": [self.part(y)]}

    text = str(Twice().summary(gf.ones(300), gf.ones(2, 300)))
    assert "{'a': (300,), 'b': [(2, 300)]}" in text and "(300,) x 2" in text and "361.2 kB" in text
    with pytest.raises(gf.errors.ShapeError):
        net.summary(gf.ones(5, 3))
    assert net.training and all(not m._hooks for m in net.modules())


def test_repr() -> None:
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)\n"
        "  (rest): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=3, out_features=1, bias=False)\n"
        "  )\n"
        ")"
    )
    shown = [nn.ReLU(True), nn.LeakyReLU(0.2), nn.Dropout(), nn.Embedding(4, 2, 1), nn.GELU("tanh"), nn.Softmax(1)]
    assert [repr(m) for m in shown] == [
        "ReLU(inplace=True)", "LeakyReLU(negative_slope=0.2)", "Dropout(p=0.5, inplace=False)",
        "Embedding(4, 2, padding_idx=1)", "GELU(approximate='tanh')", "Softmax(dim=1)",
    ]  # fmt: skip
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    assert repr(nn.LayerNorm((2, 3))) == "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True)"


# --- containers -------------------------------------------------------------------------------------------------------------


def test_sequential() -> None:
    parts = [nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)]
    net = nn.Sequential(*parts)
    x = gf.randn(4, 2)
    assert (net(x) == parts[2](parts[1](parts[0](x)))).all()
    assert net[-1] is parts[2] and list(net) == parts and len(net) == 3 and parts[1] in net
    assert type(net[:2]) is nn.Sequential and list(net[1:]._modules) == ["1", "2"]
    net.append(nn.Tanh()).insert(0, nn.Identity())
    assert [type(m).__name__ for m in net] == ["Identity", "Linear", "ReLU", "Linear", "Tanh"]
    del net[0]
    assert list(net._modules) == ["0", "1", "2", "3"] and type(net.pop()) is nn.Tanh
    net[1] = nn.ELU()
    del net[1:]
    assert list(net) == parts[:1]
    named = nn.Sequential({"hidden": nn.Linear(2, 2), "out": nn.Linear(2, 1)})
    assert named.hidden is named[0] and named(x).shape == (4, 1)
    del named[0]
    assert list(named._modules) == ["out"]
    with pytest.raises(IndexError, match="index 5"):
        net[5]
    with pytest.raises(TypeError, match="holds Modules"):
        nn.Sequential(gf.relu)
    with pytest.raises(TypeError, match="holds Modules"):
        net.append(3)


def test_module_list_and_dict() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2)])
    layers += [nn.Linear(2, 1)]
    layers.extend([nn.Identity()])
    assert len(layers) == 3 and len(list(layers.parameters())) == 4
    assert type(layers[1:]) is nn.ModuleList and layers[1:][0] is layers[1] and len(layers + layers) == 6
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.Identity()
    heads.update([("c", nn.ReLU())])
    assert list(heads) == ["a", "b", "c"] == list(heads.keys()) and "b" in heads and len(heads) == 3
    assert [n for n, _ in heads.named_parameters()] == ["a.weight", "a.bias"]
    assert type(heads.pop("b")) is nn.Identity and [n for n, _ in heads.items()] == ["a", "c"]
    del heads["a"]
    assert [type(m) for m in heads.values()] == [nn.ReLU]
    heads.clear()
    assert len(heads) == 0


def test_parameter_list_and_dict() -> None:
    weights = nn.ParameterList([gf.ones(2), nn.Parameter(gf.zeros(3))])
    weights += [gf.ones(1)]
    assert len(weights) == 3 and all(isinstance(p, nn.Parameter) for p in weights)
    assert [n for n, _ in weights.named_parameters()] == ["0", "1", "2"] == list(weights.state_dict())
    assert weights[-1].shape == (1,) and type(weights[:2]) is nn.ParameterList and weights[:2][0] is weights[0]
    weights.insert(0, gf.ones(5))
    weights[1] = gf.ones(4)
    assert [p.shape for p in weights] == [(5,), (4,), (3,), (1,)] and weights.pop().shape == (1,) and len(weights) == 3
    del weights[0]
    assert [n for n, _ in weights.named_parameters()] == ["0", "1"] and len(weights + weights) == 4
    assert repr(weights) == "ParameterList(\n  (0): float32 (4,)\n  (1): float32 (3,)\n)"
    with pytest.raises(TypeError, match="holds Parameters"):
        weights.append(nn.Linear(1, 1))
    with pytest.raises(IndexError, match="2 parameters"):
        weights[2]

    named = nn.ParameterDict({"a": gf.ones(2)})
    named["b"] = gf.zeros(1)
    named["a"] = gf.ones(3)
    assert [(n, p.shape) for n, p in named.items()] == [("a", (3,)), ("b", (1,))] and named["a"].requires_grad
    assert list(named.parameters()) == list(named.values()) and named.pop("a").shape == (3,) and list(named) == ["b"]
    with pytest.raises(TypeError, match="holds Parameters"):
        named["c"] = 1.0


def test_residual() -> None:
    body = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    x = gf.randn(4, 3)
    assert gf.equal(nn.Residual(body)(x), x + body(x))
    wide = nn.Residual(nn.Linear(3, 5), nn.Linear(3, 5, bias=False))
    assert gf.allclose(wide(x), wide.shortcut(x) + wide.body(x)) and len(list(wide.parameters())) == 3
    with pytest.raises(gf.errors.ShapeError, match="shortcut"):
        nn.Residual(nn.Linear(3, 1))(x)  # which would broadcast
    with pytest.raises(TypeError, match="holds Modules"):
        nn.Residual(gf.relu)


def test_residuals_carry_the_gradient_through_depth() -> None:
    def first_gradient(residual: bool) -> float:
        gf.manual_seed(0)
        blocks = [nn.Sequential(nn.Linear(8, 8), nn.Sigmoid()) for _ in range(30)]
        net = nn.Sequential(*(nn.Residual(b) if residual else b for b in blocks))
        net(gf.randn(4, 8)).sum().backward()
        return float(next(net.parameters()).grad.abs().max().item())

    assert first_gradient(False) < 1e-12 and first_gradient(True) > 1e-2


def test_what_a_container_holds_is_what_its_attributes_say() -> None:
    def agree(m: nn.Module) -> None:
        for kind in (m._parameters, m._modules):
            for name, held in kind.items():
                assert getattr(m, name) is held

    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    net[1] = nn.Tanh()
    net.insert(0, nn.Identity())
    agree(net)
    del net[1]
    net.append(nn.ReLU())
    agree(net)
    assert [type(m).__name__ for m in net] == ["Identity", "Tanh", "Linear", "ReLU"]
    weights = nn.ParameterList([gf.ones(1), gf.zeros(1)])
    weights[0] = gf.zeros(2)
    weights.pop()
    agree(weights)
    heads = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    heads["a"] = nn.Tanh()
    del heads["b"]
    agree(heads)
    with pytest.raises(KeyError):
        del heads["b"]
    heads.clear()
    assert not heads._modules and not hasattr(heads, "a")
    named = nn.ParameterDict({"a": gf.ones(1)})
    named["a"] = gf.zeros(1)
    agree(named)
    net._modules["0"] = nn.ReLU()  # as is often done to exchange a layer
    agree(net)
    twin = copy.copy(net)
    twin[0] = nn.Tanh()
    agree(net)
    agree(twin)
