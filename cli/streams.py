"""Standard input and output: any encoding, no colour where none is wanted, and closed pipes."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

import click

#: What to write for signs that an encoding lacks, as `sign:words`.
_PAIRS = (
    "−:- –:- ×:* ·:* ÷:/ ∂:d Σ:sum √:sqrt σ:sigma →:-> ←:<- ≥:>= ≤:<= ≠:!= ∧:and …:... ⇶:=> ‖:| "
    "✓:yes ²:^2 ᵖ:^p ˣ:^x ⁻:^- ᵀ:T ₀:0 ₁:1 ₂:2 ₛ:s ⊗:(x) α:alpha β:beta λ:lambda π:pi ½:1/2 ¼:1/4 "
    "γ:gamma η:eta μ:mu θ:theta ε:eps ρ:rho τ:tau ψ:psi ν:nu ω:omega ∞:inf ≈:~ ∇:grad Δ:delta "
    "ᵗ:^t ³:^3 ⁺:+ ′:' ∛:cbrt ∝:~ \u0302:^"
)
_PLAIN = dict(pair.split(":") for pair in _PAIRS.split())

_HANDLER = "microgd-plain"

#: Columns of a table that goes into a file or another program, where nothing wraps.
_WIDE = 160

#: Characters of a program that are read from a file or a pipe before it is called too long.
_MOST_READ = 4_000_000


def speak_plainly() -> None:
    """Replace signs that standard output and error cannot encode, instead of failing on them."""
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(AttributeError, ValueError):
                stream.reconfigure(errors=_HANDLER)  # type: ignore[union-attr]


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    bad = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in bad), error.end


def speaks_unicode(stream: TextIO | None = None) -> bool:
    """Whether a stream, standard output unless given, can encode every character."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("_", "-").startswith("utf")


def shown(text: str) -> str:
    """The text without signs that would do something to a terminal instead of being shown there.

    An escape could recolour, retitle or rewrite it, and a mark of direction turn around what
    follows: all it takes is a name in somebody's file.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def fitted(text: str) -> str:
    """The text with the signs that standard output will show, so that its width is known."""
    text = shown(text)
    if speaks_unicode():
        return text
    codecs.register_error(_HANDLER, _plain)
    encoding = sys.stdout.encoding or "ascii"
    return str(text.encode(encoding, _HANDLER), encoding)


def width() -> int:
    """Columns to fill: the terminal's, or plenty where there is none."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if sys.stdout.isatty():
        from shutil import get_terminal_size

        return get_terminal_size().columns
    return _WIDE


def in_words(message: str, columns: int) -> str:
    """A message broken between words; lines that begin with a blank show a program and stay."""
    from textwrap import fill

    return "\n".join(
        line if line.startswith(" ") else fill(line, max(columns, 20), break_on_hyphens=False)
        for line in message.split("\n")
    )


def say(text: str = "", *, err: bool = False, styled: bool = False) -> None:
    """Print a line.

    Like `click.echo`, which on its own takes a stream of ASCII for a mistake and writes UTF-8.
    Only a `styled` line, whose texts are `shown` already, may have escapes in it.
    """
    stream = sys.stderr if err else sys.stdout
    click.echo(text if styled else shown(text), file=stream, color=True)


def flush_output() -> None:
    """Write out what is waiting, so that a closed pipe or a full disk shows now, not at the end."""
    if sys.stdout is not None:
        sys.stdout.flush()


def forget_output() -> None:
    """Drop what is waiting for a reader who has gone, so that Python's own end stays quiet."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def read_program(name: str) -> str:
    """The text of a program's file, or of standard input for `-`."""
    from .failures import BadInput

    what = "standard input" if name == "-" else name
    try:
        if name == "-":
            if sys.stdin.isatty():
                say("Type a program; Ctrl-D ends it.", err=True)
            data = sys.stdin.buffer.read(_MOST_READ + 1)
        else:
            with open(name, "rb") as file:  # noqa: PTH123
                data = file.read(_MOST_READ + 1)
    except OSError as error:
        raise BadInput(f"cannot read {what}: {error.strerror or error}") from error
    except ValueError as error:  # a null byte, or half a character
        raise BadInput(f"cannot read {what}: no file has such a name") from error
    if len(data) > _MOST_READ:
        raise BadInput(f"{what} is too long for a program: more than {_MOST_READ} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{what} is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}; "
            "save it as UTF-8"
        ) from error
