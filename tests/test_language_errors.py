"""What the language refuses: it says what was given, what to do, and points at the column."""

from __future__ import annotations

import re
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.language import functions
from microgd.language.bindings import parse_bindings
from microgd.language.circuit import circuit, parse
from microgd.language.limits import MAX_TEXT


def refused(text: Any, **bindings: Any) -> mg.LanguageError:
    start = time.perf_counter()
    with pytest.raises(mg.LanguageError) as caught:
        circuit(text, **bindings)
    assert time.perf_counter() - start < 1.0
    assert isinstance(caught.value, ValueError)
    return caught.value


REFUSED = [
    # text, where, part of the message
    ("x +", 3, "a value is missing after '+'"),
    ("x + * y", 5, "a value is missing before '*'"),
    ("(x * )", 4, "a value is missing after '*'"),
    ("x y", 3, "no operator between 'x' and 'y': to multiply write x * y"),
    ("2x", 2, "to multiply write 2 * x"),
    ("2(x)", 2, "to multiply write 2 * (…"),
    ("(x)(y)", 4, "to multiply write … * (…"),
    ("1j", 2, "no operator between '1' and 'j'"),
    ("x(2)", 1, "'x' is a value, not a gate: to multiply write x * (…)"),
    ("(x + y", 1, "'(' was never closed"),
    ("x)", 2, "')' closes a bracket that was never opened"),
    ("(x]", 3, "']' closes '(', which needs ')'"),
    ("x ^ 2", 3, "a power is written **"),
    ("x²", 2, "a power is written **: x**2"),
    ("x % 2", 3, "there is no remainder"),
    ("x // y", 4, "division is written /"),
    ("/x", 1, "a value is missing before '/'\n"),
    ("x and y", 3, "write logical_and(a, b)"),
    ("x if y else x", 3, "write where(condition, a, b)"),
    ("lambda x: x", 1, "'lambda' is not of the language"),
    ("[i for i in x]", 4, "'for' is not of the language"),
    ("__import__('os')", 12, "there are no strings"),
    ("__import__(os)", 1, "there is no gate '__import__'"),
    ("f'{x}'", 2, "there are no strings"),
    ("x.__class__", 3, "there is no attribute .__class__"),
    ("x.data", 3, "there is no attribute .data"),
    ("x.sum", 3, "to call the gate write .sum()"),
    ("x.", 2, "after '.' comes T or the name of a gate"),
    ("x..T", 2, "after '.' comes T or the name of a gate"),
    ("(y := x)", 4, "':=' would change a name"),
    ("x += 1", 3, "'+=' would change a name"),
    ("{x: y}", 1, "brackets are ( ) and [ ]"),
    ("sum(*x)", 5, "'*' before an argument is not of the language"),
    ("sum(**x)", 5, "'**' before an argument is not of the language"),
    ("...", 1, "this is not of the language"),
    ("True", 1, "values of parameters only"),
    ("x + None", 5, "values of parameters only"),
    ("()", 1, "a tensor is written in [ ]"),
    ("[]", 1, "an empty list is no tensor"),
    ("[[1, 2], [3]]", 1, "the rows of this list differ in length"),
    ("x, y", 2, "one output: to join several values write [a, b]"),
    ("a = b = x", 7, "one statement gives one name"),
    ("3 = x", 3, "left of '=' stands one name"),
    ("f =", 3, "a value is missing after '='"),
    ("x:int = 3", 2, "':' stands in slices only"),
    ('<b>&"', 1, "a value is missing before '<'"),
    ("x & y", 3, "write logical_and(a, b)"),
    ("\0", 1, "U+0000 is not of the language"),
    ("x + \ud800", 5, "U+D800 is not of the language"),
    ("x < y < x", 1, "comparisons do not chain: write logical_and(a < b, b < c)"),
    ("sigmod(x)", 1, "there is no gate 'sigmod'. Did you mean 'sigmoid'?"),
    ("x.sigmod()", 1, "Did you mean 'sigmoid'?"),
    ("sigmoid * x", 1, "'sigmoid' is a gate; call it: sigmoid(x)"),
    ("√", 1, "a value is missing after '√'"),
    ("√()", 1, "needs 1 input, got 0"),
    ("x.√(x)", 2, "after '.' comes T"),
    ("√x**2", 1, "Write √(a ** b) or √(a) ** b"),
    ("007", 1, "a number does not begin with 0: write 7"),
    ("10**10**10", 3, "the result is too large"),
    ("1e999", 1, "too large for a float"),
    ("9" * 399, 1, "too large for a float"),
    ("1" * 401, 1, "at most 400 are read"),
    ("n" * 401, 1, "at most 400 are read"),
    ("1e308 * 10", 7, "the result is too large"),
    ("x + 1/0", 6, "division of a plain number by zero"),
    ("(-8)**(1/3)", 5, "is not a real number"),
    ("sum()", 1, "needs 1 input, got 0"),
    ("where(x, y)", 1, "needs 3 inputs, got 2"),
    ("exp(x, y, 3)", 1, "exp(x) takes 1 input; 2 too many given"),
    ("stack()", 1, "needs at least one input"),
    ("reshape(x)", 1, "needs a value for 'shape'"),
    ("sum(x, axes=0)", 13, "no parameter 'axes' (it has: axis, keepdims). Did you mean 'axis'?"),
    ("sum(x, x=y)", 10, "Its input 'x' is given already"),
    ("sum(x, axis=0, axis=1)", 21, "sum is given 'axis' twice"),
    ("leaky_relu(x, slope=y)", 21, "slope must be a plain number"),
    ("leaky_relu(x, slope=exp(1))", 21, "slope must be a plain number"),
    ("leaky_relu(x, slope=None)", 21, "slope is a number, got None"),
    ("sum(x, keepdims=1)", 17, "keepdims is True or False, got 1"),
    ("max(x, y, axis=0)", 16, "max of several values compares them"),
    ("x[1.5]", 3, "an index is a whole number or a slice"),
    ("[1, 2][True]", 8, "an index is a whole number or a slice"),
    ("[1, 2][0.5:]", 8, "the bound of a slice is a whole number"),
    ("[1, 2][y, 0]", 8, "an index among several must be a plain number"),
    ("[1, 2][5]", 1, "index: index 5 is out of bounds"),
    ("one_hot(1, 10**9)", 1, "at most 10,000,000 elements"),
    ("broadcast_to(x, (10**5, 10**5))", 1, "at most 10,000,000 elements"),
    ("reshape(x, (10**30, 10**30))", 1, "no array is as large as"),
    ("random_uniform(x, inf)", 1, "key is a whole number"),
    ("clip([1, 2], (0, 0, 0))", 1, "a bound of clip is a number or None"),
    ("inf = 3", 1, "always means the number inf"),
    ("x = x + y", 1, "'x' is an input, its value was given"),
]


