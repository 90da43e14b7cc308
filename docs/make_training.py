"""Run the commands of the training guide, and write what they print under them.

python docs/make_training.py        # rewrites docs/training.md and its pictures; some minutes

The numbers are those of one machine: the last digits of a trained net differ between devices, so no
test compares them. A test runs the commands, though.
"""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from microgd_cli.main import cli

DOCS = Path(__file__).parent
PAGE = DOCS / "training.md"
PICTURES = DOCS / "inside"
BLOCK = re.compile(r"^```console\n((?:\$ microgd .*\n)+)(?:[^`]*\n)?```$", re.MULTILINE)


def commands(text: str) -> list[str]:
    """The commands of the page, in order."""
    return [line.removeprefix("$ ") for match in BLOCK.findall(text) for line in match.splitlines()]


def run(line: str) -> str:
    """What a command prints in a terminal of 80 columns."""
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})
    result = runner.invoke(cli, shlex.split(line)[1:], prog_name="microgd")
    if result.exit_code not in (0, 1):
        raise SystemExit(f"{line}\nended with {result.exit_code}: {result.output}")
    return result.output


def main() -> None:
    """Run everything in one folder, where each command finds what the ones before it left."""

    def block(match: re.Match[str]) -> str:
        told = "".join(f"$ {line[2:]}\n{run(line[2:])}" for line in match[1].splitlines())
        return f"```console\n{told}```"

    with TemporaryDirectory() as folder:
        with chdir(folder):
            text = BLOCK.sub(block, PAGE.read_text(encoding="utf-8"))
        PICTURES.mkdir(exist_ok=True)
        for picture in Path(folder).glob("*.svg"):
            shutil.copy(picture, PICTURES / f"training-{picture.name}")
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
