"""Random training programs for ``ci/optimizer_fuzz``: lines of Python in which ``L`` is either library."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

SHAPES = [(3, 4), (3,), (3, 4), (2, 2), (), (12,), (3,), (4, 3)]

OPTIMIZERS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "SGD": lambda r: r.choice(
        [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.8, "dampening": 0.5}, {"momentum": 0.5}]
    ),
    "Adam": lambda r: r.choice([{}, {"amsgrad": True}, {"betas": (0.5, 0.9)}, {"eps": 1e-4}]),
    "AdamW": lambda r: r.choice([{}, {"amsgrad": True}]),
    "NAdam": lambda r: r.choice([{}, {"decoupled_weight_decay": True, "weight_decay": 0.1}, {"momentum_decay": 0.1}]),
    "RAdam": lambda r: r.choice([{}, {"decoupled_weight_decay": True, "weight_decay": 0.1}, {"betas": (0.9, 0.9)}]),
    "Adamax": lambda r: {},
    "RMSprop": lambda r: r.choice([{}, {"centered": True}, {"momentum": 0.9}, {"centered": True, "momentum": 0.5}]),
    "Adagrad": lambda r: r.choice([{}, {"lr_decay": 0.1}, {"initial_accumulator_value": 0.5}]),
    "Adadelta": lambda r: r.choice([{}, {"rho": 0.5}]),
    "Rprop": lambda r: r.choice([{}, {"etas": (0.4, 1.5)}]),
    "ASGD": lambda r: r.choice([{}, {"t0": 3, "lambd": 0.1}]),
    "Adafactor": lambda r: {},
}


class Program:
    """Draws one program.  A few flags keep apart what may not be drawn together, because the libraries differ there."""

    def __init__(self, seed: int) -> None:
        self.r = r = random.Random(seed)
        self.dtype = r.choices(["float64", "float32", "float16"], [85, 10, 5])[0]
        self.lines: list[str] = []
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.modules: list[int] = []  # which are Parameters
        self.names = iter(range(1000))
        self.kept: list[tuple[int, bool]] = []  # what is kept, and whether it shows a gradient
        self.flat_gradient: int | None = None
        self.saved: set[int] = set()  # the optimizers whose state was saved
        self.hooks = r.random() < 0.25  # or gradients that two parameters share, or copies of everything
        self.copies = not self.hooks and r.random() < 0.3
        self.looks = r.random() < 0.6  # compare gradients after every step; or only at the end: a look is an action too
        self.optimizers = 1 + (r.random() < 0.12)
        self.closure = r.random() < 0.04 and self.dtype == "float64"
        everything = [f for f in vars(Program).values() if getattr(f, "chance", 0)]
        if self.closure:
            everything = [f for f in everything if f.__name__ in ("keep_data", "keep_gradient", "drop", "write_data", "freeze")]
        # Few kinds of actions, often: what goes wrong takes several of them, after each other.
        some = r.sample(everything, min(len(everything), r.randint(3, 9)))
        self.actions = [f for f in some if f.chance > r.random()] or everything[:1]
        # Between forward and backward no parameter is written: a backward that finds that out may have half of its gradients.
        harmless = "keep_data keep_gradient look drop freeze thaw set_gradient swap_gradients share_gradient write_gradient hook"
        self.writes_nothing = [f for f in self.actions if f.__name__ in harmless.split()]
        self.build()
        for _ in range(6 if self.closure else 15 if self.dtype == "float64" else 8):
            self.round()

    def add(self, line: str) -> None:
        self.lines.append(line)

    def one(self) -> int:
        return self.r.choice(list(self.shapes))

    def pair(self) -> tuple[int, int] | None:
        """Two parameters of one shape."""
        pairs = [(i, j) for i, s in self.shapes.items() for j, t in self.shapes.items() if i != j and s == t]
        return self.r.choice(pairs) if pairs else None

    def some(self) -> list[int]:
        return sorted(self.r.sample(list(self.shapes), self.r.randint(1, len(self.shapes))))

    def values(self, shape: tuple[int, ...]) -> str:
        return f"numbers({', '.join(map(str, (self.r.randrange(1000), *shape)))})"

    def group(self, some: list[int]) -> str:
        return "[" + ", ".join(f"p[{i}]" for i in some) + "]"

    # --- parameters and optimizers --------------------------------------------------------------------------------------------

    def build(self) -> None:
        r = self.r
        wanted = r.sample(range(len(SHAPES)), r.randint(2, 6))
        while wanted:
            makers = (
                [self.plain] * 5
                if self.copies or self.closure
                else [self.plain, self.plain, self.of_array, self.in_a_buffer, self.over_another]
            )
            r.choice(makers)(wanted)
        self.again(first=True)
        if self.modules and r.random() < 0.5:
            self.add(f"m = L.nn.ParameterList([p[i] for i in {self.modules}])")

    def made(self, i: int, tensor: str) -> None:
        """The line that makes parameter ``i`` of a tensor."""
        if self.r.random() < 0.5:
            self.modules.append(i)
            self.add(f"p[{i}] = L.nn.Parameter({tensor})")
        else:
            self.add(f"p[{i}] = {tensor}.requires_grad_()")
        self.shapes[i] = SHAPES[i]

    def plain(self, wanted: list[int]) -> None:
        i = wanted.pop()
        if len(SHAPES[i]) == 2 and not self.closure and self.r.random() < 0.2:
            self.made(i, f"L.tensor({self.values(SHAPES[i][::-1])}, dtype=T).t()")
        else:
            self.made(i, f"L.tensor({self.values(SHAPES[i])}, dtype=T)")

    def of_array(self, wanted: list[int]) -> None:
        i, n, r = wanted.pop(), next(self.names), self.r
        shape = SHAPES[i]
        memory = r.choice(["{}", "{}", "mapped({})", "shared({})", "buffered({})"])
        part = r.random() < 0.5 and shape
        self.add(f"b[{n}] = " + memory.format(self.values((shape[0] + 2, *shape[1:]) if part else shape)))
        self.made(i, f"L.{r.choice(['from_numpy', 'from_numpy', 'as_tensor', 'from_dlpack'])}(b[{n}]{'[1:-1]' if part else ''})")

    def in_a_buffer(self, wanted: list[int]) -> None:
        """Some parameters over slices of one buffer of the user's."""
        n, start = next(self.names), 0
        inside = [wanted.pop() for _ in range(min(len(wanted), self.r.randint(1, 3)))]
        sizes = {i: math.prod(SHAPES[i]) for i in inside}
        self.add(f"b[{n}] = L.tensor({self.values((sum(sizes.values()),))}, dtype=T)")
        for i, size in sizes.items():
            self.made(i, f"b[{n}][{start}:{start + size}].reshape({SHAPES[i]})")
            start += size

    def over_another(self, wanted: list[int]) -> None:
        """A parameter over memory of one that is there: the whole, or a row."""
        i = wanted[-1]
        whole = [j for j, s in self.shapes.items() if s == SHAPES[i]]
        rows = [j for j, s in self.shapes.items() if s[1:] == SHAPES[i] and s]
        if not whole + rows:
            return self.plain(wanted)
        wanted.pop()
        j = self.r.choice(whole + rows)
        self.made(i, f"p[{j}].detach()" + ("" if j in whole else f"[{self.r.randrange(2)}]"))

    def again(self, first: bool = False) -> None:
        """New optimizers, over some or all parameters, in groups."""
        r = self.r
        self.saved.clear()  # state of the optimizers that were there
        for n in range(self.optimizers):
            name = "LBFGS" if self.closure else "SGD" if self.dtype == "float16" else r.choice(list(OPTIMIZERS))
            inside = list(self.shapes) if (n == 0 and r.random() < 0.7) or self.closure else self.some()
            r.shuffle(inside)
            half = self.dtype == "float16"  # gradflow keeps a copy in float32, PyTorch does not: nothing may grow
            settings: dict[str, Any] = {"lr": r.choice([0.1, 0.02, 0.3] if self.dtype == "float64" else [0.1, 0.02])}
            if self.closure:
                settings = {"lr": 0.3, "max_iter": 3}
            else:
                settings |= {"weight_decay": 0.05} if r.random() < 0.25 and name != "Rprop" else {}
                settings |= {"maximize": True} if r.random() < 0.1 and not half else {}
                settings |= {"momentum": 0.5} if half else OPTIMIZERS[name](r)
            cut = r.randint(1, len(inside))
            grouped = cut < len(inside) and not self.closure and r.random() < 0.5
            groups = [inside[:cut], inside[cut:]] if grouped else [inside]
            texts = [self.group(g) for g in groups]
            given = (
                "[" + ", ".join(f'{{"params": {t}, "lr": {0.05 * (c + 1)}}}' for c, t in enumerate(texts)) + "]"
                if grouped
                else texts[0]
            )
            keywords = "".join(f", {key}={value!r}" for key, value in settings.items())
            self.add(f"o[{n}] = L.optim.{name}({given}{keywords})")

    # --- one round of training ------------------------------------------------------------------------------------------------

    def act(self, chance: float, among: list[Any] | None = None) -> None:
        among = self.actions if among is None else among
        if among and self.r.random() < chance:
            self.r.choice(among)(self)

    def round(self) -> None:
        r = self.r
        self.act(0.3)
        if self.closure:
            forms = ("", "set_to_none=False")
            body = f"    o[0].zero_grad({r.choice(forms)})\n    loss = {self.loss()}\n    loss.backward()\n    return loss"
            self.add(f"def closure():\n{body}")
            self.add("poison(); o[0].step(closure)")
            return
        self.zero()
        self.act(0.4)
        self.backward()
        self.act(0.4)
        if r.random() < 0.15:
            clips = ["clip_grad_norm_({}, 1.0)", "clip_grad_norm_({}, 0.5, float('inf'))", "clip_grad_value_({}, 0.3)"]
            self.add(f"some = {self.group(self.some())}")  # PyTorch's clip_grad_value_ refuses to be given none
            self.add("if any(q.grad is not None for q in some): L.nn.utils." + r.choice(clips).format("some"))
        for n in range(self.optimizers):
            if n == 0 or r.random() < 0.6:
                self.add(f"poison(); o[{n}].step()")
                self.act(0.4)

    def zero(self) -> None:
        r = self.r
        form = r.choices(["none", "optimizer", "to none", "in place", "module"], [10, 50, 15, 20, 15])[0]
        n = r.randrange(self.optimizers)
        line = {
            "optimizer": f"o[{n}].zero_grad()",
            "to none": f"o[{n}].zero_grad(set_to_none=True)",
            "in place": f"o[{n}].zero_grad(set_to_none=False)",
            "module": f"m.zero_grad({r.choice(['', '', 'set_to_none=False'])})",
        }.get(form)
        if line:
            self.add(line)

    def loss(self) -> str:
        r = self.r
        terms = []
        for i in self.some():
            shape = self.shapes[i]
            forms = [
                f"((p[{i}] - 0.3) ** 2).sum()",
                f"p[{i}].sin().sum()",
                f"(p[{i}] * p[{i}].tanh()).sum()",
                f"(p[{i}] * 0.7).sum()",
            ]
            if shape:
                forms += [f"p[{i}][0].tanh().sum()", f"(p[{i}] * L.tensor({self.values(shape)}, dtype=T)).sum()"]
            j = self.one()
            forms += [f"(p[{i}].tanh() * p[{j}].cos().sum()).sum()"]
            if self.dtype != "float16":
                partner = [j for j, s in self.shapes.items() if s == (3,)]
                if shape == (3, 4):
                    x = f"L.tensor({self.values((5, 4))}, dtype=T)"
                    bias = f", p[{r.choice(partner)}]" if partner and r.random() < 0.7 else ""
                    forms += [f"F.linear({x}, p[{i}]{bias}).tanh().sum()"] * 4
                    forms += [f"(F.linear(F.linear({x}, p[{i}]) @ p[{i}], p[{i}]).tanh()).sum()"]
                if shape == (2, 2):
                    forms += [f"(F.linear(F.linear(L.ones(3, 2, dtype=T), p[{i}]), p[{i}])).tanh().sum()"] * 3
            terms.append(r.choice(forms))
        return " + ".join(terms)

    def backward(self) -> None:
        r = self.r
        form = r.choices(
            ["plain", "twice", "retained", "create", "several", "inputs", "values", "fails", "no"], [60, 5, 4, 4, 8, 4, 4, 4, 3]
        )[0]
        loss = self.loss()
        if form == "several":  # gradients are accumulated
            self.add(f"({self.loss()}).backward()")
            self.act(0.3)
        if form in ("several", "plain", "twice", "retained", "create"):
            self.add(f"loss = {loss}")
            self.act(0.15, self.writes_nothing)
        if form in ("several", "plain"):
            self.add("loss.backward()")
        elif form == "twice":
            self.add("loss.backward(retain_graph=True)")
            self.act(0.3, self.writes_nothing)
            self.add("loss.backward()")
        elif form == "retained":
            self.add("loss.backward(retain_graph=True)")
            self.add(f"k[{next(self.names)}] = loss")
        elif form == "create":
            self.add("loss.backward(create_graph=True)")
        elif form == "inputs":
            self.add(f"({loss}).backward(inputs=[p[{self.one()}]])")
        elif form == "values" and not self.hooks:
            i = self.one()
            self.add(f"(p[{i}].grad,) = L.autograd.grad((p[{i}] * p[{i}].sin()).sum() + 0 * ({loss}), p[{i}])")
        elif form == "fails":
            if self.hooks or r.random() < 0.5:
                self.add(f"Fails.apply({loss}).backward()")  # before any gradient is known
            else:
                i = self.one()
                self.add(
                    "for q in p.values(): q.grad = None\n"
                    f"try: (Fails.apply(p[{i}]).sum() + {loss}).backward()\n"
                    "except ArithmeticError: pass\nfor q in p.values(): q.grad = None"
                )

    # --- what else happens ----------------------------------------------------------------------------------------------------

    def keep_data(self) -> None:
        i, n = self.one(), next(self.names)
        forms = ["p[{}].detach()", "p[{}].data", "p[{}].detach().numpy()", "np.from_dlpack(p[{}].detach())", "p[{}].data[...]"]
        if self.shapes[i]:
            forms += ["p[{}].detach()[0]", "p[{}].data[1:]", "p[{}].detach().numpy()[:1]", "p[{}].detach().reshape(-1)"]
        if i in self.modules and self.r.random() < 0.2:
            self.add(f"k[{n}] = list(m.state_dict().values())[{self.modules.index(i)}]")
        else:
            self.add(f"k[{n}] = " + self.r.choice(forms).format(i))
        self.kept.append((n, False))

    def keep_gradient(self) -> None:
        i, n = self.one(), next(self.names)
        forms = ["p[{}].grad", "p[{}].grad", "p[{}].grad.detach()", "p[{}].grad.detach().numpy()", "p[{}].grad.data"]
        forms += ["np.from_dlpack(p[{}].grad.detach())"]
        if self.shapes[i]:
            forms += ["p[{}].grad[:1]", "p[{}].grad.data[1:]", "p[{}].grad.detach().numpy()[0]", "p[{}].grad.detach()[0]"]
        self.add(f"k[{n}] = " + self.r.choice(forms).format(i))
        self.kept.append((n, True))

    def look(self) -> None:
        """Read gradients, and keep nothing."""
        form = self.r.choice(["p[{}].grad", "float(p[{}].grad.sum())", "p[{}].grad.detach().numpy().copy()"])
        self.add(form.format(self.one()))

    def drop(self) -> None:
        if self.kept:
            n, _ = self.kept.pop(self.r.randrange(len(self.kept)))
            self.add(f"k.pop({n}, None)")

    def write_kept(self) -> None:
        """Write through something that was kept."""
        if self.kept:
            n, _ = self.r.choice(self.kept)
            self.add(f"with L.no_grad(): k[{n}][...] = {self.r.choice([0.1, -0.4])}")

    def freeze(self) -> None:
        i, r = self.one(), self.r
        self.add(r.choice([f"p[{i}].requires_grad_(False)", f"p[{i}].requires_grad_()", f"p[{i}].requires_grad = False"]))
        if r.random() < 0.3:
            self.add(self.lines[-1])
        if r.random() < 0.2 and self.modules:
            self.add(f"m.requires_grad_({r.random() < 0.6})")

    def thaw(self) -> None:
        self.add("for q in p.values(): q.requires_grad_()")

    def set_gradient(self) -> None:
        r, i = self.r, self.one()
        forms = [f"p[{i}].grad = None", f"p[{i}].grad = L.tensor({self.values(self.shapes[i])}, dtype=T)"]
        n = next(self.names)
        forms += [f"b[{n}] = {self.values(self.shapes[i])}; p[{i}].grad = L.from_numpy(b[{n}])"]
        forms += [f"p[{i}].grad = p[{i}].grad", f"p[{i}].grad = p[{i}].grad.detach()", f"p[{i}].grad = p[{i}].grad.clone()"]
        self.add(r.choice(forms))

    def flat_gradients(self) -> None:
        """Gradients over slices of one buffer of the user's."""
        if self.flat_gradient is None:
            self.flat_gradient = next(self.names)
            self.add(f"b[{self.flat_gradient}] = L.zeros({12 * len(SHAPES)}, dtype=T)")
        for i in self.some():
            size = f"p[{i}].numel()"
            self.add(f"p[{i}].grad = b[{self.flat_gradient}][{12 * i}:{12 * i} + {size}].reshape({self.shapes[i]})")

    def swap_gradients(self) -> None:
        if pair := self.pair():
            i, j = pair
            self.add(f"p[{i}].grad, p[{j}].grad = p[{j}].grad, p[{i}].grad")

    def share_gradient(self) -> None:
        if (pair := self.pair()) and not self.hooks:
            i, j = pair
            self.add(f"p[{i}].grad = p[{j}].grad")

    def restore_gradient(self) -> None:
        """What was kept of a gradient is the gradient again."""
        i, n = self.one(), next(self.names)
        self.add(f"k[{n}] = p[{i}].grad")
        self.kept.append((n, True))
        self.zero()
        self.add(f"p[{i}].grad = k[{n}]")

    def write_gradient(self) -> None:
        i = self.one()
        forms = [
            "p[{}].grad.mul_(0.5)",
            "p[{}].grad.zero_()",
            "p[{}].grad *= 2",
            "p[{}].grad.data[...] = 0.25",
            "p[{}].grad.fill_(0.5)",
        ]
        self.add("with L.no_grad(): " + self.r.choice(forms).format(i))

    def write_data(self) -> None:
        i, r = self.one(), self.r
        forms = ["p[{}].mul_(0.5)", "p[{}].data[...] = 0.25", "p[{}].data *= 0.5", "p[{}][...] = 0.75", "p[{}].add_(0.1)"]
        forms += ["p[{}].copy_(L.tensor(" + self.values(self.shapes[i]) + ", dtype=T))"]
        self.add("with L.no_grad(): " + r.choice(forms).format(i))

    def new_memory(self) -> None:
        """The parameter's memory is replaced."""
        i, n = self.one(), next(self.names)
        self.add(f"b[{n}] = L.tensor({self.values(self.shapes[i])}, dtype=T); p[{i}].data = b[{n}].data")

    def swap_memory(self) -> None:
        if pair := self.pair():
            i, j = pair
            self.add(f"p[{i}].data, p[{j}].data = p[{j}].data, p[{i}].data")

    def tie(self) -> None:
        if (pair := self.pair()) and not self.copies:
            i, j = pair
            self.add(self.r.choice([f"p[{i}].data = p[{j}].data", f"p[{i}].data = p[{j}].data[...]"]))
        elif {0, 5} <= self.shapes.keys() and not self.copies:
            self.add("p[0].data = p[5].data.reshape(3, 4)")

    def vector(self) -> None:
        """Some parameters become slices of one new memory."""
        n, start, some = next(self.names), 0, self.some()
        self.add(f"b[{n}] = L.cat([q.detach().reshape(-1) for q in {self.group(some)}])")
        for i in some if not self.copies else []:
            end = start + math.prod(self.shapes[i])
            self.add(f"p[{i}].data = b[{n}].data[{start}:{end}].reshape({self.shapes[i]})")
            start = end

    def load_module(self) -> None:
        self.add("s = copy.deepcopy(m.state_dict())" if "s = " not in str(self.lines) else "m.load_state_dict(s)")

    def save_state(self) -> None:
        n = self.r.randrange(self.optimizers)
        name = f"saved{n}"
        if n not in self.saved or self.r.random() < 0.3:
            self.saved.add(n)
            self.add(f"{name} = copy.deepcopy(o[{n}].state_dict())")
        else:
            self.add(f"o[{n}].load_state_dict(copy.deepcopy({name}))")

    def settings(self) -> None:
        self.add(f"for g in o[0].param_groups: g['lr'] = {self.r.choice([0.05, 0.2])}")

    def late_group(self) -> None:
        """Those parameters that the optimizer has not yet, as a group of its own."""
        self.add(
            "have = {id(q) for g in o[0].param_groups for q in g['params']}\n"
            "late = [q for q in p.values() if id(q) not in have]\n"
            "if late: o[0].add_param_group({'params': late, 'lr': 0.1})"
        )

    def another_optimizer(self) -> None:
        self.again()

    def hook(self) -> None:
        if self.hooks:
            i, n = self.one(), next(self.names)
            form = self.r.choice(
                [
                    "p[{i}].register_hook(lambda g: k.__setitem__({n}, g))",
                    "p[{i}].register_hook(lambda g: k.__setitem__({n}, p[{i}].grad))",
                    "p[{i}].register_hook(lambda g: g * 0.5)",
                    "p[{i}].register_hook(lambda g: g)",
                    "p[{i}].register_post_accumulate_grad_hook(lambda t: k.__setitem__({n}, t.grad))",
                    "p[{i}].register_post_accumulate_grad_hook(lambda t: k.__setitem__({n}, t.grad.detach().numpy()))",
                ]
            )
            self.add(f"h{n} = " + form.format(i=i, n=n))
            if self.r.random() < 0.3:
                self.add(f"h{n}.remove()")

    def old_graph(self) -> None:
        """A graph that is kept, and goes backward after a step or fails."""
        i, n = self.one(), next(self.names)
        # Whose memory others write PyTorch does not notice, as it counts versions by tensors, not by memory.
        other = self.r.choice(["2", f"p[{i}]"]) if self.copies else "2"
        self.add(f"k[{n}] = (p[{i}] * {other}).sum()")
        self.act(0.5, self.writes_nothing)
        self.add(f"poison(); o[0].step()\nk.pop({n}).backward()")

    def copied(self) -> None:
        if self.copies:
            made = self.r.choice(["copy.deepcopy((p, o))", "pickle.loads(pickle.dumps((p, o)))"])
            modules = f"; m = L.nn.ParameterList([p[i] for i in {self.modules}])" if self.modules else ""
            self.add(f"for q in p.values(): q.grad = None\np, o = {made}{modules}")

    for _action, _chance in {
        keep_data: 0.9, keep_gradient: 1.0, look: 0.5, drop: 0.6, write_kept: 0.4, freeze: 0.7, thaw: 0.6, set_gradient: 0.7,
        flat_gradients: 0.5, swap_gradients: 0.8, share_gradient: 0.6, restore_gradient: 0.6, write_gradient: 0.6,
        write_data: 0.6, new_memory: 0.5, swap_memory: 0.5, tie: 0.7, vector: 0.5, load_module: 0.4, save_state: 0.6,
        settings: 0.3, late_group: 0.6, another_optimizer: 0.4, hook: 1.0, old_graph: 0.4, copied: 1.0,
    }.items():  # fmt: skip
        _action.chance = _chance  # type: ignore[attr-defined]
    del _action, _chance
