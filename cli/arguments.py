"""The arguments that most commands share: an expression, and values for its names.

Expressions begin with a minus sign as often as not, and so do options; they are told apart here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .failures import BadInput

if TYPE_CHECKING:
    from microgd.language.circuit import Circuit
    from microgd.teaching.lectures import Lecture

F = TypeVar("F", bound=Callable[..., Any])

_OPTION = re.compile(r"--[A-Za-z][A-Za-z-]*(=.*)?", re.DOTALL)
_ATTACHED = re.compile(r"[\w./~ -]+\.[A-Za-z]\w*")
_BINDING = re.compile(
    r"\s*[^\W\d]\w*\s*=(?!=)[^;\n]*"  # x=-2
    r"|\s*[^\W\d]\w*\s*:\s*\d+([x×,]\d+)*\s*"  # x:100x4096, a shape without numbers
)
#: A lecture of the catalogue: A2, a2.
_LECTURE = re.compile(r"[A-Fa-f][1-9]\d?")
#: A value, and no statement of a program such as `f = x * y`.
_NUMBERS = re.compile(r"[^=]*=[-+\d.,eE\[\]\s]*")


class ProgramCommand(click.Command):
    """A command on a program: options anywhere, everything else is the program or a value.

    `microgd trace -x*y x=-2 y=1 --digits 3` needs no `--`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._sorted(ctx, args))

    def _sorted(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options first, then `--`, then the words."""
        takes_value = {
            name: isinstance(p, click.Option) and not p.is_flag and not p.count
            for p in self.get_params(ctx)
            for name in (*p.opts, *p.secondary_opts)
            if name.startswith("-")
        }
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                words += rest
            elif arg in takes_value:
                options += [arg, *_value_of(arg, rest, takes_value)]
            elif _OPTION.fullmatch(arg) or (
                takes_value.get(arg[:2]) and _ATTACHED.fullmatch(arg[2:])
            ):
                options.append(arg)  # `--look=cards`, `-ocircuit.svg`, or one that click refuses
            else:
                words.append(arg)
        return [*options, "--", *words] if words else options


def _value_of(option: str, rest: Iterator[str], takes_value: dict[str, bool]) -> list[str]:
    value = next(rest, None) if takes_value[option] else None
    return [] if value is None else [value]


def program_arguments(function: F) -> F:
    """The argument EXPR [NAME=VALUE]… and the option --file, as `words` and `file`."""
    function = click.option(
        "-f",
        "--file",
        metavar="PROGRAM",
        help="Read the program from a file instead of EXPR.",
    )(function)
    return click.argument("words", nargs=-1, metavar="EXPR [NAME=VALUE]...")(function)


def read_circuit(words: Sequence[str], file: str | None, *, numbers: bool = False) -> Circuit:
    """The circuit that the arguments mean; with `numbers`, shapes alone (x:3) are refused.

    A lecture's id alone, such as A2, is the lecture's circuit.

    Raises:
        click.UsageError: no program, or two. LanguageError: text that is none.
    """
    text, values = _split(_of_lecture(words, file) or list(words), file)
    if file is not None or text == "-":
        from .streams import read_program

        text = read_program(file or "-")
        name = "<standard input>" if (file or "-") == "-" else str(file)
    else:
        name = "<expression>"
    from microgd.language.bindings import parse_bindings
    from microgd.language.circuit import parse

    circuit = parse(text or "", parse_bindings(values), name)
    for input_name, tensor in circuit.inputs.items():
        if numbers and tensor.data is None:
            raise BadInput(
                f"{input_name} has a shape and no numbers, which this command needs: "
                f"{input_name}=… (a shape is enough for `microgd trace` and `microgd draw`)"
            )
    return circuit


def given_words(words: Sequence[str], file: str | None) -> tuple[str | None, list[str]]:
    """The expression among the arguments, None where the program is in a file, and the values.

    Values alone are fine here.
    """
    plain = [word for word in words if not _BINDING.fullmatch(word)]
    return _split(list(words), file) if plain and file is None else (None, list(words))


def lecture_title(words: Sequence[str], file: str | None) -> str:
    """What the lecture is called whose id is all that is given; else nothing."""
    row = given_lecture(words, file)
    return row.title if row else ""


def _of_lecture(words: Sequence[str], file: str | None) -> list[str]:
    """The arguments that make a lecture's circuit, if its id is all that is given."""
    row = given_lecture(words, file)
    if row is None:
        return []
    if not row.words:
        raise BadInput(f"lecture {row.id} has no circuit; see: microgd lecture show {row.id}")
    return list(row.words)


def given_lecture(words: Sequence[str], file: str | None) -> Lecture | None:
    """The lecture whose id, in any case, is all that is given.

    `a2 a2=3` is an expression of one name: who gives it a value means that.

    Raises:
        click.UsageError: no lecture has this id, or values are given beside it.
    """
    plain = [word for word in words if not _BINDING.fullmatch(word)]
    if file is not None or len(plain) != 1 or not _LECTURE.fullmatch(plain[0]):
        return None
    id, values = plain[0], [word for word in words if word != plain[0]]
    if any(re.match(rf"\s*{id}\s*[=:]", value) for value in values):
        return None
    from microgd.errors import ArgumentError
    from microgd.teaching.lectures import lecture

    try:
        row = lecture(id)
    except ArgumentError as error:
        raise BadInput(f"the name {id!r} has no value, and {error}") from error
    if values:
        raise BadInput(
            f"lecture {row.id} has numbers of its own: leave out {' '.join(values)}; or, if "
            f"{id} is a name in an expression, give it a value, too: {id}=…"
        )
    return row


def _split(words: list[str], file: str | None) -> tuple[str | None, list[str]]:
    """The expression (the word that gives no value) and the values."""
    plain = [i for i, word in enumerate(words) if not _BINDING.fullmatch(word)]
    for i in plain[file is None :]:
        if re.fullmatch(r"-[A-Za-z]", words[i]):
            raise click.NoSuchOption(words[i], ctx=click.get_current_context())
    if file is not None:
        if plain and not any(sign in words[plain[0]] for sign in "=:"):
            raise click.UsageError(
                f"The program is read from {file}, and {words[plain[0]]!r} gives no value: leave "
                "it out, or write it so: x=2."
            )
        return None, words
    if not words:
        raise click.UsageError('There is no expression. Write one in quotes, such as "(x + y) * z"')
    if (
        len(plain) > 1
        and plain == list(range(plain[0], plain[-1] + 1))
        and _operators(words, plain)
    ):
        whole = " ".join(words[i] for i in plain)
        raise click.UsageError(f'Put the expression in quotes: "{whole}"')
    if not plain and _NUMBERS.fullmatch(words[0]):
        raise click.UsageError(f"There is no expression that uses {words[0].partition('=')[0]!r}.")
    position = plain[0] if plain else 0
    return words[position], words[:position] + words[position + 1 :]


def _operators(words: list[str], plain: list[int]) -> bool:
    """Whether one of the words cannot stand alone: the shell has split an expression."""
    return any(re.fullmatch(r"[-+*/@<>=()\[\]]+", words[i]) for i in plain)


def value_of(option: str, text: str) -> Any:
    """A number or a list given to an option, in the language's own way."""
    from microgd.language.bindings import read_value

    return read_value(text, f"the value of {option}")


def chosen_inputs(circuit: Circuit, wrt: str | None) -> dict[str, Any]:
    """The inputs named by `--wrt x,y`, or all."""
    if wrt is None:
        return circuit.inputs
    from microgd.gates.table import did_you_mean

    names = [name.strip() for name in wrt.split(",") if name.strip()]
    for name in names:
        if name not in circuit.inputs:
            known = ", ".join(circuit.inputs) or "none"
            hint = did_you_mean(name, circuit.inputs)
            raise click.UsageError(f"There is no input {name!r}.{hint} The inputs are: {known}.")
    if not names:
        raise click.UsageError("--wrt names no input. Write it so: --wrt x,y")
    return {name: circuit.inputs[name] for name in names}
