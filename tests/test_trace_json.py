"""The trace as JSON: every trace fits the schema, no number is lost, large arrays are summed up."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from gate_cases import CASES, cases, gate

import microgd as mg
from microgd.trace.build import trace
from microgd.trace.events import Event, TraceNode, Wire
from microgd.trace.export import MOST_LISTED, SCHEMA, json_schema, plain
from microgd.trace.lesson import Trace

jsonschema = pytest.importorskip("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def check(told: Trace) -> dict[str, Any]:
    """Write, read back, validate."""
    read: dict[str, Any] = json.loads(told.to_json())
    VALIDATOR.validate(read)
    assert read == told.to_dict()
    return read


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_schema_names_every_field_and_no_other() -> None:
    definitions = json_schema()["$defs"]
    for name, made in (("node", TraceNode), ("wire", Wire), ("event", Event)):
        expected = {f.name.removeprefix("_") for f in fields(made)}
        assert set(definitions[name]["properties"]) == expected
        assert set(definitions[name]["required"]) == expected


def test_every_property_is_described() -> None:
    def undescribed(part: Any, path: str) -> list[str]:
        if isinstance(part, list):
            return [p for item in part for p in undescribed(item, path)]
        if not isinstance(part, dict):
            return []
        found = [
            f"{path}/{name}"
            for name, entry in part.get("properties", {}).items()
            if "description" not in entry and "$ref" not in entry and "oneOf" not in entry
        ]
        inner = {k: v for k, v in part.items() if k not in ("if", "then", "else", "description")}
        return found + [p for key, v in inner.items() for p in undescribed(v, f"{path}/{key}")]

    assert undescribed(json_schema(), "") == []


@pytest.mark.parametrize(("name", "shapes", "params"), cases())
def test_every_gate_fits(name: str, shapes: Any, params: dict[str, Any]) -> None:
    points = CASES[name].points(shapes, seed=0)
    check(trace(gate(name)(*(mg.Tensor(p) for p in points), **params)))


def test_numbers_are_not_rounded() -> None:
    x = mg.Tensor(0.1, name="x")
    read = check(trace(x * 3.0))
    assert read["nodes"][-1]["value"] == 0.1 * 3.0
    assert read["digits"] == 2


def test_infinities_and_nan_are_text_and_zero_keeps_its_sign() -> None:
    x = mg.Tensor([np.inf, -np.inf, np.nan, -0.0], name="x")
    values = check(trace(x * 1.0))["nodes"][0]["value"]
    assert values[:3] == ["inf", "-inf", "nan"]
    assert math.copysign(1, values[3]) == -1
    assert "Infinity" not in trace(x * 1.0).to_json()


def test_large_arrays_are_summed_up() -> None:
    x = mg.Tensor(np.full((MOST_LISTED + 1,), 2.0), name="x")
    read = check(trace(mg.sum(x)))
    assert read["nodes"][0]["value"] == {
        "shape": [1001],
        "norm": pytest.approx(2 * math.sqrt(1001)),
        "min": 2.0,
        "max": 2.0,
    }
    listed = check(trace(mg.sum(mg.Tensor(np.ones(MOST_LISTED)))))
    assert listed["nodes"][0]["value"] == [1.0] * MOST_LISTED
    assert plain(np.full(MOST_LISTED + 1, np.nan))["max"] == "nan"


def test_indices_slices_and_parameters() -> None:
    x = mg.Tensor(np.ones((3, 4)), name="x")
    rows = mg.Tensor([0, 2], name="rows", dtype="int64")
    read = check(trace(mg.sum(mg.take(x, rows)[..., None, 1:3], axis=(0, 2))))
    by_gate = {n["gate"]: n for n in read["nodes"] if n["kind"] == "gate"}
    assert by_gate["index"]["params"] == {"key": ["...", None, "1:3"]}
    assert by_gate["sum"]["params"] == {"axis": [0, 2], "keepdims": False}
    indices = read["nodes"][1]
    assert (indices["dtype"], indices["value"], indices["gradient"]) == ("int64", [0.0, 2.0], None)


def test_placeholders_scopes_sources_and_ties() -> None:
    with mg.scope("layer"):
        f = mg.placeholder((2, 3), "W") @ mg.placeholder(3, "x")
    read = check(trace(f))
    assert [n["value"] for n in read["nodes"]] == [None] * 3
    assert read["nodes"][-1]["scope"] == "layer"
    assert read["nodes"][-1]["source"]["file"] == __file__
    x = mg.Tensor(2.0, name="x")
    assert check(trace(mg.maximum(x, 2.0)))["nodes"][-1]["tie"].startswith("tie")


def test_float32_and_odd_names() -> None:
    x = mg.Tensor(np.float32(0.1), name='<b>&"\n é')
    read = check(trace(x * x))
    assert read["nodes"][0]["dtype"] == "float32"
    assert read["nodes"][0]["label"] == '<b>&" é'
    assert "é" in trace(x * x).to_json(indent=1)


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        (("events", 0, "kind"), "sideways"),
        (("events", 0, "wire"), "n2.0"),
        (("events", 2, "wire"), None),
        (("nodes", 0, "surprise"), 1),
        (("nodes", 0, "value"), "infinity"),
        (("wires", 0, "id"), "wire"),
        (("schema",), SCHEMA + 1),
    ],
)
def test_the_schema_refuses(path: tuple[Any, ...], broken: Any) -> None:
    x = mg.Tensor(2.0, name="x")
    read = trace(x * x).to_dict()
    part: Any = read
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = broken
    assert not VALIDATOR.is_valid(read)


@pytest.mark.parametrize("name", ["\x00", "\x1b[31m", "\ud800", "a\udfffb", "\u202e"])
def test_names_that_nothing_can_show(name: str) -> None:
    with mg.scope("first"):
        w = mg.Tensor(1.0, name=name)
    told = trace(mg.Tensor(2.0, name=name) * w)
    assert json.loads(told.to_json().encode())["nodes"][0]["name"] == name
    for text in (told.nodes[0].label, str(told), str(told.table()), told._repr_html_()):
        assert text.encode()
        assert not set(text) & set(name) - set("[31mab")
    check(told)
