"""What a trace is made of: nodes, wires and events. All immutable; all numbers are copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, Protocol

from microgd.graph.source import Source
from microgd.graph.values import Value
from microgd.trace.copies import sealed

Kind = Literal["forward", "seed", "contribution", "broadcast", "branch"]


class Speaker(Protocol):
    """Whoever puts an event into words, when somebody asks."""

    def say(self, event: Event) -> str:
        """The event's sentence."""


class Immutable:
    """What never changes needs no copies; pickled and read back, its arrays are sealed again."""

    __slots__ = ()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        return _restored, (type(self), self._state())

    def _state(self) -> list[Any]:
        found = [getattr(self, f.name) for f in fields(self)]  # type: ignore[arg-type]
        return [dict(v) if isinstance(v, MappingProxyType) else v for v in found]


def _restored(cls: type[Any], state: list[Any]) -> Any:
    made = object.__new__(cls)
    for field, value in zip(fields(cls), state, strict=True):
        if isinstance(value, dict):
            value = MappingProxyType(value)
        elif isinstance(value, tuple):
            value = tuple([sealed(v) for v in value])
        object.__setattr__(made, field.name, sealed(value))
    return made


@dataclass(frozen=True, slots=True, eq=False)
class TraceNode(Immutable):
    """One node of the circuit.

    Attributes:
        id: unique and stable: `n0`, `n1`, … in the order of computation.
        label: a short unique name for formulas: the user's, or a letter.
        named: whether the label is the user's.
        name: what the user called it, which another node may be called, too.
        kind: `input`, `constant`, `placeholder` or `gate`.
        gate, sign, pattern, badge: of a gate; the sign carries folded constants (`+1`).
        wires: the ids of the wires that lead into it, in the order of its inputs.
        folded: the positions of inputs that the sign carries.
        commutative: whether its inputs may change places.
        gradient: ∂output/∂node; None for constants and indices, and where none was computed.
        tie: a sentence where a convention decided the gradient (a max of equal inputs).
    """

    id: str
    label: str
    named: bool
    name: str | None
    kind: str
    gate: str
    sign: str
    pattern: str
    badge: str
    params: Mapping[str, Any]
    wires: tuple[str, ...]
    folded: tuple[int, ...]
    commutative: bool
    shape: tuple[int, ...]
    dtype: str
    value: Value | None
    gradient: Value | None
    scope: str | None
    source: Source | None
    tie: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Wire(Immutable):
    """One wire from a node to an input of a gate. A node used twice has two wires.

    `gradient` is what comes back along this wire alone: its contribution to the source's gradient.
    """

    id: str
    source: str
    target: str
    position: int
    gradient: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class Event(Immutable):
    """One step of the lesson.

    Attributes:
        step: its number, from 0.
        kind: forward (a gate computed), seed (the output's gradient), contribution (local
            derivative × upstream, along one wire), broadcast (the contribution summed over the
            axes along which the input was repeated), branch (contributions added).
        node: the gate that computed or that sends its upstream gradient back; at a branch and at
            the seed the node whose gradient is settled.
        wire: along which wire, for contribution and broadcast.
        target: the node at the other end of that wire.
        position: which input of the gate that is.
        pattern: what happens, in a word: distributes, swaps, routes, masks, branches sum, …
        rule: the local derivative in symbols, with the labels of this circuit.
        local: the local derivative in numbers, element by element; None where it is a Jacobian
            that is never built.
        upstream: the gradient that arrived at the gate's output.
        value: the result: the forward value, the seed, the contribution, the sum.
        parts: at a branch, what is added; at a broadcast, what was summed.
        axes: at a broadcast, which axes.
    """

    step: int
    kind: Kind
    node: str
    wire: str | None
    target: str | None
    position: int | None
    pattern: str
    rule: str
    local: Value | None
    upstream: Value | None
    value: Value | None
    parts: tuple[Value, ...]
    axes: tuple[int, ...]
    _sentence: str | Speaker

    @property
    def sentence(self) -> str:
        """The step in words and numbers; made when first asked for."""
        told = self._sentence
        if not isinstance(told, str):
            told = told.say(self)
            object.__setattr__(self, "_sentence", told)
        return told

    def __repr__(self) -> str:
        return f"<step {self.step}, {self.kind}: {self.sentence}>"

    def _state(self) -> list[Any]:
        return [*(getattr(self, f.name) for f in fields(self)[:-1]), self.sentence]