@pytest.mark.parametrize(("text", "column", "part"), REFUSED, ids=[r[0][:20] for r in REFUSED])
def test_refusals_point_at_the_column(text: str, column: int, part: str) -> None:
    error = refused(text, x=1, y=2)
    assert part in str(error)
    assert (error.line, error.column) == (1, column)
    message, where, row, caret = str(error).rsplit("\n", 3)
    assert where == f"  at column {column}:"
    assert message
    start = 4 - (1 if row.startswith("    …") else 0)
    if not row.startswith("    …"):
        assert caret[start + column - 1] == "^"
    assert set(caret) <= set(" ~^")


def test_the_whole_message() -> None:
    assert str(refused("q = x + w\nf = q @ v", x=[1.0, 2.0], w=[1.0, 1.0], v=[1.0, 2.0, 3.0])) == (
        "matmul: (2,) @ (3,): the last axis of the left (2) must equal the length of the right (3)"
        " (input shapes: (2,), (3,))\n"
        "  at line 2, column 7:\n"
        "    f = q @ v\n"
        "        ~~^~~"
    )


def test_the_gates_error_is_the_cause() -> None:
    error = refused("x + y", x=[1, 2], y=[1, 2, 3])
    assert isinstance(error.__cause__, mg.ShapeError)
    assert "do not broadcast" in str(error)


