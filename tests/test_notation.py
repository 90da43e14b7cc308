"""Notation: formulas as sentences write them, taken apart and typeset."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd.notation.latex import to_latex
from microgd.notation.latex_text import LETTERS, SIGNS, latex_text
from microgd.notation.mathml import to_mathml
from microgd.notation.names import split_name
from microgd.notation.reading import DEEPEST, read
from microgd.notation.tree import Fraction, Name, Number, Raised, Row, Sign
from microgd.notation.typst import to_typst, typst_string
from microgd.teaching.panel import panels

#: Plain text → LaTeX, as somebody who knows LaTeX would write it.
BY_HAND = {
    "q = x + y = −2 + 5 = 3": "q = x + y = -2 + 5 = 3",
    "∂f/∂x = ∂q/∂x · ∂f/∂q": r"\frac{\partial f}{\partial x} = \frac{\partial q}{\partial x} "
    r"\cdot \frac{\partial f}{\partial q}",
    "−1/x²": r"-\frac{1}{x^{2}}",
    "e^q": "e^{q}",
    "eˣ": "e^{x}",
    "p·x^(p−1)": r"p \cdot x^{p - 1}",
    "1/(2√x)": r"\frac{1}{2\sqrt{x}}",
    "1 / (1 + exp(−z))": r"\frac{1}{1 + \exp\left( -z \right)}",
    "g @ Wᵀ": r"g \, W^{\top}",
    "|x|": r"\left| x \right|",
    "‖g‖ = 3": r"\left\| g \right\| = 3",
    "q⁻⁰·⁵": "q^{-0.5}",
    "x^-2": "x^{-2}",
    "0.20 · (−0.53) = −0.11": r"0.20 \cdot \left( -0.53 \right) = -0.11",
    "1.00e−12": r"1.00 \cdot 10^{-12}",
    "x[0, 1:]": r"x\left[ 0, 1 : \right]",
    "w0 · x_10": r"w_{0} \cdot x_{10}",
    "aₛ": "a_{s}",
    "1 if x > 0": r"1\text{ if }x > 0",
    "1 if x > 0, else 0": r"1\text{ if }x > 0, \text{ else }0",
    "sign x": r"\operatorname{sign}x",
    "relu(p)": r"\operatorname{relu}\left( p \right)",
    "inf": r"\infty",
    "[[1, −2], [3, 4]]": r"\begin{bmatrix} 1 & -2 \\ 3 & 4 \end{bmatrix}",
    "x[[0, 1]]": r"x\left[ \left[ 0, 1 \right] \right]",
    "[[1, 2], [3]]": r"\left[ \left[ 1, 2 \right], \left[ 3 \right] \right]",
}


@pytest.mark.parametrize("text", BY_HAND)
def test_latex_by_hand(text: str) -> None:
    assert to_latex(read(text)) == BY_HAND[text]


def test_powers_bind_before_fractions_and_fractions_before_signs() -> None:
    assert read("a/b²·c") == Row(
        (Fraction(Name("a"), Raised(Name("b"), Number("2"))), Sign("·"), Name("c"))
    )


def test_a_label_is_a_name_whatever_it_looks_like() -> None:
    assert read("a/b · 2", ["a/b"]) == Row((Name("a/b"), Sign("·"), Number("2")))
    assert read("my loss + x", ["my loss"]) == Row((Name("my loss"), Sign("+"), Name("x")))


def test_the_longest_label_is_taken_first() -> None:
    assert read("xy·x", ["x", "xy"]) == Row((Name("xy"), Sign("·"), Name("x")))


@pytest.mark.parametrize("text", ["((a", "a))", "[", "|", "√", "^", "∂", "/", "a^", "/a", "^a", ""])
def test_what_does_not_close_is_read_anyhow(text: str) -> None:
    for write in (to_latex, to_mathml, to_typst):
        assert isinstance(write(read(text)), str)


def test_brackets_beyond_reason_are_signs() -> None:
    text = "(" * 5000 + "x" + ")" * 5000
    assert to_mathml(read(text)).count("<mrow>") == DEEPEST


def test_names_with_something_below_them() -> None:
    assert split_name("w10") == ("w", "10")
    assert split_name("w₁₀") == ("w", "10")
    assert split_name("W2h") == ("W2h", "")


def test_no_text_can_break_out() -> None:
    hostile = '</mi><script>alert(1)</script>"&#\\}{$%^_~\u202e\x1b'
    part = read(f"{hostile} + 1", [hostile])
    root = ElementTree.fromstring(to_mathml(part))
    assert {e.tag for e in root.iter()} == {"math", "mi", "mo", "mn"}
    assert not re.search(r"(?<!\\)[#$%&_]", to_latex(part))
    assert latex_text("\\input{x}") == r"\textbackslash{}input\{x\}"
    assert typst_string('"#eval(') == '"\\"#eval("'
    for write in (to_latex, to_mathml, to_typst):
        assert not re.search("[\u202e\x1b]", write(part))


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("my loss", r"\textrm{my loss}"),
        ("a → b", r"\textrm{a \ensuremath{\to} b}"),
        ("ztráta", r"\textrm{ztráta}"),
        ("é", r"\textrm{é}"),
        ("Δw", r"\textrm{\ensuremath{\Delta}w}"),
        ("x²³", r"\textrm{x\ensuremath{{}^{2}}\ensuremath{{}^{3}}}"),
        ("snow ☃", r"\textrm{snow [U+2603]}"),
        ("½Ａ", r"\textrm{1/2A}"),
        ("a<b", r"\textrm{a\ensuremath{<}b}"),
    ],
)
def test_names_in_latex_keep_their_spaces_and_have_no_sign_that_it_lacks(
    name: str, latex: str
) -> None:
    part = read(f"{name} + 1", [name])
    assert to_latex(part) == f"{latex} + 1"
    assert "".join(ElementTree.fromstring(to_mathml(part)).itertext()) == f"{name}+1"
    assert typst_string(name) in to_typst(part)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_pdflatex_takes_every_sign(tmp_path: Path) -> None:
    signs = [*SIGNS, *LETTERS, *"áčďéěřůžșțßÅłøŐ½²₃ﬁ☃你Ａά–—“”„Βª≅", "a → b", "naïve x"]
    lines = [rf"${to_latex(Name(n))}_{{{to_latex(Name(n))}}}$ {latex_text(n)}" for n in signs]
    page = [r"\documentclass{article}\usepackage{amsmath}\begin{document}", *lines]
    (tmp_path / "t.tex").write_text("\n\n".join([*page, r"\end{document}"]), encoding="utf-8")
    ran = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-800:]
    log = (tmp_path / "t.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    assert "invalid in math mode" not in log


FORMULA = st.text("xyWfq012.5+−·/^²ᵀˣ()[]|‖√∂ =<>,abc\\\"'{}$#&%", max_size=30)


@given(FORMULA | st.text(max_size=30))
def test_any_text_is_written_whole(text: str) -> None:
    """MathML is a tree, LaTeX's braces close, and no letter is lost on the way."""
    part = read(text)
    root = ElementTree.fromstring(to_mathml(part))
    assert _letters("".join(root.itertext())) == _letters(text)
    latex = re.sub(r"\\[{}]", "", to_latex(part))
    depth = 0
    for sign in latex:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    markup = re.sub(r'"(?:[^"\\]|\\.)*"', "", to_typst(part))
    markup = re.sub(r"italic\([A-Za-zΑ-ω]\)", "", markup)  # one letter is only a letter
    assert re.fullmatch(r"[a-z.,;:#() +−·×=≠≈<>≥≤→←∧⊗⊙∂]*", re.sub(r"\\[()\[\]|]", "", markup))


