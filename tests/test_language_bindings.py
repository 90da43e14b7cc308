"""Bindings as text: what a command line gives."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

import microgd as mg
from microgd.language.bindings import parse_bindings, read_value
from microgd.language.circuit import circuit


def test_numbers_and_lists() -> None:
    found = parse_bindings(["x=-2", "y = 1/3", "z=-pi", "w=[[1, 2], [3, 4e-1]]", " α =−inf"])
    assert list(found) == ["x", "y", "z", "w", "α"]
    assert (found["x"], found["y"], found["z"], found["α"]) == (-2, 1 / 3, -math.pi, -math.inf)
    np.testing.assert_array_equal(found["w"], [[1.0, 2.0], [3.0, 0.4]])
    assert circuit("x * y", **parse_bindings(["x=3", "y=4"])).output.data == 12.0


def test_large_whole_numbers() -> None:
    assert circuit("x * 1", **parse_bindings(["x=10**99"])).output.data == 1e99


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("x", "'x' gives no value: write x=2"),
        ("x:3x", "'x:3x' is no shape: write x:3x4"),
        ("w:", "'w:' is no shape: write w:3x4"),
        (":3", "':3' is no shape: write x:3x4"),
        ("x=", "'x=' gives no value: write x=2"),
        ("x= ", "gives no value: write x=2"),
        ("=3", "'=3' names nothing: write x=3"),
        ("x==3", "'x==3' compares; to give 'x' a value write one '=': x=3"),
        ("2x=3", "'2x' cannot be a name"),
        ("a b=3", "'a b' cannot be a name"),
        ("if=3", "'if' cannot be a name: Python keeps the word for itself"),
        ("nan=3", "'nan' cannot be a name: it always means the number nan"),
        ("x=y", "'y' is no number. A value is a number or a list of numbers"),
        ("x=ifn", "Did you mean 'inf'?"),
        ("x=1 2", "no operator between '1' and '2'"),
        ("x=a=3", "a value is one number or one list"),
        ("x=1;2", "a value is one number or one list"),
        ("x=#", "the value of x is empty"),
        ("x=exp(1)", "not a computation with gates"),
        ("x=[1,[2]]", "the rows of this list differ"),
        ("x=" + "[" * 100_000, "brackets inside each other"),
        ("x=\ud800", "U+D800 is not of the language"),
    ],
)
def test_refusals(argument: str, part: str) -> None:
    with pytest.raises(mg.LanguageError) as caught:
        parse_bindings([argument])
    assert part in str(caught.value)


def test_a_name_given_twice() -> None:
    with pytest.raises(mg.LanguageError, match="'x' is given twice, last by 'x=2'"):
        parse_bindings(["x=1", "x=2"])


def test_errors_point_into_the_value() -> None:
    with pytest.raises(mg.LanguageError) as caught:
        read_value("[1, 2 3]", "the value of w")
    assert str(caught.value).endswith("  at the value of w, column 7:\n    [1, 2 3]\n        ~~^")


def test_importing_the_language_imports_little() -> None:
    code = (
        "import sys, microgd; before = set(sys.modules)\n"
        "import microgd.language.circuit, microgd.language.printer, microgd.language.bindings\n"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(new - {'microgd', '_ast', 'ast', 'keyword', 'unicodedata', 're'}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_shape_without_numbers():
    found = parse_bindings(["x:100x4096", "b : 3", "s=2"])
    assert found["x"].shape == (100, 4096)
    assert found["x"].data is None
    assert found["x"].name == "x"
    assert found["b"].shape == (3,)
    assert found["s"] == 2


@pytest.mark.parametrize("argument", ["x:", "x:3x", "x:-3", "x:a", ":3", "x:3.5"])
def test_a_shape_of_another_form_gives_no_value(argument):
    with pytest.raises(mg.LanguageError):
        parse_bindings([argument])


def test_a_shape_and_a_value_for_one_name():
    with pytest.raises(mg.LanguageError, match="twice"):
        parse_bindings(["x:3", "x=2"])
