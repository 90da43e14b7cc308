"""What can be said in `microgd repl`: statements of the language, and commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from microgd.errors import MicrogdError
from microgd.teaching.session import Answer, Session
from microgd.translation import _, translated

from .failures import FAILED, failure
from .output import show_table
from .prompt import Prompt
from .repl_table import COMMANDS, command_in, command_named, hint, words
from .shown import shape_text, shown
from .streams import fitted, flush_output, in_words, say, width

if TYPE_CHECKING:
    from microgd.trace.lesson import Trace

#: Lines that are told after `undo`.
_LISTED = 6
_PICTURE = re.compile(r"\S+\.(svg|png|pdf|dot|gv|jpg|gif|webp)", re.IGNORECASE)


class Repl:
    """Reads lines and does what they say, until the end. No line can end it but `quit`."""

    def __init__(self, history: Path | None = None) -> None:
        self.session = Session()
        self.prompt = Prompt(lambda line, text: words(self.session, line, text), history)
        #: What `backward` was last asked for.
        self.backed: str | None = None
        #: The file that this session may write over: it has written or read it before.
        self.own_file: Path | None = None
        self.failed = False

    def begin(self, does: Callable[[], None]) -> None:
        """Something before the first line; what is wrong with it ends the command."""
        from .failures import BadInput

        try:
            does()
        except MicrogdError as error:
            raise BadInput(str(error)) from error

    def run(self) -> int:
        """Line after line; the exit status at the end."""
        interactive = self.prompt.interactive
        if interactive:
            self._greet()
        try:
            while True:
                try:
                    line = self._line()
                    if line is None:
                        break
                    if not self.obey(line):
                        return 0 if interactive else FAILED * self.failed
                    flush_output()
                except KeyboardInterrupt:
                    if not interactive:
                        raise
                    say()  # the line is dropped, nothing else
            if interactive:
                say()
        finally:
            self.prompt.close()
        return 0 if interactive else FAILED * self.failed

    def _greet(self) -> None:
        say(fitted(_("Give names values and write expressions: x = -2, f = x * x, backward f.")))
        say(fitted(_("help tells all commands, Ctrl-D ends.")))
        if self.prompt.problem:
            say(self.prompt.problem, err=True)

    def _line(self) -> str | None:
        """A line, and those after it while a bracket is open."""
        text = self.prompt.read()
        while text is not None and _is_open(text):
            more = self.prompt.read(". ")
            if more is None or not more.strip():
                break
            text = f"{text}\n{more}"
        return text

    def obey(self, line: str) -> bool:
        """Do what a line says; False ends the session. Whatever is wrong with it is told."""
        try:
            name, rest = command_in(line, self.session)
            if name == "quit":
                return False
            if name is not None:
                _METHODS[name](self, rest)
            else:
                self.calculate(line)
        except BrokenPipeError:
            raise
        except Exception as error:
            self.failed = True
            flush_output()
            message = f"Error: {_message(error)}{hint(line)}"
            say(in_words(message, width()) if self.prompt.interactive else message, err=True)
        return True

    # -- statements --------------------------------------------------------------------------------

    def calculate(self, line: str) -> None:
        """Do statements, and say what came of them."""
        self.say_answers(self.session.run(line))

    def say_answers(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if answer.name is None:
                say(fitted(shown(answer.tensor.value)))
                continue
            say(fitted(f"{answer.name} = {shown(answer.tensor.value)}"))
            for other in answer.followed:
                value = shown(self.session.cells[other].tensor.value)
                say(fitted("  " + _("so {name} = {value}").format(name=other, value=value)))

    # -- commands ----------------------------------------------------------------------------------

    def _lesson(self, text: str, *, backward: bool = True) -> Trace:
        from microgd.trace.build import trace

        return trace(self.session.target(text), backward=backward)

    def _backward(self, text: str) -> None:
        lesson = self._lesson(text)
        self.backed = self.session.last
        output = lesson.by_id[lesson.output]
        if output.shape:
            said = _("{name} has shape {shape}: these are the gradients of the sum of its elements")
            say(fitted(said.format(name=output.label, shape=shape_text(output.shape))))
        inputs = [n for n in lesson.nodes if n.kind == "input"]
        for node in inputs:
            say(fitted(f"∂{output.label}/∂{node.label} = {shown(node.gradient)}"))
        if not inputs:
            say(fitted(_("{name} depends on no input").format(name=output.label)))

    def _grad(self, name: str) -> None:
        from microgd.errors import ArgumentError

        if self.backed is None:
            raise ArgumentError("no gradient was computed yet: write backward f")
        last = self.session.last
        lesson = self._lesson(self.backed)
        self.session.last = last
        label = lesson.by_id[lesson.output].label
        named = [n for n in lesson.nodes if n.kind in ("input", "gate") and n.gradient is not None]
        found = [n for n in named if n.label == name] if name else named
        if not found:
            known = ", ".join(n.label for n in named)
            raise ArgumentError(f"{label} does not depend on {name!r}; it does on {known}")
        for node in found:
            say(fitted(f"∂{label}/∂{node.label} = {shown(node.gradient)}"))

    def _table(self, text: str) -> None:
        lesson = self._lesson(text)
        show_table(lesson.table(), titled=False)

    def _trace(self, text: str) -> None:
        lesson = self._lesson(text)
        for event in lesson.events:
            say(fitted(f"{event.step:>3}  {lesson.line(event)}"))

    def _show(self, text: str) -> None:
        from microgd.errors import ArgumentError

        from .screens import circuit_here, show_screen

        if _PICTURE.match(text):
            return self._draw(text)
        if text.startswith(("/", "~", "./", "../")):
            raise ArgumentError(
                "show draws here, and takes no folder; to draw into a file: draw f.svg"
            )
        self.session.target(text)
        backward = self.backed is not None and self.session.last == self.backed
        lesson = self._lesson("", backward=backward)
        return show_screen(circuit_here(lesson, names="all", gradients=backward).at())

    def _draw(self, text: str) -> None:
        from microgd.draw.drawing import draw

        from .pictures import require_endings, save

        file, target = _file_in(text, "draw f.svg")
        require_endings((file,))
        self.session.target(target)
        drawing = draw(self._lesson(""), names="all")
        say(f"saved {save(drawing, Path(file), None)}")

    def _play(self, text: str) -> None:
        from microgd.teaching.player.page import play

        file, target = _file_in(text, "play f.html")
        say(f"saved {play(self._lesson(target)).save(file)}")

    def _step(self, text: str) -> None:
        from .stage import Stage
        from .step import has_keys, show_all
        from .step_walk import walk

        stage = Stage(self._steps(text), heading=self.session.last or "")
        if self.prompt.interactive and has_keys():
            walk(stage, 0)
        else:
            show_all(stage, 0)

    def _quiz(self, text: str) -> None:
        from .stage import Stage
        from .step_quiz import ask_all

        ask_all(Stage(self._steps(text)), "all", 0, self.prompt)

    def _steps(self, text: str) -> Trace:
        from microgd.errors import ArgumentError

        lesson = self._lesson(text)
        if not any(e.kind == "forward" for e in lesson.events):
            raise ArgumentError("there is no gate in it, only a number")
        return lesson

    def _vars(self, _text: str) -> None:
        for name in self.session.order():
            cell = self.session.cells[name]
            value = shown(cell.tensor.value)
            by = "" if cell.is_input else f"   ({' '.join(cell.text.split())})"
            say(fitted(f"{name} = {value}{by}"))
        if not self.session.cells:
            say(fitted(_("There are no names yet.")))

    def _del(self, name: str) -> None:
        self.session.forget(name)

    def _undo(self, _text: str) -> None:
        before = self.session.lines
        self.session.undo()
        self._say_changed(before)

    def _redo(self, _text: str) -> None:
        before = self.session.lines
        self.session.redo()
        self._say_changed(before)

    def _say_changed(self, before: Sequence[str]) -> None:
        """Which lines are gone and which are back, and then all names."""
        after = self.session.lines
        gone = [line for line in before if line not in after]
        back = [line for line in after if line not in before]
        if gone:
            say(fitted(_("gone: {lines}").format(lines=_listed(gone))))
        if back:
            say(fitted(_("back: {lines}").format(lines=_listed(back))))
        say()
        self._vars("")

    def _reset(self, _text: str) -> None:
        self.session.reset()
        self.backed = None

    def _save(self, text: str) -> None:
        from microgd.errors import ArgumentError
        from microgd.files import write_whole

        over = text.startswith("!")
        file, rest = _file_in(text.removeprefix("!").strip(), "save lesson.txt")
        if rest:
            raise ArgumentError("save writes all lines; it takes the file's name only")
        path = Path(file).expanduser()
        if path.exists() and not over and path != self.own_file:
            raise ArgumentError(f"{file} is there already; save! {file} writes over it")
        write_whole(path, self.session.program)
        self.own_file = path
        say(f"saved {path}")

    def _load(self, text: str) -> None:
        self.load(_file_in(text, "load lesson.txt")[0])

    def load(self, file: str) -> None:
        """Begin again with the program in a file."""
        from .streams import read_program

        path = Path(file).expanduser()
        answers = self.session.load(read_program(str(path)))
        self.own_file = path
        self.say_answers(answers)

    def _help(self, text: str) -> None:
        heads = {f"{name} {c.arguments}".strip(): c.does for name, c in COMMANDS.items()}
        if text:
            head, does = list(heads.items())[list(COMMANDS).index(command_named(text))]
            say(fitted(f"{head}  {translated(does)}"))
            return
        say(fitted(_("x = -2, q = x + y     give names values; what depends on a name follows it")))
        say(fitted(_("q * z                 an expression prints its value")))
        say()
        for head, does in heads.items():
            say(fitted(f"{head:20}  {translated(does)}"))
        say()
        say(fitted(_("Without f, a command is about what was computed last.")))


_METHODS: dict[str, Callable[[Repl, str], None]] = {
    name: getattr(Repl, f"_{name}") for name in COMMANDS if name != "quit"
}


def _file_in(text: str, example: str) -> tuple[str, str]:
    """The file's name, which may be quoted, and what follows it."""
    from microgd.errors import ArgumentError

    found = re.match(r"\"([^\"]+)\"\s*(.*)|'([^']+)'\s*(.*)|(\S+)\s*(.*)", text, re.DOTALL)
    if not found:
        raise ArgumentError(f"it needs a file's name: {example}")
    name, rest = [g for g in found.groups() if g is not None]
    return name, rest.strip()


def _listed(lines: Sequence[str]) -> str:
    """Some lines in one."""
    shown_ = [" ".join(line.split()) for line in lines[:_LISTED]]
    return "; ".join(shown_ + ["…"] * (len(lines) > _LISTED))


def _is_open(text: str) -> bool:
    """Whether a bracket waits for its other half."""
    code = "\n".join(line.partition("#")[0] for line in text.split("\n"))
    return sum(code.count(c) for c in "([") > sum(code.count(c) for c in ")]")


def _message(error: Exception) -> str:
    """What to say of an error, whoever raised it."""
    told = error if isinstance(error, click.ClickException) else failure(error)
    return told.format_message()
