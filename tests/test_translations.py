"""The catalogues: whole, and saying with the same names and numbers what the English text says."""

from __future__ import annotations

import ast
import gettext
import re
import runpy
import string
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import microgd as mg
from microgd.draw.outline import outline
from microgd.errors import ArgumentError
from microgd.teaching.factors import as_factor
from microgd.teaching.panel import panels
from microgd.teaching.quiz.question import questions_of
from microgd.trace.numbers import norm_words
from microgd.trace.rules import _parts
from microgd.translation import LANGUAGES, N_, _, ngettext, speaking, translated

ROOT = Path(mg.__file__).parent.parent
MADE = runpy.run_path(str(ROOT / "docs" / "make_translations.py"))
TEXTS = MADE["found"]()
OTHERS = [lang for lang in LANGUAGES if lang != "en"]
UPDATE = "run python docs/make_translations.py --left, and see docs/translating.md"

each_language = pytest.mark.parametrize("lang", OTHERS)


def catalogue(lang: str) -> dict[Any, Any]:
    found: dict[Any, Any] = MADE["translations"](lang)
    return found


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def pairs(lang: str) -> list[tuple[str, str]]:
    """Every translated form beside the English text; of a plural, the form for many."""
    whole = catalogue(lang).values()
    return [(forms(m.id)[-1], form) for m in whole for form in forms(m.string) if form]


@each_language
def test_every_text_is_translated_and_no_other(lang: str) -> None:
    there = catalogue(lang)
    assert sorted(map(str, TEXTS.keys() - there.keys())) == [], UPDATE
    assert sorted(map(str, there.keys() - TEXTS.keys())) == [], f"no longer used: {UPDATE}"
    assert [m.id for m in there.values() if m.fuzzy or not all(forms(m.string))] == [], UPDATE


@each_language
def test_the_file_is_as_it_is_written(lang: str) -> None:
    made = MADE["catalogue"](lang, TEXTS)
    # In which files a text stands may have changed; that breaks nothing.
    there = [(m.id, m.string) for m in catalogue(lang).values()]
    assert there == [(m.id, m.string) for m in made if m.id], UPDATE
    assert MADE["path_of"](lang).read_text(encoding="utf-8").startswith("# The texts of microgd")


@each_language
def test_what_is_read_is_what_was_translated(lang: str) -> None:
    with MADE["path_of"](lang, "mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    wanted = {
        (m.id[0], number) if isinstance(m.id, tuple | list) else m.id: form
        for m in catalogue(lang).values()
        for number, form in enumerate(forms(m.string))
        if form
    }
    there = {key: text for key, text in read._catalog.items() if key}  # type: ignore[attr-defined]
    assert there == wanted, UPDATE


@each_language
def test_plurals_have_all_forms(lang: str) -> None:
    for m in catalogue(lang).values():
        if not isinstance(m.id, str):
            assert len(forms(m.string)) == 3, m.id


def names_in(text: str) -> Counter[str]:
    return Counter(name for _text, name, _how, _as in string.Formatter().parse(text) if name)


@each_language
def test_names_are_put_in_as_in_english(lang: str) -> None:
    for english, form in pairs(lang):
        assert set(names_in(form)) == set(names_in(english)), form


@each_language
def test_local_derivatives_keep_their_letters(lang: str) -> None:
    for gate in mg.TABLE.values():
        for rule in gate.local:
            with speaking(lang):
                told = translated(rule)
            kept, there = (
                Counter(p for p in _parts(t, gate.inputs) if isinstance(p, int))
                for t in (rule, told)
            )
            assert there == kept, told


@each_language
def test_numbers_and_formulas_are_the_same(lang: str) -> None:
    for english, form in pairs(lang):
        for shown in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])", english):
            assert shown in form, (shown, form)


@each_language
def test_a_text_ends_as_in_english(lang: str) -> None:
    for english, form in pairs(lang):
        assert form == form.strip(" ") or english != english.strip(" "), form
        if form != "№":
            assert (english[-1] in ".?!:…") == (form[-1] in ".?!:…"), form
        assert ("  " in form) == ("  " in english), form


def test_letters_are_the_languages_own() -> None:
    """ș and ț with a comma; no Latin letter inside a Cyrillic word, and the other way round."""
    for lang in OTHERS:
        for _english, form in pairs(lang):
            assert unicodedata.normalize("NFC", form) == form
            assert not set(form) & set("şţŞŢãǎ"), form
            for word in re.findall(r"[^\W\d_]+", string.Formatter().vformat(form, (), _Blank())):
                scripts = {unicodedata.name(c).split()[0] for c in word if c.isalpha()}
                assert not {"LATIN", "CYRILLIC"} <= scripts, (word, form)
            cyrillic = re.search("[\u0400-\u04ff]", form)
            assert lang == "ru" or not cyrillic, form


class _Blank(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def test_marks_are_read_from_the_code() -> None:
    source = "_('a' 'b')\nngettext('{n} one', '{n} many', n)\nx = N_('c')\nf(f\"{_('d')}\")\n"
    assert set(MADE["marked_in"](source, "it.py")) == {"ab", ("{n} one", "{n} many"), "c", "d"}


@pytest.mark.parametrize(
    "wrong", ["_(f'{n} steps')", "_('a' + name)", "_(text)", "ngettext('a', many, 2)", "_('')"]
)
def test_a_text_that_is_put_together_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"it\.py, line 1: \w*\(\) takes a text as it stands"):
        list(MADE["marked_in"](wrong, "it.py"))


