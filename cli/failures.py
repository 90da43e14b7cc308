"""Ends: what a command that does not succeed says, and its exit status. Never a traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from microgd.errors import MicrogdError

#: The job failed: numbers that are not finite, a wrong gradient, no picture, no file.
FAILED = 1
#: Bad usage, or text that cannot be read.
USAGE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

#: Set to anything, it shows the traceback of an unexpected error.
DEBUG = "MICROGD_DEBUG"


class Failed(click.ClickException):
    """The job was understood and could not be done."""

    exit_code = FAILED


class NoEngine(Failed):
    """No program here draws pictures; the graph was saved instead."""


class BadInput(click.ClickException):
    """What was given cannot be used."""

    exit_code = USAGE


def failure(error: Exception) -> click.ClickException:
    """What to tell the user about an error. Unexpected ones are re-raised when debugging."""
    from microgd.errors import MicrogdError

    if os.environ.get(DEBUG):
        raise error
    if isinstance(error, MicrogdError):
        return _expected(error)
    if isinstance(error, MemoryError):
        return Failed("there is not enough memory for this; try it with smaller arrays")
    if isinstance(error, OSError) and error.errno is not None:
        return Failed(f"the system says: {error.strerror or error}")
    return Failed(
        f"this is a bug in microgd: {type(error).__name__}: {error}\n"
        f"Please report it with the command and its traceback, which {DEBUG}=1 shows."
    )


def _expected(error: MicrogdError) -> click.ClickException:
    from microgd.errors import (
        DeviceError,
        DrawingError,
        MissingExtraError,
        NonFiniteError,
        OutputError,
        StaleDataError,
        TrainingError,
    )

    if isinstance(error, DrawingError):
        from .pictures import in_options

        return Failed(in_options(str(error)))
    job = (
        *(DeviceError, MissingExtraError),
        *(NonFiniteError, OutputError, StaleDataError, TrainingError),
    )
    return (Failed if isinstance(error, job) else BadInput)(str(error))
