"""Known mistakes in a hand-written optimizer: each one is the right optimizer with one thing wrong.

A mistake is an option, or another gate in the recorded graph: m̂ with a × for its ÷. What numbers
it makes is computed, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from microgd.autodiff.tree import leaves
from microgd.errors import MicrogdError
from microgd.gates.arithmetic import add, mul
from microgd.graph.node import Node
from microgd.graph.order import topological_order
from microgd.graph.record import record as recorded
from microgd.graph.rewrite import Rewrite
from microgd.lab.xray import OLD, Rule, XRay, xray
from microgd.optim.adam import COMPOUNDED
from microgd.optim.variants import SOURCES, innermost, variant, variants_of
from microgd.optim.wrapping import Wrapper


@dataclass(frozen=True)
class Mistake:
    """A wrong rule, and what to say of it.

    Attributes:
        text: what was done, as half a sentence: "the bias correction is left out".
        rule: the optimizer, perhaps with another option.
        more: options of `xray` that make it wrong: a rewriting of its graph, another first step.
    """

    text: str
    rule: Rule
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def run(self, problem: Any, **options: Any) -> XRay:
        """The numbers that this mistake makes."""
        return xray(self.rule, problem, **{**options, **self.more})


def mistakes(right: XRay) -> list[Mistake]:
    """The mistakes that can be made with this optimizer.

    >>> from microgd.lab.xray import xray
    >>> [one.text for one in mistakes(xray("sgd"))][:2]
    ['Δ is added to θ instead of taken off', 'the learning rate is left out']
    """
    rule = right.rule
    found = [*_by_rewriting(right), *_by_first_step(right), *_by_options(rule)]
    known = [one.rule for one in found]
    return [*found, *(one for one in _variants(rule) if one.rule not in known)]


# -- one gate is wrong -----------------------------------------------------------------------------


def _by_rewriting(right: XRay) -> Iterator[Mistake]:
    rule, names = right.rule, set(right.columns)
    record = right.records[0]
    ends = [x for x in (*leaves(record.found), *leaves(record.kept)) if isinstance(x, Node)]
    gates = {node.gate.name for node in topological_order(ends)}

    def wrong(text: str, rewrite: Rewrite) -> Mistake:
        return Mistake(text, rule, MappingProxyType({"rewrite": rewrite}))

    for hats in (("m̂",), ("v̂",), ("m̂", "v̂")):
        if names.issuperset(hats):
            who = " and ".join(hats) + (" are" if len(hats) > 1 else " is")
            its = "their" if len(hats) > 1 else "its"
            yield wrong(
                f"{who} multiplied by {its} correction instead of divided", _multiplied(hats)
            )
            if len(hats) == 1:
                yield wrong(f"{who} not corrected", _uncorrected(hats))
    if {"m", "v"} <= names and "square" in gates:
        yield wrong("the mean is squared: v is the mean of m², not of g²", _square_of("m"))
    if "square" in gates:
        yield wrong("g is not squared", _without("square"))
    if "sqrt" in gates:
        yield wrong("the square root is left out", _without("sqrt"))
    for slot in _slots(rule):
        if slot in names:
            yield wrong(f"the step uses the old {slot}, from before this step", _old([slot]))
    if {"m", "v"} <= names.intersection(_slots(rule)):
        yield wrong("the step uses the old m and v, from before this step", _old(["m", "v"]))
    kept = _kept(rule)
    for name, keep in kept.items():
        yield wrong(f"1 − {name} is left out", _no_share([keep]))
        yield wrong(f"{name} and 1 − {name} are exchanged", _exchanged([keep]))
    if len(kept) > 1:
        yield wrong("1 − β is left out of both means", _no_share(list(kept.values())))
        yield wrong("β and 1 − β are exchanged in both means", _exchanged(list(kept.values())))
    yield wrong("Δ is added to θ instead of taken off", _climbing(right))
    if "mul" in gates:
        yield wrong("the learning rate is left out", _no_rate)


def _multiplied(hats: tuple[str, ...]) -> Rewrite:
    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        return mul(*inputs) if node.name in hats and node.gate.name == "div" else None

    return rewrite


def _uncorrected(hats: tuple[str, ...]) -> Rewrite:
    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        # not the same node as m: it keeps a name of its own
        return inputs[0] + 0.0 if node.name in hats and node.gate.name == "div" else None

    return rewrite


def _square_of(name: str) -> Rewrite:
    found: dict[str, Any] = {}

    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        if node.name == name:
            found["gate"], found["inputs"] = node.gate, inputs
        if node.gate.name == "square" and "gate" in found:
            mean = recorded(found["gate"], found["inputs"])
            return mean * mean
        return None

    return rewrite


def _without(gate: str) -> Rewrite:
    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        return inputs[0] if node.gate.name == gate else None

    return rewrite


def _old(slots: list[str]) -> Rewrite:
    """What uses the new mean gets the old one, which is an input of the gate that made it."""

    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        changed = [
            _past(x) if getattr(x, "name", None) in slots and x.inputs else x for x in inputs
        ]
        if all(a is b for a, b in zip(changed, inputs, strict=True)):
            return None
        return recorded(node.gate, tuple(changed), node.params)

    return rewrite


def _past(mean: Node) -> Any:
    """The old value of a slot: the only leaf on the way to it that is the state's."""
    waiting = list(mean.inputs)
    while waiting:
        node = waiting.pop(0)
        if node.name and node.name.startswith(OLD):
            return node
        waiting += node.inputs
    return mean


