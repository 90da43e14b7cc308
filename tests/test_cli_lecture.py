"""`microgd lecture`: list, show, check, and what is made of a lecture's circuit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from cli_runner import names_in, refused, run, said

from microgd.teaching.lectures import LECTURES, catalogue
from microgd.teaching.lectures import PrintedNumber as Number
from microgd_cli.lecture import command

SUBCOMMANDS = ("list", "show", "check", "draw", "play", "slides", "step", "emit")


def test_the_list_has_every_lecture() -> None:
    for told in (said("lecture"), said("lecture", "list")):
        rows = [line.split()[0] for line in told.splitlines() if line[1:2].isdigit()]
        assert rows == list(LECTURES)
    part = said("lecture", "list", "--part", "b")
    assert "B8" in part
    assert "A1" not in part
    listed = json.loads(said("lecture", "list", "--json"))
    assert [row["id"] for row in listed] == list(LECTURES)


@pytest.mark.parametrize("id", ["A1", "A2", "A11", "B3", "C2", "D9", "E4", "F4"])
def test_show(id: str) -> None:
    row = LECTURES[id]
    told = said("lecture", "show", id)
    flat = " ".join(told.split())
    assert told.startswith(f"{id}  {row.title}")
    assert row.text in flat
    assert all(note in flat for note in row.notes)
    assert all(number.printed in told for number in row.numbers)
    assert all(" ".join(claim.title.split()) in flat for claim in row.claims if not claim.slow)
    assert all(line in told for line in row.commands)
    assert row.command in told


def test_the_id_alone_shows_it() -> None:
    assert said("lecture", "a1") == said("lecture", "show", "A1")


def test_show_tells_the_deck_s_way() -> None:
    line = next(x for x in said("lecture", "show", "A2").splitlines() if x.startswith("∂f/∂x0"))
    assert line.split() == ["∂f/∂x0", "0.40", "0.39", "0.39322", "0.40"]
    unknown = next(x for x in said("lecture", "C2").splitlines() if "−3.54 " in x)
    assert unknown.split()[-4:] == ["−3.54", "−3.55", "−3.54975", "?"]


def test_show_as_data_and_as_a_picture(tmp_path: Path) -> None:
    shown = json.loads(said("lecture", "show", "A1", "--json"))
    assert shown["decks"] == ["001"]
    assert {f["what"]: f["got"] for f in shown["findings"]}["∂f/∂x"] == "−4"
    picture = tmp_path / "a1.svg"
    assert f"saved {picture}" in said("lecture", "show", "A1", "-o", str(picture))
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_check() -> None:
    told = said("lecture", "check", "A1", "b", "A1")
    assert told.splitlines()[0].split()[:4] == ["✓", "A1", "7", "numbers"]
    assert told.splitlines()[-1].startswith("9 lectures: ")
    assert told.splitlines()[-1].endswith("everything came out")
    found = json.loads(said("lecture", "check", "A1", "--json"))
    assert all(finding["ok"] for finding in found)


def test_check_fails_where_a_number_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    row = LECTURES["A1"]
    changed = replace(row, numbers=(*row.numbers[:3], Number("∂f/∂z", "5")))
    monkeypatch.setattr(catalogue, "LECTURES", MappingProxyType({**LECTURES, "A1": changed}))
    result = run("lecture", "check", "A1")
    assert result.exit_code == 1
    assert "A1, ∂f/∂z: expected 5, got 3" in result.stderr
    assert result.stdout.startswith("✗  A1")
    assert "1 is wrong" in result.stdout
    assert "not 5" in run("lecture", "show", "A1").stdout
    assert run("lecture", "show", "A1").exit_code == 1
    assert json.loads(run("lecture", "check", "A1", "--json").stdout)[3]["ok"] is False


def test_what_is_made_of_a_lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert said("lecture", "draw", "A1") == "saved A1.svg\n"
    assert said("lecture", "draw", "A2", "--look", "lecture", "-o", "n.dot") == "saved n.dot\n"
    assert said("lecture", "play", "A1", "--quiz").startswith("saved A1.html")
    assert said("lecture", "slides", "A1", "-o", "s.html").startswith("saved s.html")
    assert names_in(tmp_path) == ["A1.html", "A1.svg", "n.dot", "s.html"]
    assert LECTURES["A1"].title in Path("A1.html").read_text(encoding="utf-8")
    assert "step 6 of 6" in said("lecture", "step", "A1", "--plain")
    assert "dz = q * df" in said("lecture", "emit", "A1")
    said("lecture", "play", "A1", "--title", "Ours", "-o", "t.html")
    assert "<title>Ours" in Path("t.html").read_text(encoding="utf-8")


def test_other_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    english = said("lecture", "show", "A1")
    for lang in ("cs", "ro", "ru"):
        told = said("lecture", "show", "A1", "--lang", lang)
        assert told == said("lecture", "--lang", lang, "A1")
        assert told != english
        said("lecture", "list", "--lang", lang)
        said("lecture", "check", "A1", "--lang", lang)
    assert said("lecture", "step", "A1", "--lang", "cs") != said("lecture", "step", "A1")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "Z9"), "no lecture 'Z9'"),
        (("A12",), "no lecture 'A12'"),
        (("list", "--part", "G"), "no part 'G'"),
        (
            ("draw", "C6"),
            "C6 has no circuit for `draw`. To see what it is about:\n  microgd descend",
        ),
        (("show", "C6", "-o", "x.svg"), "C6 has no circuit"),
        (("show", "A1", "-o", "x.xyz"), "no format"),
        (("chek",), "Did you mean 'check'?"),
        (("check", "A1", "Q"), "no part 'Q'"),
        (("draw", "A1", "--lok", "cards"), "No such option"),
        (("play", "A1", "-o", "x.svg"), ".html"),
        (("show",), "Missing argument 'ID'"),
    ],
)
def test_what_cannot_be_done(arguments: tuple[str, ...], complaint: str) -> None:
    assert complaint in refused(2, "lecture", *arguments)


def test_a_refused_option_names_the_command_that_has_it() -> None:
    assert "Try 'microgd draw --help'" in refused(2, "lecture", "draw", "A1", "--lok", "cards")


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_of_the_subcommands(name: str) -> None:
    told = said("lecture", name, "--help")
    assert told.isascii()
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("    microgd lecture ") >= 2
    assert set(SUBCOMMANDS) == set(command.commands)
    made = command.commands[name]
    assert all(p.help for p in made.params if p.param_type_name == "option")


def test_in_ascii() -> None:
    told = run("lecture", "check", "A1", PYTHONIOENCODING="ascii").stdout
    assert "A1" in told
