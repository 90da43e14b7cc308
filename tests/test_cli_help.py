"""Help: every command has it, with examples, and the examples work."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from cli_runner import run, said

from microgd_cli.main import COMMANDS, SECTIONS, cli

EXAMPLES = [
    line.strip()
    for arguments in ((), *((name,) for name in COMMANDS))
    for line in run(*arguments, "--help").stdout.split("\n")
    if line.startswith("    microgd ")
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    printed = said(name, "--help")
    assert printed.startswith(f"Usage: microgd {name}")
    assert 2 <= len(re.findall(r"^    microgd ", printed, re.MULTILINE)) <= 5
    assert max(map(len, printed.split("\n"))) <= 80
    assert printed.isascii()  # click writes help itself, in UTF-8 whatever the terminal speaks


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    module, summary = COMMANDS[name]
    command = import_module(f"microgd_cli.{module}").command
    assert command.name == name
    assert summary.removesuffix(".").split(",")[0].split(" ")[0] == command.help.split(" ")[0]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs that examples speak of."""
    folder = tmp_path_factory.mktemp("trained") / "runs"
    for name in {match for line in EXAMPLES for match in re.findall(r"runs/([\w-]+-1)", line)}:
        options = ["--epochs", "1", "--quiet", "--run", str(folder / name)]
        said("train", "--data", name.removesuffix("-1"), *options)
    return folder


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_work(
    example: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "runs/" in example:
        shutil.copytree(runs, tmp_path / "runs")
    program, *arguments = shlex.split(example)
    assert program == "microgd"
    assert said(*arguments)


def test_the_bare_program_helps() -> None:
    result = run()
    assert "Walking down:" in result.output
    assert all(name in result.output for name in COMMANDS)


def test_version() -> None:
    assert said("--version") == f"microgd {version('microgd')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    assert "_MICROGD_COMPLETE" in said("completion", shell)


def test_completion_knows_commands_and_options() -> None:
    result = run(COMP_WORDS="microgd tr", COMP_CWORD="1", _MICROGD_COMPLETE="bash_complete")
    assert "plain,trace" in result.output
    result = run(COMP_WORDS="microgd draw --lo", COMP_CWORD="2", _MICROGD_COMPLETE="bash_complete")
    assert "plain,--look" in result.output


def test_every_option_has_help() -> None:
    context = cli.make_context("microgd", ["--version-of-nothing"], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_every_command_has_a_heading() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(COMMANDS)
