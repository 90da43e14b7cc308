"""NumPy: arrays, with every sum over broadcast axes in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgd.gates.movement import transposed_axes
from microgd.graph.shapes import Shape
from microgd.graph.values import Value
from microgd.teaching.emit.circuit import Circuit
from microgd.teaching.emit.lines import ARITHMETIC, accumulation, opening, results, sigmoid
from microgd.teaching.emit.names import PYTHON, Names
from microgd.teaching.emit.python import power
from microgd.teaching.emit.spelling import (
    ADD,
    AND,
    ATOM,
    CALLS,
    CHOICE,
    COMPARE,
    MUL,
    POWER,
    UNARY,
    Language,
    Text,
    call,
    infix,
    literal,
    template,
)
from microgd.teaching.emit.staged import Contribution, Staged, axes_summed, staged
from microgd.teaching.emit.stopping import stops_at
from microgd.teaching.emit.term import Term
from microgd.trace.formula import key_text
from microgd.translation import _

#: A longer line of numbers is broken into rows.
WIDE = 88


def number(value: Value) -> Text:
    """A number or an array as NumPy reads it."""
    if np.shape(value):
        return Text(f"np.array({_listed(value)})" if np.size(value) else f"np.zeros({value.shape})")  # type: ignore[union-attr]
    return literal(value, "np.nan", "np.inf")


def _listed(value: Any) -> str:
    whole = np.asarray(value).dtype.kind == "i"
    if np.ndim(value) == 0:
        return str(int(value)) if whole else number(float(value)).text
    parts = [_listed(v) for v in value]
    line = f"[{', '.join(parts)}]"
    if np.ndim(value) > 1 and len(line) > WIDE:
        return "[\n" + "".join(f"    {p},\n" for p in parts) + "]"
    return line


def _method(name: str) -> Any:
    """`x.sum(axis=0)`: a reduction of an array; of a plain number it is a function."""

    def spelled(args: Sequence[Text], term: Term) -> Text:
        given = {k: v for k, v in term.params.items() if v is not None and v is not False}
        if given.get("ddof") == 0:
            del given["ddof"]
        options = ", ".join(f"{k}={v!r}" for k, v in given.items())
        return _called(name, args[0], term, options)

    return spelled


def _called(name: str, x: Text, term: Term, options: str) -> Text:
    if term.args[0].shape:
        return Text(f"{x.within(ATOM)}.{name}({options})")
    return Text(f"np.{name}({x.text}{', ' * bool(options)}{options})")


def _sum_to(args: Sequence[Text], term: Term) -> Text:
    gone, kept = axes_summed(term)
    x = args[0]
    if gone:
        x = _called("sum", x, term, f"axis={gone[0] if len(gone) == 1 else gone}")
    if kept:
        axes = kept[0] if len(kept) == 1 else kept
        x = Text(f"{x.within(ATOM)}.sum(axis={axes}, keepdims=True)")
    return x


def _reshape(args: Sequence[Text], term: Term) -> Text:
    before, after = term.args[0].shape, term.shape
    if not before:
        return Text(f"np.reshape({args[0].text}, {after})")
    x = args[0].within(ATOM)
    if 1 not in before and len(after) > len(before) and _without_ones(after) == before:
        key = ", ".join("None" if n == 1 else ":" for n in after)
        return Text(f"{x}[{key}]")
    sizes = ", ".join(map(str, after)) if after else "()"
    return Text(f"{x}.reshape({sizes})")


def _without_ones(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


def _transpose(args: Sequence[Text], term: Term) -> Text:
    rank = len(term.shape)
    order = transposed_axes(rank, term.params["axes"])
    if order == tuple(range(rank))[::-1] and rank:
        return Text(f"{args[0].within(ATOM)}.T")
    if rank > 2 and order == (*range(rank - 2), rank - 1, rank - 2):
        return Text(f"{args[0].within(ATOM)}.swapaxes(-1, -2)")
    return Text(f"np.transpose({args[0].text}, {order})")


def _joined(name: str) -> Any:
    return lambda args, term: Text(
        f"np.{name}([{', '.join(a.text for a in args)}], axis={term.params['axis']})"
    )


def _index(args: Sequence[Text], term: Term) -> Text:
    return Text(f"{args[0].within(ATOM)}[{key_text(term.params['key'])}]")


def _place(args: Sequence[Text], term: Term) -> Text:
    key, shape = key_text(term.params["key"]), term.shape
    return Text(f"place({args[0].text}, np.s_[{key}], {shape})")


def _indices(x: Text, term: Term) -> str:
    """Whole numbers; NumPy does not index by others."""
    if term.is_number:
        return _listed(np.asarray(term.value, int))
    return f"np.asarray({x.text}, int)"


def _take(args: Sequence[Text], term: Term) -> Text:
    return Text(
        f"np.take({args[0].text}, {_indices(args[1], term.args[1])}, axis={term.params['axis']})"
    )


def _scatter_add(args: Sequence[Text], term: Term) -> Text:
    axis, size = term.params["axis"], term.params["size"]
    rank = len(term.shape)
    indices = _indices(args[1], term.args[1])
    indices = f"np.array({indices})" if term.args[1].is_number else indices
    return Text(f"scatter_add({args[0].text}, {indices}, {axis % rank}, {size})")


def _one_hot(args: Sequence[Text], term: Term) -> Text:
    return Text(f"np.eye({term.params['classes']})[{_indices(args[0], term.args[0])}]")


def _broadcast(args: Sequence[Text], term: Term) -> Text:
    if term.args[0].shape == ():
        return Text(f"np.full({term.shape}, {args[0].text})")
    return Text(f"np.broadcast_to({args[0].text}, {term.shape})")


def _largest(args: Sequence[Text], term: Term) -> Text:
    text = args[-1].text
    for one in reversed(args[:-1]):
        text = f"np.maximum({one.text}, {text})"
    return Text(text, args[-1].level if len(args) == 1 else ATOM)


_CALLS = ("exp", "log", "expm1", "log1p", "sin", "cos", "tanh", "sqrt", "abs", "sign")
_REDUCTIONS = ("sum", "mean", "max", "min", "var")

LANGUAGE = Language(
    gates={
        **ARITHMETIC,
        **{
            name: call(f"np.{name}")
            for name in (*CALLS, "abs", "sign", "maximum", "minimum", "where")
        },
        **{name: _method(name) for name in _REDUCTIONS},
        "pow": power,
        "square": template("{0}**2", POWER, ATOM),
        "sigmoid": sigmoid("np.exp"),
        "maxout": _largest,
        "relu": template("np.maximum(0.0, {0})", ATOM, CHOICE),
        "logical_and": lambda args, term: Text(
            f"{args[0].within(ATOM)} & {args[1].within(ATOM)}", AND, truth=True
        ),
        "matmul": infix(" @ ", MUL),
        "transpose": _transpose,
        "reshape": _reshape,
        "broadcast_to": _broadcast,
        "sum_to": _sum_to,
        "concatenate": _joined("concatenate"),
        "stack": _joined("stack"),
        "index": _index,
        "place": _place,
        "take": _take,
        "scatter_add": _scatter_add,
        "one_hot": _one_hot,
    },
    number=number,
    as_number=lambda t: Text(f"1.0 * {t.within(UNARY)}", MUL),
    as_truth=lambda t: Text(f"{t.within(ADD)} != 0.0", COMPARE, truth=True),
)

_HELPERS = {
    "place": '''def place(x, key, shape):
    """Zeros, with x where the key says."""
    whole = np.zeros(shape)
    whole[key] = x
    return whole
''',
    "scatter_add": '''def scatter_add(x, indices, axis, size):
    """Zeros, with x added where the indices say."""
    x = np.moveaxis(x, range(axis, axis + indices.ndim), range(indices.ndim))
    whole = np.zeros((size, *x.shape[indices.ndim:]))
    np.add.at(whole, indices, x)
    return np.moveaxis(whole, 0, axis)
''',
}


def program(circuit: Circuit, title: str) -> str:
    """A program in Python with NumPy."""
    made = staged(circuit, LANGUAGE.gates, Names(PYTHON))
    # Python's own floats would stop the program where NumPy's go on with inf or NaN.
    floats = "np.float64({})" if stops_at(made) else "{}"
    lines = [
        f"{g.name} = {(floats if np.shape(g.value) == () else '{}').format(number(g.value).text)}"
        for g in made.given
    ]
    lines += ["", f"# {_('forward')}"] if made.forward else []
    for step in made.forward:
        lines += _line(made, step.name, "=", step.term, step.number)
    if made.seeds:
        lines += ["", f"# {_('backward, in reverse')}{accumulation(made)}"]
    lines += [f"{g.name} = {_seed(g.value)}" for g in made.seeds]
    for one in made.backward:
        lines += _contribution(made, one)
    lines += [f"{g.name} = {_seed(g.value)}  # {_('no gradient comes here')}" for g in made.idle]
    lines += ["", *(_shown(r.name, r.shape) for r in results(made))]
    text = "\n".join(lines)
    helpers = [f"\n{h}\n" for name, h in _HELPERS.items() if f" {name}(" in text]
    head = [*opening("#", title, made), "import numpy as np", "", *helpers]
    return "\n".join([*head, text, ""])


def _seed(value: Value) -> str:
    if np.shape(value):
        for number_, function in ((1.0, "ones"), (0.0, "zeros")):
            if np.all(np.equal(value, number_)):
                return f"np.{function}({np.shape(value)})"
    return number(value).text


def _shown(name: str, shape: Shape) -> str:
    if shape:
        return f'print("{name} =", {name}, sep="\\n")'
    return f'print(f"{name} = {{{name}:.15g}}")'


def _line(made: Staged, name: str, sign: str, term: Term, number: int) -> list[str]:
    before, text = LANGUAGE.written(term, made.fresh)
    parts = [f"{part} = {words}  # ({number})" for part, _, words in before]
    return [*parts, f"{name} {sign} {text}  # ({number})"]


def _contribution(made: Staged, one: Contribution) -> list[str]:
    """A line; an array that several are added to starts as zeros, for += works in place."""
    lines = []
    row = one.term.gate
    placed = row is not None and row.name in ("place", "scatter_add") and one.term.shape != ()
    if one.shape and one.place == 0 and (one.count > 1 or placed):
        lines.append(f"{one.name} = np.zeros({one.shape})")
    if placed and row is not None:
        inner = one.term.args[0]
        before, text = LANGUAGE.written(inner, made.fresh)
        lines += [f"{part} = {words}  # ({one.number})" for part, _, words in before]
        if row.name == "place":
            key = key_text(one.term.params["key"])
            return [*lines, f"{one.name}[{key}] += {text}  # ({one.number})"]
        which = one.term.args[1]
        if one.term.params["axis"] % len(one.shape) == 0:
            indices = _indices(Text(which.name), which)
            return [*lines, f"np.add.at({one.name}, {indices}, {text})  # ({one.number})"]
    added = one.place > 0 or (bool(one.shape) and one.count > 1) or placed
    return [*lines, *_line(made, one.name, "+=" if added else "=", one.term, one.number)]