def test_nothing_else_is_called_as_the_mark_is() -> None:
    """`a, _, b = …` in a function hides the `_` that translates there."""
    for path in (ROOT / "microgd").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "translation import" not in source:
            continue
        for function in ast.walk(ast.parse(source)):
            if isinstance(function, ast.FunctionDef):
                names = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == "_"]
                kinds = {type(n.ctx) for n in names}
                assert len(kinds) < 2, f"{path}, {function.name}: _ is assigned and used"


@each_language
def test_a_trace_keeps_its_language(lang: str) -> None:
    with speaking(lang):
        told = mg.circuit("max(x, y) * x", x=-2, y=5).trace()
    assert told.lang == lang
    assert told.sentences[-1] == _in(lang, "{gate} {does}: 1 · (−2) = −2", "max", "routes")
    assert told.table().title == _in(lang, "backward") != "backward"
    assert told.gradients().columns[0] == _in(lang, "input")
    assert _in(lang, "value {number}").format(number="−10") in outline(told)
    badges = mg.draw(told, look="lecture").dot
    assert f">{_in(lang, 'swaps')}<" in badges
    assert ">swaps<" not in badges
    english = mg.circuit("max(x, y) * x", x=-2, y=5).trace()
    assert english.sentences[-1] == "max routes: 1 · (−2) = −2"


def _in(lang: str, text: str, *parts: str) -> str:
    with speaking(lang):
        said = translated(text)
        return said.format(gate=parts[0], does=translated(parts[1])) if parts else said


@each_language
def test_numbers_in_a_lesson_are_the_same_in_every_language(lang: str) -> None:
    program = "sum(relu(W @ x + b)) + mean(exp(x)) + max(x) + sum(W[0] * x)"
    given: dict[str, Any] = {"W": [[1.0, -2.0], [3.0, 4.0]], "x": [1.0, 2.0], "b": 0.5}
    english = mg.circuit(program, **given).trace()
    with speaking(lang):
        told = mg.circuit(program, **given).trace()
        shown = panels(told)
    for one, other in zip(english.events, told.events, strict=True):
        assert Counter(_numbers(other.sentence)) == Counter(_numbers(one.sentence))
        assert (other.kind, other.pattern) == (one.kind, one.pattern)
    for panel, event in zip(shown, told.events, strict=True):
        assert panel.sentence == event.sentence
        if event.kind == "contribution" and event.local is None:
            assert panel.symbols.partition(" = ")[2], panel


def _numbers(sentence: str) -> list[str]:
    return re.findall(r"−?\d+(?:\.\d+)?", sentence)


def test_rounding_is_noted_in_the_language() -> None:
    with speaking("cs"):
        told = mg.circuit("1 / (1 + exp(-(w * x + b)))", w=2.0, x=-1.0, b=3.0).trace()
    notes = told.table().notes
    assert notes
    assert all(n.startswith("před zaokrouhlením ") for n in notes)


def test_plural_forms() -> None:
    def gates(lang: str, count: int) -> str:
        with speaking(lang):
            return ngettext("{n} gate", "{n} gates", count).format(n=count)

    assert [gates("cs", n) for n in (1, 3, 5)] == ["1 hradlo", "3 hradla", "5 hradel"]
    assert [gates("ro", n) for n in (1, 3, 20)] == ["1 poartă", "3 porți", "20 de porți"]
    assert [gates("ru", n) for n in (21, 3, 11)] == ["21 вентиль", "3 вентиля", "11 вентилей"]


def test_no_text_is_no_text() -> None:
    with speaking("ru"):
        assert _("") == ""
        assert _("a text that nobody translated") == "a text that nobody translated"
        assert N_("swaps") == "swaps"


def test_a_language_that_there_is_not() -> None:
    refused = pytest.raises(ArgumentError, match="no language 'de'; choose en, cs, ro or ru")
    with refused, mg.speaking("de"):
        pass


@pytest.mark.parametrize("lang", LANGUAGES)
def test_rules_with_words_are_told_from_rules_in_symbols(lang: str) -> None:
    with speaking(lang):
        symbols = mg.circuit("tanh(x)", x=0.5).trace()
        words = mg.circuit("max(x, y) + relu(x)", x=2, y=2).trace()
    assert "1 − tanh² x = 0.79" in str(symbols.table())
    rules = [e.rule for e in words.events if e.kind == "contribution" and e.rule != "1"]
    assert [as_factor(rule) for rule in rules] == [f"({rule})" for rule in rules]
    locals_ = [row[2] for row in words.table().rows]
    assert f"{rules[0]}: 1.00" in locals_
    assert _in(lang, "{number} (tie)").format(number="0.50") in locals_


@each_language
def test_whatever_reads_a_trace_speaks_its_language(lang: str) -> None:
    with speaking(lang):
        told = mg.circuit("x * x + sum(W * x)", x=3, W=[[1, 2], [3, 4]]).trace()
    symbols = " ".join(panel.symbols for panel in panels(told))
    assert f"∂f/∂x {_in(lang, 'via {gate}').format(gate='q')}" in symbols
    prompts = [q.prompt for e in told.events for q in questions_of(told, e)]
    assert _in(lang, "How much is {what}?").format(what="q") == prompts[0]
    with speaking(lang):
        norm = norm_words(5.0, 0).partition(" ")[0]
    assert norm != "norm"
    assert f" {norm} " in mg.draw_terminal(told)
