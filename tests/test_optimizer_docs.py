"""The pages of optimizers say what the code does."""

import re
import runpy
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from microgd.optim import OPTIMIZERS, read_optimizer
from microgd_cli.main import cli

DOCS = Path(__file__).parent.parent / "docs"
PAGES = DOCS / "optimizers"
PICTURES = DOCS / "pictures" / "optimizers"
MADE = runpy.run_path(str(DOCS / "make_optimizers.py"))


def text_of(name):
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_every_optimizer_has_a_page_in_the_table_of_contents_a_race_and_its_forms():
    assert set(MADE["FORMS"]) == set(MADE["RACES"]) == set(OPTIMIZERS)
    contents = re.search(r"```{toctree}\n(.*?)```", text_of("index"), re.DOTALL)[1].split()
    assert set(OPTIMIZERS) <= set(contents)
    assert {p.stem for p in PAGES.glob("*.md")} == {"index", *contents} - {":maxdepth:", "1"}


@pytest.mark.parametrize("name", [*OPTIMIZERS, "conventions"])
def test_the_page_is_what_the_script_makes(name):
    text = text_of(name)
    assert "<!-- made: " in text
    assert MADE["page"](name, text) == text, "run python docs/make_optimizers.py"


@pytest.mark.slow
def test_the_comparison_is_what_the_script_measures():
    assert MADE["page"]("which", text_of("which")) == text_of("which")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_page_has_everything(name):
    text = text_of(name)
    assert ">>> " in text
    for heading in ("## When", "## Options"):
        assert heading in text
    for block in ("formula", "raced", "options"):
        assert f"<!-- made: {block} -->" in text
    assert f"](../pictures/optimizers/{name}.svg)" in text


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_option_of_its_own_is_explained(name):
    kind = type(MADE["rule"](name))
    for option in kind.__annotations__:
        if option != "source":
            assert f"| `{option}` |" in text_of(name) or option in ("weight_decay", "decoupled")


def test_the_pictures_are_small_and_none_is_left_over():
    assert {p.stem for p in PICTURES.iterdir()} == set(OPTIMIZERS)
    for picture in PICTURES.iterdir():
        assert picture.stat().st_size < 120_000, picture.name


def test_a_thinned_picture_keeps_its_shape():
    thin = MADE["thin"]
    line = "M 0 0 L 1 0.01 L 2 0 L 2 5 L 0 5 z"
    assert thin(f'<path d="{line}"/>') == '<path d="M0.0 0.0L2.0 0.0L2.0 5.0L0.0 5.0z "/>'
    curve = '<path d="M 0 0 Q 1 1 2 2 z"/>'
    assert thin(curve) == curve


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_command_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = shlex.split(MADE["RACES"][name].command.replace("\\\n", ""))
    steps = command.index("--steps")
    command[steps + 1] = "3"  # the walk itself is the lab's, and tested there
    output = command.index("-o")
    result = CliRunner().invoke(cli, command[1:output] + command[output + 2 :])
    assert result.exit_code == 0, result.output


def test_calls_in_the_conventions_can_be_read():
    calls = re.findall(r"^\| [\w ]+ \| `(.*?)` \|", text_of("conventions"), re.MULTILINE)
    assert len(calls) > 40
    for call in calls:
        read_optimizer(call)
