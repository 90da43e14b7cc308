"""Wrong values: what usually goes wrong on the way forward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from microgd.graph.values import as_value
from microgd.teaching.quiz.mistakes import Wrong
from microgd.trace.events import Event, TraceNode
from microgd.trace.lesson import Trace
from microgd.translation import N_, _, translated


class WrongValue(NamedTuple):
    """What somebody computes in place of a gate: `wrong(*inputs, **params)`."""

    name: str
    text: str
    wrong: Callable[..., Any]


def _row(name: str, text: str, wrong: Callable[..., Any]) -> WrongValue:
    return WrongValue(name, text, wrong)


_MULTIPLIED = N_("it is multiplied and not divided")
_POSITIVE = N_("the numbers below 0 are kept")


def _softmax(x: Any, axis: Any = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


#: Gate → what is computed in its place; likelier rows first.
WRONG_VALUE: Mapping[str, tuple[WrongValue, ...]] = {
    "add": (
        _row("multiplied", N_("the inputs are multiplied, not added"), lambda x, y: x * y),
        _row("sign-lost", N_("a minus sign is lost"), lambda x, y: np.abs(x) + np.abs(y)),
        _row("subtracted", N_("the second input is subtracted, not added"), lambda x, y: x - y),
    ),
    "sub": (
        _row("added", N_("the second input is added, not subtracted"), lambda x, y: x + y),
        _row("turned-round", N_("the first input is taken from the second"), lambda x, y: y - x),
        _row("sign-lost", N_("a minus sign is lost"), lambda x, y: np.abs(x) - np.abs(y)),
    ),
    "neg": (_row("minus-forgotten", N_("the minus is forgotten"), lambda x: x),),
    "mul": (
        _row("added", N_("the inputs are added, not multiplied"), lambda x, y: x + y),
        _row("sign", N_("the sign is wrong"), lambda x, y: -x * y),
        _row("divided", N_("it is divided and not multiplied"), lambda x, y: x / y),
    ),
    "div": (
        _row("turned-round", N_("numerator and denominator are exchanged"), lambda x, y: y / x),
        _row("multiplied", _MULTIPLIED, lambda x, y: x * y),
        _row("not-divided", N_("the division is left out"), lambda x, y: x),
        _row("subtracted", N_("it is subtracted and not divided"), lambda x, y: x - y),
    ),
    "recip": (
        _row("not-reciprocal", N_("the reciprocal is not taken"), lambda x: x),
        _row("minus", N_("−x is taken for 1/x"), lambda x: -x),
        _row("derivative", N_("the derivative −1/x² is taken"), lambda x: -1 / (x * x)),
    ),
    "pow": (
        _row("times-exponent", N_("the base is multiplied by the exponent"), lambda x, p: x * p),
        _row("minus-not-squared", N_("the minus is kept outside of the power"),
             lambda x, p: -(np.abs(x) ** p)),
        _row("turned-round", N_("base and exponent are exchanged"), lambda x, p: p**x),
        _row("sign-of-exponent", N_("the sign of the exponent is wrong"), lambda x, p: x ** (-p)),
        _row("once-too-often", N_("it is multiplied by the base once too often"),
             lambda x, p: x ** (p + 1)),
    ),
    "square": (
        _row("doubled", N_("it is doubled and not squared"), lambda x: 2 * x),
        _row("minus-not-squared", N_("the minus is kept outside of the square"),
             lambda x: -(x * x)),
        _row("not-squared", N_("it is not squared"), lambda x: x),
    ),
    "sqrt": (
        _row("halved", N_("it is halved, and no root is taken"), lambda x: x / 2),
        _row("not-rooted", N_("the square root is left out"), lambda x: x),
        _row("squared", N_("it is squared, and no root is taken"), lambda x: x * x),
    ),
    "exp": (
        _row("sign-in-exponent", N_("the sign of the exponent is wrong"), lambda x: np.exp(-x)),
        _row("times-e", N_("x is multiplied by e"), lambda x: np.e * x),
        _row("power-of-ten", N_("10 is raised to the power, and not e"), lambda x: 10.0**x),
        _row("power-of-two", N_("2 is raised to the power, and not e"), lambda x: 2.0**x),
        _row("first-terms", N_("1 + x is taken for exp(x)"), lambda x: 1 + x),
    ),
    "log": (
        _row("log-ten", N_("the logarithm to the base 10 is taken"), lambda x: np.log10(x)),
        _row("log-two", N_("the logarithm to the base 2 is taken"), lambda x: np.log2(x)),
        _row("exponential", N_("exp is taken for log"), lambda x: np.exp(x)),
        _row("first-terms", N_("x − 1 is taken for log x"), lambda x: x - 1),
    ),
    "sin": (
        _row("cosine", N_("cos is taken for sin"), lambda x: np.cos(x)),
        _row("degrees", N_("the angle is taken to be in degrees"),
             lambda x: np.sin(np.deg2rad(x))),
    ),
    "cos": (
        _row("sine", N_("sin is taken for cos"), lambda x: np.sin(x)),
        _row("degrees", N_("the angle is taken to be in degrees"),
             lambda x: np.cos(np.deg2rad(x))),
    ),
    "sigmoid": (
        _row("sign-in-exponent", N_("the minus in 1/(1 + e⁻ˣ) is forgotten"),
             lambda x: 1 / (1 + np.exp(x))),
        _row("one-forgotten", N_("the 1 + in 1/(1 + e⁻ˣ) is forgotten"), lambda x: np.exp(x)),
        _row("derivative", N_("the derivative σ(1 − σ) is taken"),
             lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        _row("tanh", N_("tanh is taken for σ"), lambda x: np.tanh(x)),
        _row("not-reciprocal", N_("the reciprocal is forgotten: 1 + e⁻ˣ"),
             lambda x: 1 + np.exp(-x)),
    ),
    "tanh": (
        _row("sigmoid", N_("σ is taken for tanh"), lambda x: 1 / (1 + np.exp(-x))),
        _row("derivative", N_("the derivative 1 − tanh² is taken"),
             lambda x: 1 - np.tanh(x) ** 2),
    ),
    "relu": (
        _row("mask-ignored", _POSITIVE, lambda x: x),
        _row("absolute", N_("the minus is taken off, as |x| does"), lambda x: np.abs(x)),
        _row("turned-round", N_("the numbers above 0 are left out"), lambda x: np.minimum(x, 0)),
        _row("derivative", N_("the derivative of relu is taken, 0 or 1"),
             lambda x: np.where(x > 0, 1.0, 0.0)),
        _row("all-zero", N_("everything is taken to be shut"), lambda x: 0 * x),
    ),
    "leaky_relu": (
        _row("mask-ignored", _POSITIVE, lambda x, **_: x),
        _row("as-relu", N_("the slope is left out, as in relu"),
             lambda x, **_: np.maximum(x, 0)),
    ),
    "abs": (_row("sign-kept", N_("the minus is kept"), lambda x: x),),
    "maximum": (
        _row("the-other-one", N_("the smaller one is taken"), lambda x, y: np.minimum(x, y)),
        _row("added", N_("the inputs are added"), lambda x, y: x + y),
        _row("sign-lost", N_("the signs are left out in comparing"),
             lambda x, y: np.where(np.abs(x) > np.abs(y), x, y)),
    ),
    "minimum": (
        _row("the-other-one", N_("the larger one is taken"), lambda x, y: np.maximum(x, y)),
        _row("added", N_("the inputs are added"), lambda x, y: x + y),
        _row("sign-lost", N_("the signs are left out in comparing"),
             lambda x, y: np.where(np.abs(x) < np.abs(y), x, y)),
    ),
    "matmul": (
        _row("elementwise", N_("it is multiplied element by element"), lambda x, y: x * y),
        _row("forgot-transpose", N_("the first matrix is transposed"), lambda x, y: x.T @ y),
        _row("transposed", N_("the second matrix is transposed"), lambda x, y: x @ y.T),
        _row("wrong-order", N_("the factors are in the wrong order"), lambda x, y: y @ x),
        _row("sum-forgotten", N_("the products are not added up"),
             lambda x, y: x * y if x.ndim == y.ndim == 1 else np.empty(0)),
    ),
    "sum": (
        _row("mean-for-sum", N_("the mean is taken, not the sum"),
             lambda x, axis=None, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims)),
        _row("one-left-out", N_("the last term is left out"),
             lambda x, axis=None, keepdims=False:
             x[:-1].sum() if axis is None and x.ndim == 1 else np.empty(0)),
        _row("sign-lost", N_("minus signs are lost"),
             lambda x, axis=None, keepdims=False: np.sum(np.abs(x), axis=axis, keepdims=keepdims)),
        _row("wrong-axis", N_("it is summed over the wrong axis"),
             lambda x, axis=None, keepdims=False:
             x.sum(axis=1 - axis) if x.ndim == 2 and axis in (0, 1) else np.empty(0)),
    ),
    "mean": (
        _row("forgot-1/n", N_("the sum is not divided by n"),
             lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims)),
        _row("wrong-axis", N_("the mean is over the wrong axis"),
             lambda x, axis=None, keepdims=False:
             x.mean(axis=1 - axis) if x.ndim == 2 and axis in (0, 1) else np.empty(0)),
        _row("n-minus-one", N_("it is divided by n − 1, not by n"),
             lambda x, axis=None, keepdims=False:
             x.sum() / (x.size - 1) if axis is None else np.empty(0)),
    ),
    "max": (
        _row("the-other-one", N_("the smallest is taken"),
             lambda x, axis=None, keepdims=False: np.min(x, axis=axis, keepdims=keepdims)),
        _row("position", N_("the place of the largest is given, and not its value"),
             lambda x, axis=None, keepdims=False: np.argmax(x, axis=axis).astype(float)),
    ),
    "min": (
        _row("the-other-one", N_("the largest is taken"),
             lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims)),
    ),
    "softmax": (
        _row("not-normalised", N_("it is not divided by the sum"), lambda x, **_: np.exp(x)),
        _row("exp-forgotten", N_("exp is left out"),
             lambda x, axis=-1, **_: x / x.sum(axis=axis, keepdims=True)),
    ),
    "logsumexp": (
        _row("log-forgotten", N_("the log is left out"),
             lambda x, axis=None, keepdims=False: np.exp(x).sum(axis=axis, keepdims=keepdims)),
        _row("as-max", N_("it is treated as max"),
             lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims)),
    ),
    "log_softmax": (
        _row("log-forgotten", N_("the log is left out"), lambda x, axis=-1, **_: _softmax(x, axis)),
    ),
    "transpose": (_row("not-transposed", N_("it is not transposed"), lambda x, **_: x),),
}  # fmt: skip


def forward_wrongs(trace: Trace, event: Event) -> Iterator[Wrong]:
    """The ways to go wrong where a gate computes."""
    node = trace.by_id[event.node]
    inputs = trace.inputs_of(node)
    if any(i.value is None for i in inputs):
        return
    values = [np.asarray(i.value, np.float64) for i in inputs]
    yield from _correction(node, values)
    yield from _precedence(trace, node)
    for row in WRONG_VALUE.get(node.gate, ()):
        try:
            value = row.wrong(*values, **node.params)
        except (ValueError, TypeError):  # shapes that do not fit this way
            continue
        yield Wrong(row.name, translated(row.text), as_value(value))
    yield Wrong("sign", _("the sign is wrong"), as_value(0.0 - np.asarray(event.value, np.float64)))
    for one in inputs:
        if one.value is not None and one.kind != "constant":
            text = _("the gate is left out, and {x} is taken as it is").format(x=one.label)
            yield Wrong("gate-ignored", text, one.value)


def _correction(node: TraceNode, values: list[Any]) -> Iterator[Wrong]:
    """Of an optimizer's m̂ and v̂, which are means divided by what is missing from them."""
    if node.name in ("m̂", "v̂") and node.gate == "div":
        text = _("{mean} is multiplied by its correction instead of divided")
        yield Wrong("correction-multiplied", text.format(mean=node.name),
                    as_value(values[0] * values[1]), sure=True)  # fmt: skip
        text = _("{mean} is not corrected").format(mean=node.name)
        yield Wrong("not-corrected", text, as_value(values[0]), sure=True)


