"""Statements: a recipe's steps as lines of OpenCL C, for one number or a vector of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgd.opencl.index import Index, Variable
from microgd.opencl.step import Step, literal

#: What a reduction starts from, and how it takes in the next number. NaN stays NaN.
FIRST = {"sum": "0", "max": "-INFINITY", "min": "INFINITY"}
_TAKE_IN = {
    "sum": "{a} + {b}",
    "max": "(({b} > {a}) | ({b} != {b})) ? {b} : {a}",
    "min": "(({b} < {a}) | ({b} != {b})) ? {b} : {a}",
}


#: The same where a NaN is remembered apart.
_QUICKLY = {"sum": "{a} + {b}", "max": "({b} > {a}) ? {b} : {a}", "min": "({b} < {a}) ? {b} : {a}"}


def taking_in_quickly(of: str, a: str, b: str) -> str:
    """One more number in a reduction, without a look at NaN."""
    return _QUICKLY[of].replace("{a}", a).replace("{b}", b)


def mask(real: str, width: int) -> str:
    """What a comparison of such numbers gives: `int16`, `long8`."""
    return "int" if width == 1 else wide("int" if real == "float" else "long", width)


def taking_in(of: str, a: str, b: str) -> str:
    """One more number in a reduction."""
    return _TAKE_IN[of].replace("{a}", a).replace("{b}", b)


@dataclass(frozen=True)
class Lanes:
    """Which loop variable is walked a vector at a time, and how wide.

    Attributes:
        final: rewrites an index after loops were merged.
    """

    variable: Variable | None = None
    width: int = 1
    final: Callable[[Index], Index] = field(default=lambda index: index)

    def vector(self, step: Step) -> bool:
        """Whether the step makes a vector here."""
        return self.width > 1 and self.variable in step.variables

    def type(self, step: Step) -> str:
        return wide(step.real, self.width if self.vector(step) else 1)


def wide(real: str, width: int) -> str:
    """`float16`, or `float` for a width of 1."""
    return real if width == 1 else f"{real}{width}"


def use(step: Step, lanes: Lanes, vector: bool) -> str:
    """The step's result inside another; one number is repeated where a vector is needed."""
    name = f"({step.name})" if step.name.startswith("-") else step.name
    if vector and not lanes.vector(step):
        return f"({wide(step.real, lanes.width)})({step.name})"
    return name


def statement(step: Step, lanes: Lanes) -> str:
    """The line that fills the step's variable (a store: its line)."""
    if step.kind == "store":
        return _store(step, lanes)
    return f"const {lanes.type(step)} {step.name} = {_WRITERS[step.kind](step, lanes)};"


def each_lane(step: Step, lanes: Lanes, text: Callable[[dict[Variable, int]], str]) -> str:
    """A vector, lane by lane, where the step is one; else the single text."""
    if not lanes.vector(step) or lanes.variable is None:
        return text({})
    parts = ", ".join(text({lanes.variable: k}) for k in range(lanes.width))
    return f"({lanes.type(step)})({parts})"


def _contiguous(index: Index, lanes: Lanes) -> bool:
    lane = lanes.variable
    return lane is not None and index.factor(lane) == 1 and lane not in index.tangled


def _load(step: Step, lanes: Lanes) -> str:
    index = lanes.final(step.index)
    if lanes.vector(step) and _contiguous(index, lanes):
        return f"vload{lanes.width}(0, {step.text} + {index.text()})"
    return each_lane(step, lanes, lambda shift: f"{step.text}[{index.text(shift)}]")


def _store(step: Step, lanes: Lanes) -> str:
    index = lanes.final(step.index)
    (value,) = step.args
    width = lanes.width
    if not lanes.vector(step):
        return f"{step.text}[{index.text()}] = {use(value, lanes, False)};"
    text = use(value, lanes, True)
    if _contiguous(index, lanes):
        return f"vstore{width}({text}, 0, {step.text} + {index.text()});"
    assert lanes.variable is not None
    return " ".join(
        f"{step.text}[{index.text({lanes.variable: k})}] = {text}.s{k:x};" for k in range(width)
    )