def _letters(text: str) -> list[str]:
    """Letters and digits, raised and lowered ones on the line."""
    return [c for c in unicodedata.normalize("NFKD", text) if c.isascii() and c.isalnum()]


@pytest.mark.parametrize("name", sorted(mg.TABLE))
def test_every_gates_own_texts_are_typeset(name: str) -> None:
    typst = pytest.importorskip("typst")
    gate = mg.TABLE[name]
    texts = [gate.formula, *gate.local]
    formulas = "\n\n".join(f"${to_typst(read(t))}$" for t in texts if t)
    assert typst.compile(formulas.encode(), format="svg")
    for text in texts:
        ElementTree.fromstring(to_mathml(read(text)))


def test_the_panels_of_a_neuron() -> None:
    told = panels(mg.circuit("1 / (1 + exp(-(w*x + b)))", w=2, x=-1, b=1).trace())
    exp = next(p for p in told if p.title == "s: exp → r")
    assert exp.symbols == "∂f/∂r = ∂s/∂r · ∂f/∂s"
    assert exp.rule == "∂s/∂r = e^r"
    assert (exp.local, exp.upstream, exp.value) == ("2.72", "−0.07", "−0.20")
    assert exp.numbers == "2.72 · (−0.07) = −0.20"


def test_a_branch_says_along_which_wire() -> None:
    told = panels(mg.circuit("x*x + x", x=3).trace())
    symbols = [p.symbols.partition(" = ")[0] for p in told if p.kind != "forward"]
    assert symbols == [*("∂f/∂f", "∂f/∂q", "∂f/∂x via f", "∂f/∂x via q", "∂f/∂x via q", "∂f/∂x")]
    assert told[-1].numbers == "1 + 3 + 3 = 7"