def _precedence(trace: Trace, node: TraceNode) -> Iterator[Wrong]:
    """What the same signs give in another order: x + y·z for (x + y)·z, (−x)² for −x²."""
    inputs = trace.inputs_of(node)
    if not inputs or any(i.name for i in inputs if i.kind == "gate"):
        return  # what has a name was written on a line of its own
    v = [np.asarray(i.value, np.float64) for i in inputs]
    inner = [[np.asarray(k.value, np.float64) for k in trace.inputs_of(i)] for i in inputs]
    gates = [i.gate for i in inputs]
    brackets = _("the brackets are ignored")
    outer = _("the sum is worked out before the product")
    found: list[tuple[str, str, Callable[[], Any]]] = []
    if node.gate in ("mul", "div"):
        act = np.multiply if node.gate == "mul" else np.divide
        if gates[0] in ("add", "sub"):
            a, b = inner[0]
            join = np.add if gates[0] == "add" else np.subtract
            found.append(("brackets-ignored", brackets, lambda: join(a, act(b, v[1]))))
        if gates[1] in ("add", "sub"):
            c, d = inner[1]
            join_ = np.add if gates[1] == "add" else np.subtract
            found.append(("brackets-ignored", brackets, lambda: join_(act(v[0], c), d)))
    if node.gate in ("add", "sub"):
        join2 = np.add if node.gate == "add" else np.subtract
        if gates[0] == "mul":
            e, f = inner[0]
            found.append(("sum-first", outer, lambda: e * join2(f, v[1])))
        if gates[1] == "mul":
            g, h = inner[1]
            found.append(("sum-first", outer, lambda: join2(v[0], g) * h))
        if node.gate == "sub" and gates[1] in ("add", "sub"):
            k, m = inner[1]
            minus = _("the minus before the bracket reaches only its first term")
            sign = 1.0 if gates[1] == "add" else -1.0
            found.append(("minus-of-bracket", minus, lambda: v[0] - k + sign * m))
    if node.gate == "neg" and gates[0] in ("square", "pow"):
        power = inner[0][1] if gates[0] == "pow" else 2.0
        text = _("the minus is squared, too: (−x)² is not −x²")
        found.append(("minus-squared", text, lambda: (-inner[0][0]) ** power))
    for name, text, compute in found:
        try:
            yield Wrong(name, text, as_value(compute()))
        except ValueError:
            continue