def test_files_are_named() -> None:
    with pytest.raises(mg.LanguageError, match=r"at lesson\.mgd, line 3, column 5:\n    x \+ \?"):
        parse("# a\n\nx + ?", {"x": 1}, file="lesson.mgd")


@pytest.mark.parametrize(("text", "part"), [("", "is empty"), (" \n ", "is empty")])
def test_nothing_to_read(text: str, part: str) -> None:
    assert part in str(refused(text))


def test_only_comments() -> None:
    assert "has only comments" in str(refused("# a\n  # b"))


@pytest.mark.parametrize("text", [None, 3, b"x"])
def test_a_program_is_text(text: Any) -> None:
    assert "a program is text, got" in str(refused(text))


def test_unknown_names() -> None:
    error = str(refused("weight * x + bias + other", wieght=2, x=1))
    assert "the name 'weight' has no value. Did you mean 'wieght'?" in error
    assert "Give it one: weight=… bias=… other=…" in error


def test_a_value_that_is_not_used() -> None:
    error = str(refused("weight = 2; x * weight", x=1, wieght=2))
    assert "'wieght' was given a value, but the program does not use it." in error
    assert "Did you mean 'weight'?" in error


def test_names_are_given_once() -> None:
    error = refused("q = x\nr = q\nq = r", x=1)
    assert "'q' has a value already, from line 1" in str(error)
    assert error.line == 3


def test_a_value_that_nothing_uses() -> None:
    assert "only the last line may be a bare expression" in str(refused("x + 1\nx * 2", x=1))


def test_a_line_that_goes_on_without_brackets() -> None:
    error = refused("f = x\n    - 1", x=1)
    assert "put the whole expression in ( )" in str(error)
    assert (error.line, error.column) == (2, 5)
    assert circuit("f = x\n-f", x=1).output.data == -1.0


@pytest.mark.parametrize("name", ["2x", "a b", "", "x-y", "lambda", "None", "inf", "nan"])
def test_names_of_bindings(name: str) -> None:
    assert "cannot be a name" in str(refused("1", **{name: 1}))


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("[1, [2]]", "the rows of this list differ"),
        ("1 +", "a value is missing after '+'"),
        ("", "the value of x is empty"),
        ("y", "'y' is no number"),
        ("exp(1)", "not a computation with gates"),
        ([1, [2]], "the value of 'x': "),
        ({}, "the value of 'x': "),
        (1j, "the value of 'x': "),
    ],
)
def test_values_of_bindings(value: Any, part: str) -> None:
    assert part in str(refused("x + 1", x=value))


MANY = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * MANY,
        "[" * MANY,
        "(" * MANY + "x" + ")" * MANY,
        "[" * MANY + "1" + "]" * MANY,
        "-" * MANY + "x",
        "√" * MANY + "x",
        "1+" * MANY + "1",
        "x**" * MANY + "x",
        "x**" * 200 + "x",
        "exp(" * MANY + "x" + ")" * MANY,
        "x" + ".T" * MANY,
        "x" + "[0]" * MANY,
        "x < " * MANY + "x",
        "=" * MANY,
        "x " * MANY,
        ("f(" * 59 + "x x") + ")" * 59,
        "1e" + "9" * MANY,
        "(" * 61 + "x" + ")" * 61,
        "[" * 61 + "1" + "]" * 61,
        "place(x, key=" + "(" * 60 + "1" + ",)" * 60 + ", shape=(1,))",
    ],
    ids=lambda text: f"{text[:8]}-{len(text)}",
)
def test_too_much_is_refused_at_once(text: str) -> None:
    assert refused(text, x=1).column