def _op(step: Step, lanes: Lanes) -> str:
    vector = lanes.vector(step)
    text = step.text
    for number, arg in enumerate(step.args):
        text = text.replace(f"{{{number}}}", use(arg, lanes, vector))
    return text.replace("{R}", lanes.type(step))


def _convert(step: Step, lanes: Lanes) -> str:
    return f"convert_{lanes.type(step)}({step.args[0].name})"


def _random(step: Step, lanes: Lanes) -> str:
    params: Any = step.node.params if step.node is not None else {}
    low, high = params["low"], params["high"]
    given = step.args[0]
    key = f"(uint){given.name}"
    if given.kind == "literal" and given.node is not None:  # exact where there is no double, too
        key = f"{int(np.asarray(given.node.value).item()) & 0xFFFFFFFF}u"
    seed = int(params["seed"]) & 0xFFFFFFFF
    index = lanes.final(step.index)
    if lanes.vector(step):
        wide_text, uints = str(lanes.width), wide("uint", lanes.width)
        assert lanes.variable is not None
        each = [index.text({lanes.variable: k}) for k in range(lanes.width)]
        drawn = f"philox{wide_text}(({uints})({', '.join(each)}), {key}, {seed}u)"
        if step.real == "double":
            drawn = f"convert_{lanes.type(step)}({drawn})"
    else:
        drawn = f"philox((uint)({index.text()}), {key}, {seed}u)"
    low_text, span = literal(low, step.real), literal(high - low, step.real)
    return f"{low_text} + {span} * {drawn}" if (low, high) != (0.0, 1.0) else drawn


def _whole(step: Step, lanes: Lanes) -> str:
    rule, size = step.text.split()
    name = step.args[0].name
    if rule == "clamp":
        kind = lanes.type(step)
        return f"(({name} >= 0) & ({name} < {size})) ? {name} : ({kind})(0)"
    long = f"convert_{lanes.type(step)}({name})"
    return f"({long} < 0) ? {long} + {size} : {long}"


def _valid(step: Step, lanes: Lanes) -> str:
    value, long = step.args
    inside = f"({long.name} >= 0) & ({long.name} < {step.text})"
    if value.real != "long":
        inside += f" & convert_{lanes.type(step)}({value.name} == rint({value.name}))"
    return inside


def _test(step: Step, lanes: Lanes) -> str:
    def one(shift: dict[Variable, int]) -> str:
        parts = []
        for test in step.tests:
            text = f"(long)({lanes.final(test.index).text(shift)})"
            parts.append(f"({text} >= {test.low}) & ({text} < {test.high})")
            if test.step != 1:
                parts[-1] += f" & (({text} - {test.low}) % {test.step} == 0)"
        whole = " & ".join(parts)
        return f"-(long)({whole})"

    return each_lane(step, lanes, one)


def _clamp(step: Step, lanes: Lanes) -> str:
    (test,) = step.args
    index = lanes.final(step.index)

    def one(shift: dict[Variable, int]) -> str:
        mark = (
            f"{test.name}.s{next(iter(shift.values())):x}"
            if shift and lanes.vector(test)
            else test.name
        )
        return f"{mark} ? (long)({index.text(shift)}) : 0"

    return each_lane(step, lanes, one)


def _select(step: Step, lanes: Lanes) -> str:
    mask, yes, no = step.args
    vector = lanes.vector(step)
    condition = mask.name
    if vector and lanes.vector(mask) and step.real == "float":
        condition = f"convert_int{lanes.width}({mask.name})"
    yes_text, no_text = (f"({lanes.type(step)})({a.name})" for a in (yes, no))
    if vector:
        yes_text = use(yes, lanes, True)
        no_text = use(no, lanes, True)
    return f"{condition} ? {yes_text} : {no_text}"


_WRITERS: dict[str, Callable[[Step, Lanes], str]] = {
    "load": _load,
    "op": _op,
    "convert": _convert,
    "random": _random,
    "whole": _whole,
    "valid": _valid,
    "test": _test,
    "clamp": _clamp,
    "select": _select,
}