def _no_share(keeps: list[float]) -> Rewrite:
    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        if node.gate.name == "mul" and any(_is_constant(node.inputs[0], 1.0 - x) for x in keeps):
            return inputs[1]
        return None

    return rewrite


def _exchanged(keeps: list[float]) -> Rewrite:
    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        if node.gate.name != "mul":
            return None
        for keep in keeps:
            for one, other in ((keep, 1.0 - keep), (1.0 - keep, keep)):
                if _is_constant(node.inputs[0], one):
                    return other * inputs[1]
        return None

    return rewrite


def _climbing(right: XRay) -> Rewrite:
    names = set(right.records[0].params)

    def rewrite(node: Node, inputs: tuple[Any, ...]) -> Any:
        minus = node.gate.name == "sub" and node.inputs[0].name in names
        return add(*inputs) if minus and node.inputs[0].is_leaf else None

    return rewrite


def _no_rate(node: Node, inputs: tuple[Any, ...]) -> Any:
    if node.gate.name == "mul" and any(x.name == "γ" and x.is_leaf for x in node.inputs):
        return next(x for x in inputs if x.name != "γ")
    return None


def _is_constant(node: Node, value: float) -> bool:
    return node.is_constant and node.shape == () and node.value == value


# -- the counting, the options ---------------------------------------------------------------------


def _by_first_step(right: XRay) -> Iterator[Mistake]:
    if any("ᵗ" in name for name in right.columns):
        off = MappingProxyType
        yield Mistake("t starts at 0, so that the first step divides by 0", right.rule,
                      off({"first": -1}))  # fmt: skip
        yield Mistake("t is one too large", right.rule, off({"first": 1}))


def _by_options(rule: Rule) -> Iterator[Mistake]:
    inner = innermost(rule)
    options: list[tuple[str, dict[str, Any]]] = []
    has = {f.name: getattr(inner, f.name) for f in fields(inner)}  # type: ignore[arg-type]
    if has.get("bias_correction") is True:
        before = {"eps_before_correction": False} if has.get("eps_before_correction") else {}
        options += [
            ("the bias correction is left out", {"bias_correction": False, **before}),
            (
                "the corrected means are remembered, and corrected again",
                {"bias_correction": COMPOUNDED, **before},
            ),
        ]
    if "betas" in has:
        options.append(("β₁ and β₂ are swapped", {"betas": has["betas"][::-1]}))
    if has.get("eps_inside_root") is not None and has["eps"]:
        there = "outside" if has["eps_inside_root"] else "inside"
        options.append((f"ε stands {there} the root", {"eps_inside_root": there == "inside"}))
    if has.get("weight_decay"):
        how = "added to the gradient (L2)" if has["decoupled"] else "taken off θ (decoupled)"
        options.append((f"the weight decay is {how}", {"decoupled": not has["decoupled"]}))
        options.append(("the weight decay is left out", {"weight_decay": 0.0}))
    for text, changes in options:
        try:
            yield Mistake(text, _changed(rule, changes))
        except MicrogdError:  # options that do not go together
            continue


def _variants(rule: Rule) -> Iterator[Mistake]:
    seen = [rule]
    for name in variants_of(rule):
        other = variant(rule, name)
        if other not in seen:
            seen.append(other)
            yield Mistake(f"it is {other.text}, the form of {SOURCES[name]}", other)


def _changed(rule: Any, changes: Mapping[str, Any]) -> Any:
    if isinstance(rule, Wrapper) and hasattr(rule, "inner"):
        return replace(rule, inner=_changed(rule.inner, changes))  # type: ignore[type-var]
    return replace(rule, **changes)


def _kept(rule: Rule) -> dict[str, float]:
    """The rates that running means are kept at, by the name of the formula."""
    inner: Any = innermost(rule)
    if hasattr(inner, "betas"):
        first, second = inner.betas
        return {"β₁": first, "β₂": second} if first != second else {"β": first}
    found = {"ρ": getattr(inner, "rho", None), "α": getattr(inner, "alpha", None)}
    return {name: x for name, x in found.items() if isinstance(x, float) and 0 < x < 1}


def _slots(rule: Rule) -> list[str]:
    slots: Callable[[], dict[str, str]] | None = getattr(innermost(rule), "slots", None)
    return list(slots()) if slots else []
