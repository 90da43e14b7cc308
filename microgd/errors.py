"""Every error that microgd raises on purpose.

Each derives from `MicrogdError` and from the built-in error a Python programmer would expect, and
says what was given, what was expected, where, and what to do.
"""

from __future__ import annotations


class MicrogdError(Exception):
    """The common ancestor: `except mg.MicrogdError` catches everything microgd complains about."""


class DataError(MicrogdError, TypeError):
    """Something that is not a number, or not an array of numbers, was given as data."""


class ShapeError(MicrogdError, ValueError):
    """Shapes, axes or indices that do not fit the gate."""


class ArgumentError(MicrogdError, ValueError):
    """An argument outside of what makes sense: an empty name, a step of 0."""


class GateError(MicrogdError, ValueError):
    """An unknown gate, a name taken twice, or a rule that a gate lacks."""


class PlaceholderError(MicrogdError, TypeError):
    """A number was asked of a node that has only a shape."""


class StaleDataError(MicrogdError, RuntimeError):
    """Data changed after the graph was recorded: its gradients would be silently wrong."""


class NonFiniteError(MicrogdError, ArithmeticError):
    """A gate made the first inf or NaN."""


class LanguageError(MicrogdError, ValueError):
    """An expression that cannot be read; the message points at the column.

    `line` and `column` count from 1; None where the trouble has no place in the text.
    """

    line: int | None = None
    column: int | None = None


class DrawingError(MicrogdError, RuntimeError):
    """A picture could not be drawn."""


class DeviceError(MicrogdError, RuntimeError):
    """No such device, a build that failed, no memory left on it, or a device that was lost."""


class OutputError(MicrogdError, OSError):
    """A file could not be written; what was there before is untouched."""


class MissingExtraError(MicrogdError, ImportError):
    """An optional library is needed and not installed; the message says what to install."""


class FileFormatError(MicrogdError, ValueError):
    """A data file that is cut off, mislabelled or of the wrong size; the message names the place.

    `offset` counts bytes from 0, in the unpacked data where the file is a .gz; `line` and `column`
    count from 1. Each is None where the trouble has no such place.
    """

    path: str | None = None
    offset: int | None = None
    line: int | None = None
    column: int | None = None


class CheckpointError(MicrogdError, ValueError):
    """A checkpoint that is cut short, damaged, of another program or of another net."""


class TrainingError(MicrogdError, ArithmeticError):
    """A run that cannot go on: its loss is not a finite number any more."""