def test_too_much_text() -> None:
    assert f"at most {MAX_TEXT:,} are read" in str(refused("x" * (MAX_TEXT + 1)))


def test_too_many_elements_together() -> None:
    lines = ["a0 = broadcast_to(x, (10**7,))", *(f"a{i + 1} = a{i}[:]" for i in range(11)), "a11"]
    assert "100,000,000 in all" in str(refused("\n".join(lines), x=mg.placeholder()))


def test_little_stack_left() -> None:
    def at_the_bottom(left: int) -> str:
        if left:
            return at_the_bottom(left - 1)
        try:
            return str(circuit("(1+" * 60 + "x" + ")" * 60, x=1).output.data)
        except mg.LanguageError as error:
            return str(error)

    depth = 0
    frame: Any = sys._getframe()
    while frame:
        depth, frame = depth + 1, frame.f_back
    answers = [at_the_bottom(sys.getrecursionlimit() - depth - left) for left in (60, 120, 200)]
    assert all(a == "61.0" or "nested too deeply" in a for a in answers)
    assert "nested too deeply" in answers[0]


def test_long_lines_are_shown_around_the_column() -> None:
    error = refused("+".join(["x"] * 100) + " $ " + "+".join(["x"] * 100), x=1)
    _, _, row, caret = str(error).rsplit("\n", 3)
    assert len(row) < 85
    assert row.startswith("    …")
    assert row.endswith("…")
    assert row[caret.index("^")] == "$"


def test_nothing_is_ever_run() -> None:
    import microgd.language as package

    for folder in package.__path__:
        for path in Path(folder).glob("*.py"):
            source = path.read_text("utf-8")
            assert not re.search(r"(?<!re\.)\b(eval|exec|compile|__import__)\(", source), path


_WORDS = r"""
x y z w 1 2 0 -1 1e-3 inf nan pi ( ) [ ] , , . : = == < > + - * / ** @ ; # ... None True sum( max(
where( stack( concatenate( reshape( index( place( slice( one_hot( take( axis= shape= key= .T .sum(
[0] [1:] [:,0] √ σ( − × keepdims=True random_uniform( var( 10**9 10**99 softmax( apl( maxout( q ' \
lambda if
"""
PIECES = st.sampled_from([*_WORDS.split(), "\n"])
BINDINGS = {"x": 1.5, "y": [1.0, 2.0, 3.0], "z": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}


def read_or_refuse(text: str) -> None:
    used = {n: v for n, v in BINDINGS.items() if re.search(rf"\b{n}\b", text)}
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            output = circuit(text, **used).output
        except mg.LanguageError as error:
            str(error).encode("utf-8")
        else:
            assert np.shape(output.value) == output.shape
    assert time.perf_counter() - start < 5.0


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60))
@example("\ud800")
@example("1_")
@example("0_7")
@example("x\x0c+1")
@example("1if x else y")
@example("\U0001d422\U0001d41f + 1")
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=14).map("".join))
@example("place( y , key= 0 , shape= 10**9 )")
@example("var(y[0:0])")
def test_any_pieces_are_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            "q = x + y\nf = q * z[1:, 0]  # a comment",
            "where(x > 0, max(y, axis=0), -sum(z, axis=(0, 1), keepdims=True)) ** 2",
            "concatenate([y, [1, 2]], axis=0) @ stack(x, 1, 2, 3, 4).T / √(x − 1)",
        ]
    ),
    st.lists(st.tuples(st.integers(0, 80), st.characters() | PIECES), min_size=1, max_size=3),
)
def test_any_mutation_is_read_or_refused(text: str, changes: list[tuple[int, str]]) -> None:
    for at, piece in changes:
        text = text[:at] + piece + text[at + 1 :]
    read_or_refuse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(clip(x, low=(0, 1)))", "number or None"),
        ("sum(clip(x, ...))", "low cannot be ..."),
        ("sum(clip(x, True))", "low cannot be True"),
        ("sum(clip(x, high=slice(1)))", "high cannot be slice"),
        ("sum(vrelu(x, ..., 2))", "1 too many given"),
        ("sum(vrelu(x, ...))", "alpha is a number, got ..."),
        ("sum(leaky_relu(x, slope=(1, 2)))", "slope is a number, got (1, 2)"),
        ("var(x, ddof=(1, 2))", "ddof is a number"),
        ("sum(x, axis=...)", "axis cannot be ..."),
    ],
)
def test_parameters_are_of_their_kind(text: str, said: str) -> None:
    error = refused(text, x=[1.0, 2.0])
    assert said in str(error)
    assert error.column


