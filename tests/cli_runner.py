"""Running the command line: in this process for most tests, in one of its own for a few."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from microgd_cli.main import cli

ENVIRONMENT = {"COLUMNS": "80", "NO_COLOR": "1", "MICROGD_DEBUG": "", "MICROGD_DOT": ""}


def run(*arguments: str, input: str | bytes | None = None, **environment: str) -> Result:
    """`microgd arguments` in this process."""
    runner = CliRunner(env={**ENVIRONMENT, **environment})
    return runner.invoke(cli, arguments, prog_name="microgd", input=input)


def said(*arguments: str, input: str | bytes | None = None, **environment: str) -> str:
    """What a command prints that succeeds and has no complaint."""
    result = run(*arguments, input=input, **environment)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def refused(
    code: int, *arguments: str, input: str | bytes | None = None, **environment: str
) -> str:
    """What a command complains of that fails with this exit status. Never a traceback."""
    result = run(*arguments, input=input, **environment)
    assert result.exit_code == code, (result.exit_code, result.output)
    assert "Traceback" not in result.output
    assert "bug in microgd" not in result.output
    return result.stderr


def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    """`microgd arguments` in a process of its own."""
    environment = {**os.environ, **ENVIRONMENT, **options.pop("env", {})}  # type: ignore[dict-item]
    command = [sys.executable, "-m", "microgd_cli", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options
    )  # type: ignore[call-overload]


def complete(*arguments: str, **options: object) -> tuple[int, bytes, bytes]:
    """Exit status, output and complaints of a process of its own."""
    process = start(*arguments, **options)
    output, complaints = process.communicate(timeout=60)
    return process.returncode, output, complaints


def names_in(directory: Path) -> list[str]:
    """The names of the files there."""
    return sorted(entry.name for entry in directory.iterdir())
