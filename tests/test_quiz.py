"""The quiz: answers are read as people write them, judged within rounding, and diagnosed."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd.errors import ArgumentError
from microgd.teaching.panel import panel_of
from microgd.teaching.quiz.answers import fits, flat, readings, tolerance, tolerances
from microgd.teaching.quiz.formulas import right_formula
from microgd.teaching.quiz.mistakes import wrongs_of
from microgd.teaching.quiz.optimizer import update_quiz
from microgd.teaching.quiz.question import Question, judge, question_of, questions_of
from microgd.teaching.quiz.wrong_local import WRONG_LOCAL
from microgd.trace.events import Event
from microgd.trace.lesson import Trace


def told(text: str, **values: object) -> Trace:
    return mg.circuit(text, **values).trace()


def step(trace: Trace, kind: str, target: str) -> Event:
    """The first step of that kind about that node."""
    for event in trace.events:
        about = trace.by_id[event.target or event.node].label
        if event.kind == kind and about == target:
            return event
    raise AssertionError(f"no {kind} about {target}")


def asked(text: str, kind: str, target: str, **values: object) -> Question:
    trace = told(text, **values)
    found = questions_of(trace, step(trace, kind, target))
    return next(q for q in found if q.kind != "choice")


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.39", [0.39]),
        ("0,39", [0.39]),
        ("−2", [-2.0]),
        ("– 2", [-2.0]),
        ("1/3", [1 / 3]),
        ("−1/4", [-0.25]),
        ("1e-3", [0.001]),
        ("1.00e−12", [1e-12]),
        ("1,5 · 10⁻³", [0.0015]),
        ("2*10^4", [20000.0]),
        ("∂f/∂x = 3", [3.0]),
        ("16 777 216", [16777216.0]),
        ("∞", [math.inf]),
        ("−inf", [-math.inf]),
        ("[1, −2]", [1.0, -2.0]),
        ("1 -2", [1.0, -2.0]),
        ("0,5; 1,5", [0.5, 1.5]),
        ("[0,5, 1,5]", [0.5, 1.5]),
        ("[[1, 2], [3, 4]]", [1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, numbers: list[float]) -> None:
    assert any(len(way) == len(numbers) and np.allclose(way, numbers) for way in readings(text))


@pytest.mark.parametrize("text", ["", "abc", "1/0", "--1", "1..2", "x", "0x10", "1e", "1/2/3"])
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert readings(text) == []


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for way in readings(text):
        assert way
        assert all(isinstance(x, float) for x in way)


@given(st.floats(-1e300, 1e300) | st.just(math.inf), st.integers(0, 5))
def test_a_number_as_shown_is_within_its_tolerance(x: float, digits: int) -> None:
    shown = mg.trace(mg.Tensor(1.0) * 1.0, digits=digits).number(x)
    assert any(fits(way, [x], [tolerance(x, digits)]) for way in readings(shown))


# -- judging ---------------------------------------------------------------------------------------


def test_answers_are_right_within_rounding() -> None:
    question = asked("sigmoid(w*x + b)", "contribution", "x", w=2, x=-1, b=1)
    assert question.shown == "0.39"
    for answer in ("0.39", "0.393", "0.3932", "0,39"):
        assert judge(question, answer).right, answer
    assert not judge(question, "0.38").right
    worked_on = judge(question, "0.40")
    assert worked_on.right
    assert worked_on.sentence == "Right with the rounded numbers; unrounded it is 0.39."
    assert judge(question, "0.4").right  # as 0.40 is


def test_whole_numbers_are_meant_exactly() -> None:
    question = asked("x*y", "contribution", "x", x=2, y=3)
    assert judge(question, "3").right
    assert judge(question, "3.0").right
    assert not judge(question, "3.4").right


def test_an_answer_rounded_too_much_is_told_so() -> None:
    question = asked("x*y", "contribution", "x", x=2, y=3.14)
    said = judge(question, "3.1")
    assert not said.right
    assert said.sentence == "Almost: that is rounded too much; give 2 decimals."


def test_inf_and_nan_can_be_answered() -> None:
    question = asked("log(x)", "contribution", "x", x=0)
    assert judge(question, "inf").right
    assert not judge(question, "1000").right
    assert not judge(question, "nan").right
    assert judge(asked("x - x", "forward", "f", x=math.inf), "NaN").right


def test_tiny_numbers_are_judged_by_their_first_digits() -> None:
    question = asked("x*y", "contribution", "x", x=2, y=1.234e-9)
    assert judge(question, "1.23e-9").right
    assert not judge(question, "0").right
    assert not judge(question, "1.3e-9").right


def test_arrays_are_answered_whole() -> None:
    question = asked("sum(relu(x)*y)", "contribution", "x", x=[1, -2, 3], y=[4, 5, 6])
    assert question.kind == "array"
    assert judge(question, "[4, 0, 6]").right
    assert judge(question, "4 0 6").right
    assert judge(question, "[4, 5, 7]").sentence == "1 of 3 numbers is right."
    with pytest.raises(ArgumentError, match="3 numbers are asked for, in shape"):
        judge(question, "[4, 5]")


def test_what_is_no_answer_is_refused_with_a_word() -> None:
    question = asked("x*y", "contribution", "x", x=2, y=3)
    with pytest.raises(ArgumentError, match="no number; write"):
        judge(question, "three")
    with pytest.raises(ArgumentError, match="one number is asked for"):
        judge(question, "3 4 5")


def test_a_large_product_is_a_choice_of_formulas() -> None:
    trace = told("sum(X @ W)", X=np.arange(12.0).reshape(4, 3), W=[[1, 2], [3, 4], [5, 6]])
    question = question_of(trace, step(trace, "contribution", "W"))
    assert question is not None
    assert question.kind == "choice"
    assert question.shown == "Xᵀ @ ∂f/∂q"
    right = question.choices.index(question.shown) + 1
    assert judge(question, str(right)).right
    assert judge(question, "Xᵀ @ ∂f/∂q").right
    wrong = judge(question, "X @ ∂f/∂q")
    assert wrong.mistake is not None
    assert wrong.mistake.name == "forgot-transpose"
    assert question.shown not in " ".join(question.hints)
    with pytest.raises(ArgumentError, match="none of the choices 1 to 4"):
        judge(question, "5")


def test_shapes_are_asked_where_there_are_no_numbers() -> None:
    trace = mg.trace(mg.relu(mg.placeholder((4, 3)) @ mg.placeholder((3, 2))))
    question = question_of(trace, trace.events[0])
    assert question is not None
    assert question.shown == "4×2"
    assert question.choices[int(np.asarray(question.answer)) - 1] == "4×2"
    assert len(set(question.choices)) == len(question.choices)


def test_what_is_not_summed_yet_is_asked_for_as_such() -> None:
    trace = told("sum(x * b)", x=[1, 2, 4], b=1)
    asked_for = [q.prompt for e in trace.events for q in questions_of(trace, e)]
    assert asked_for[-2:] == [
        "How much is ∂f/∂b, before its copies are summed?",
        "How much is ∂f/∂b?",
    ]


def test_the_hints_lead_there_and_stop_before_the_answer() -> None:
    question = asked("(x + y) * z", "contribution", "z", x=-2, y=5, z=-4)
    rule, local, product = question.hints
    assert "other input" in rule
    assert rule.endswith("∂f/∂z = q · ∂f/∂f")
    assert local == "the local derivative is q = 3"
    assert product == "3 · 1 = ?"


# -- known mistakes, worked out by hand ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values", "kind", "target", "answer", "name"),
    [
        ("x*x + x", {"x": 3}, "branch", "x", "1", "branches-not-summed"),
        ("x*x + x", {"x": 3}, "branch", "x", "3", "branches-not-summed"),
        ("x*x + x", {"x": 3}, "branch", "x", "4", "branch-left-out"),
        ("x*x + x", {"x": 3}, "branch", "x", "9", "branches-multiplied"),
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, "contribution", "z", "-4", "own-value"),
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, "contribution", "z", "-3", "sign"),
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, "contribution", "x", "1", "forgot-upstream"),
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, "contribution", "x", "-2", "split"),
        ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, "forward", "f", "-22", "brackets-ignored"),
        ("3 * (x * y)", {"x": 2, "y": 5}, "contribution", "x", "3", "forgot-local"),
        ("3 * (x * y)", {"x": 2, "y": 5}, "contribution", "x", "5", "forgot-upstream"),
        ("3 * (x * y)", {"x": 2, "y": 5}, "contribution", "x", "6", "own-value"),
        ("3 * (x * y)", {"x": 2, "y": 5}, "contribution", "x", "8", "added"),
        ("7 * (x - y)", {"x": 2, "y": 5}, "contribution", "y", "7", "minus-forgotten"),
        ("3 * max(a, b)", {"a": 1, "b": 2}, "contribution", "a", "3", "to-both"),
        ("3 * max(a, b)", {"a": 1, "b": 2}, "contribution", "b", "0", "to-the-loser"),
        ("1/x", {"x": 4}, "contribution", "x", "1/16", "minus-forgotten"),
        ("1/x", {"x": 4}, "contribution", "x", "-1/4", "square-forgotten"),
        ("x/y", {"x": 3, "y": 2}, "contribution", "y", "3/4", "minus-forgotten"),
        ("x**3", {"x": 2}, "contribution", "x", "4", "factor-forgotten"),
        ("x**3", {"x": 2}, "contribution", "x", "24", "power-not-lowered"),
        ("2 * exp(x)", {"x": 2}, "contribution", "x", "2", "derivative-one"),
        ("exp(x)", {"x": 2}, "contribution", "x", "5.44", "power-rule"),
        ("sigmoid(x)", {"x": 0.5}, "contribution", "x", "0.62", "factor-forgotten"),
        ("tanh(x)", {"x": 0.5}, "contribution", "x", "0.54", "square-forgotten"),
        ("5 * relu(x)", {"x": -2}, "contribution", "x", "5", "mask-ignored"),
        ("mean(x)", {"x": [1, 2, 4]}, "contribution", "x", "1 1 1", "forgot-1/n"),
        ("sum(x * b)", {"x": [1, 2, 4], "b": 1}, "broadcast", "b", "[1,2,4]",
         "broadcast-not-summed"),
        ("sum(x * b)", {"x": [1, 2, 4], "b": 1}, "broadcast", "b", "7/3", "broadcast-averaged"),
        ("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [5, 6]}, "contribution", "x", "3 7",
         "forgot-transpose"),
        ("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [5, 6]}, "contribution", "W", "5 5 6 6",
         "wrong-order"),
        ("-x**2", {"x": 3}, "forward", "f", "9", "minus-squared"),
        ("x**2", {"x": -3}, "forward", "f", "-9", "minus-not-squared"),
        ("sigmoid(x)", {"x": 1}, "forward", "f", "0.27", "sign-in-exponent"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(
    text: str, values: dict[str, object], kind: str, target: str, answer: str, name: str
) -> None:
    found = judge(asked(text, kind, target, **values), answer)
    assert not found.right
    assert found.mistake is not None, found.sentence
    assert name in (found.mistake.name, *found.mistake.others)
    assert found.sentence.startswith("No: that is what you get if ")


def test_a_mistake_made_with_rounded_numbers_is_named_too() -> None:
    # The upstream gradient is 0.1966, shown as 0.20; 30 · 0.20 = 6.00, and 5.90 unrounded.
    question = asked("sigmoid(w*x)", "contribution", "x", w=30, x=-0.0333)
    assert question.shown != "6.00"
    for answer in (f"{-30 * 0.2:.2f}", f"{-flat(question.answer)[0]:.2f}"):
        found = judge(question, answer)
        assert found.mistake is not None, answer
        assert found.mistake.name == "sign"


def test_two_mistakes_with_one_number_are_both_named() -> None:
    found = judge(asked("x*x + x", "branch", "x", x=3), "3").sentence
    assert found == (
        "No: that is what you get if the branches are not summed, or if a later gradient "
        "overwrites the earlier ones: = instead of +=."
    )


def test_a_mistake_that_happens_to_be_right_is_not_named() -> None:
    question = asked("x*y", "contribution", "x", x=3, y=3)  # own and other value are the same
    assert "own-value" not in {m.name for m in question.mistakes}


def test_an_optimizers_step_is_diagnosed() -> None:
    _, questions = update_quiz("adam", gradients=[6.0, 5.0], lr=0.1, t=2)
    asked_for = {q.prompt: q for q in questions}
    hat = asked_for["How much is m̂?"]
    # m = 0.9·0.6 + 0.1·5 = 1.04, 1 − 0.9² = 0.19
    assert judge(hat, "5.4737").right
    multiplied = judge(hat, "0.1976").sentence
    assert multiplied == (
        "No: that is what you get if m̂ is multiplied by its correction instead of divided."
    )
    assert "the division is left out" not in judge(hat, "1.04").sentence
    delta = asked_for["How much is Δ?"]
    # 0.1 · 5.4737 / 30.497, without the root
    assert "the square root is left out" in judge(delta, "0.0179").sentence


def test_the_plain_quiz_knows_the_correction_too() -> None:
    trace, _ = update_quiz("adam", gradients=[6.0], lr=0.1, t=1)
    event = next(e for e in trace.events if trace.by_id[e.node].label == "m̂")
    question = question_of(trace, event)
    assert question is not None
    assert "multiplied by its correction" in judge(question, "0.06").sentence


# -- what must hold everywhere ---------------------------------------------------------------------

GATES = ["exp", "log", "sin", "cos", "tanh", "sigmoid", "relu", "abs", "square", "sqrt", "softplus"]


@st.composite
def circuits(draw: st.DrawFn) -> Trace:
    """A random circuit of scalars or small vectors."""
    size = draw(st.sampled_from([None, None, 2, 3]))
    numbers = st.integers(-40, 40).map(lambda n: n / 10)
    known: list[mg.Tensor] = []
    for name in "xyz"[: draw(st.integers(1, 3))]:
        value = draw(numbers) if size is None else [draw(numbers) for _ in range(size)]
        known.append(mg.Tensor(value, name=name))
    for _ in range(draw(st.integers(1, 6))):
        a, b = draw(st.sampled_from(known)), draw(st.sampled_from(known))
        kind = draw(st.sampled_from(["+", "-", "*", "/", "max", "min", "neg", "pow", *GATES]))
        match kind:
            case "+":
                known.append(a + b)
            case "-":
                known.append(a - b)
            case "*":
                known.append(a * b)
            case "/":
                known.append(a / b)
            case "max":
                known.append(mg.maximum(a, b))
            case "min":
                known.append(mg.minimum(a, b))
            case "neg":
                known.append(-a)
            case "pow":
                known.append(a ** draw(st.sampled_from([2.0, 3.0, -1.0, 0.5])))
            case _:
                known.append(getattr(mg, kind)(a))
    output = known[-1]
    if size is not None:
        output = draw(st.sampled_from([mg.sum, mg.mean, mg.max]))(output)
    return mg.trace(output)


@settings(max_examples=60, deadline=None)
@given(circuits())
def test_right_is_right_and_each_mistake_is_itself(trace: Trace) -> None:
    for event in trace.events:
        for question in questions_of(trace, event):
            _is_sound(question)


def test_tensors_too() -> None:
    values = {"X": [[1.5, -2], [0.25, 3]], "W": [[1, 2], [-1, 0.5]], "b": [0.1, -0.2]}
    for text in (
        "mean((X @ W + b)**2)",
        "sum(softmax(X @ W) * b)",
        "sum(max(relu(X @ W), axis=1))",
        "logsumexp(X @ W + b)",
        "sum(transpose(X) @ W)",
    ):
        used = {k: v for k, v in values.items() if k in text}
        trace = told(text, **used)
        asked_for = [q for e in trace.events for q in questions_of(trace, e)]
        assert len(asked_for) > len(trace.events) / 2
        for question in asked_for:
            _is_sound(question)


def _is_sound(question: Question) -> None:
    def typed(value: object) -> str:
        if question.kind == "choice":
            return str(int(np.asarray(value)))
        return "; ".join(repr(x) for x in flat(value))  # type: ignore[arg-type]

    shown = question.shown if question.kind != "choice" else typed(question.answer)
    assert judge(question, shown).right
    assert judge(question, typed(question.answer)).right
    for also in question.alternatives:
        assert judge(question, typed(also.value)).right
    names = [m.name for m in question.mistakes]
    for mistake in question.mistakes:
        found = judge(question, typed(mistake.value))
        assert not found.right, (question.prompt, mistake)
        assert found.mistake is mistake, (question.prompt, names, mistake, found)
    json.dumps(question.to_dict(), allow_nan=False)


def test_every_wrong_derivative_is_wrong_somewhere() -> None:
    """A row that always gives the right derivative would accuse nobody."""
    points = {"clip": 0.3, "log": 0.7, "sqrt": 0.7, "log1p": 0.7, "pow": 0.7}
    for gate, rows in WRONG_LOCAL.items():
        row = mg.TABLE[gate]
        for wrong in rows:
            differs = False
            for shift in (0.0, -1.3, 2.0):
                x = points.get(gate, 0.7) + (shift if gate not in points else 0.2 * shift)
                inputs = [x, 1.9, 0.4][: max(1, len(row.inputs))]
                if gate == "where":
                    inputs = [1.0 if shift > 0 else 0.0, x, 1.9]
                params = {k: 0.5 if v is ... else v for k, v in row.params.items()}
                if gate == "clip":
                    params = {"low": -0.5, "high": 0.2}
                position = wrong.position or 0
                out = row.evaluate(inputs, params)
                rule = row.rule(position)
                assert rule is not None
                right = rule(1.0, out, *inputs, **params)
                arrays = [np.asarray(i, float) for i in inputs]
                with np.errstate(all="ignore"):
                    value = wrong.wrong(np.asarray(out), *arrays, **params)
                differs = differs or not np.allclose(value, right, equal_nan=False)
            assert differs, (gate, wrong.name)


def test_mistakes_are_computed_for_gates_that_sum_away() -> None:
    trace = told("sum(W @ x)", W=[[1, 2], [3, 4]], x=[5, 6])
    names = {w.name for e in trace.events for w in wrongs_of(trace, e)}
    assert {"forgot-transpose", "wrong-order", "mean-for-sum", "elementwise"} <= names


# -- the page's judge ------------------------------------------------------------------------------

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_a_page_judges_by_the_same_rule(tmp_path: Path) -> None:
    questions = [
        asked("sigmoid(w*x + b)", "contribution", "x", w=2, x=-1, b=1),
        asked("x*x + x", "branch", "x", x=3),
        asked("sum(relu(x)*y)", "contribution", "x", x=[1, -2, 3], y=[4, 5, 6]),
        asked("log(x)", "contribution", "x", x=0),
        asked("x - x", "forward", "f", x=math.inf),
    ]
    answers = [
        "0.39", "0,393", "0.40", "0.2", "3", "1", "−1", "7", "[4, 0, 6]", "4;0;6", "[4,5,6]", "1/3",
        "∞", "inf", "nan", "-inf", "abc", "", "1,5 · 10⁻³", "16 777 216", "0,5, 1,5", "--1", "1/0",
        "x = 7", "0.387", "0.3885", "7,0", "1e400", "- 3", "4 / 10",
    ]  # fmt: skip
    judged = []
    for question in questions:
        for answer in answers:
            try:
                verdict = judge(question, answer)
                kind = "right" if verdict.right else "mistake" if verdict.mistake else "wrong"
            except ArgumentError:
                kind = "unreadable"
            judged.append(kind)
    script = Path(mg.__file__).parent / "teaching" / "quiz" / "judge.js"
    data = json.dumps({"questions": [q.to_dict() for q in questions], "answers": answers})
    program = tmp_path / "judge.js"
    program.write_text(
        f"{script.read_text(encoding='utf-8')}\nconst data = {data};\n"
        "console.log(JSON.stringify(data.questions.flatMap(q =>"
        " data.answers.map(a => judgeAnswer(q, a).kind))));\n",
        encoding="utf-8",
    )
    assert NODE is not None
    done = subprocess.run([NODE, str(program)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == judged
    assert {"right", "mistake", "wrong", "unreadable"} == set(judged)


def test_tolerances_of_arrays_are_those_of_their_elements() -> None:
    assert tolerances(np.array([0.5, 1.25e-9])) == (0.005, 5e-12)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("sum(x)", "∂f/∂q to each of 3 elements"),
        ("max(x)", "∂f/∂q to the largest"),
        ("mean(x)", "∂f/∂q / 3"),
        ("sum(b * softmax(x))", "q · (∂f/∂q − Σ ∂f/∂q · q)"),
        ("sum(b * log_softmax(x))", "∂f/∂q − exp(q) · Σ ∂f/∂q"),
        ("sum(transpose(X) * X)", "(∂f/∂q)ᵀ"),
    ],
)
def test_a_formula_is_written_as_in_the_panel(text: str, formula: str) -> None:
    values = {"x": [1, 2, 4], "b": [3, 5, 6], "X": [[1, 2], [3, 4]]}
    trace = told(f"{text} * 2", **{k: v for k, v in values.items() if k in text})
    jacobian = [e for e in trace.events if e.kind == "contribution" and e.local is None]
    found = {right_formula(trace, e): panel_of(trace, e).right for e in jacobian}
    assert formula in found
    assert all(chosen == shown for chosen, shown in found.items())


def test_a_hint_tells_a_worded_rule_from_its_number() -> None:
    question = asked("relu(x) * 2", "contribution", "x", x=-1)
    assert "∂q/∂x = 1 if x > 0, else 0: 0" in question.hints