@pytest.mark.parametrize(
    "shape", ["9" * 5000, "9" * 13, "x".join(["2"] * 65), "2x" + "9" * 400], ids=len
)
def test_shapes_that_no_array_has(shape: str) -> None:
    with pytest.raises(mg.LanguageError, match="no shape that an array can have"):
        parse_bindings([f"x:{shape}"])


def test_a_gate_may_be_registered_while_another_thread_reads() -> None:
    gate = mg.Gate("busy", ("x",), lambda x: x, (lambda g, out, x: g,))
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            mg.register(gate)
            mg.unregister("busy")

    thread = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _ in range(300):
            circuit("x + 1", x=2)
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("mse(x, x)", "Write mean((p - y)**2)"),
        ("x.norm()", "Write sqrt(sum(x**2))"),
        ("softmax_cross_entropy(x, 1)", "Write -log_softmax(s)[y], for the scores s"),
        ("dot(x, x)", "Write x @ y"),
        ("avg(x)", "Write mean(x)"),
        ("Tan(x)", "Write sin(x)/cos(x)"),
    ],
)
def test_functions_of_other_libraries(text: str, instead: str) -> None:
    assert f". {instead}" in str(refused(text, x=[1.0, 2.0]))


def test_what_is_to_be_written_instead_can_be_read() -> None:
    for name, text in functions.INSTEAD.items():
        assert functions.gate_named(name) is None
        program = text if re.match(r"(max|reshape|sqrt)\(", text) else text.partition(",")[0]
        names = set(re.findall(r"\b[a-z]\b", program))
        values = {n: 1 if "[y]" in program and n == "y" else [0.5, 0.25] for n in names}
        assert circuit(program, **values).output.data is not None


def test_work_is_bounded_though_every_result_is_small() -> None:
    lines = [f"s{i} = sum(x)" for i in range(3000)]
    program = "\n".join([*lines, "+".join(f"s{i}" for i in range(0, 3000, 4))])
    start = time.process_time()
    with pytest.raises(mg.LanguageError, match="sum is one too many: a program reads at most"):
        circuit(program, x=np.broadcast_to(1.0, 10_000_000))
    assert time.process_time() - start < 60


def test_products_of_matrices_are_work() -> None:
    x = np.ones((10, 100_000))
    program = "\n".join(f"p{i} = x @ y" for i in range(1100))
    with pytest.raises(mg.LanguageError, match="matmul is one too many"):
        circuit(f"{program}\np0 + p1", x=x, y=x.T)
    wide, high = mg.placeholder((3_000, 9_000_000)), mg.placeholder((9_000_000, 3_000))
    assert circuit("x @ y", x=wide, y=high).output.shape == (3000, 3000)


def test_numbers_written_out_are_bounded() -> None:
    start = time.process_time()
    error = refused_slowly("sum([" + "1," * 1_999_990 + "1])")
    assert "more than 300,000 numbers in one text" in str(error)
    assert time.process_time() - start < 5


def refused_slowly(text: str) -> mg.LanguageError:
    with pytest.raises(mg.LanguageError) as caught:
        circuit(text)
    return caught.value
