"""Run the commands in the pages that show some, and write what they print under them.

python docs/make_commands.py        # rewrites the pages; a test compares them
"""

from __future__ import annotations

import re
import shlex
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from microgd_cli.main import cli

DOCS = Path(__file__).parent
OTHERS = ("lecture-circuits", "mistakes", "for-teachers", "for-students")
PAGES = [
    *sorted((DOCS / "commands").glob("*.md")),
    *(DOCS / f"{name}.md" for name in OTHERS),
]

BLOCK = re.compile(r"^```console\n\$ (microgd .*)\n(?:[^`]*\n)?```$", re.MULTILINE)


def printed(line: str) -> str:
    """What a command prints in a terminal of 80 columns, complaints included."""
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})
    with TemporaryDirectory() as folder, chdir(folder):
        output = runner.invoke(cli, shlex.split(line)[1:], prog_name="microgd").output
    # Where there is Python in it, the page is a doctest, which ends at an empty line.
    return f"{output}\n" if ">>> " in output else output


def page(text: str) -> str:
    """A page with the output of its commands brought up to date."""
    return BLOCK.sub(lambda m: f"```console\n$ {m[1]}\n{printed(m[1])}```", text)


def main() -> None:
    """Bring all pages up to date."""
    for path in PAGES:
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
