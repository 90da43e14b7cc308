"""Scanning: a program's text into statements, each small enough for Python's own parser.

Everything that could hurt is found here, before `ast.parse` sees the text: characters and keywords
that are not of the language, brackets nested too deeply, chains that are too long. What is left has
names, numbers, operators and brackets only, and no syntax error is left unexplained but rare ones.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field

from microgd.errors import LanguageError
from microgd.language.limits import MAX_CHAIN, MAX_DIGITS, MAX_NESTING, MAX_NUMBERS, MAX_TEXT
from microgd.language.text import ProgramText, quoted
from microgd.language.tokens import ROOT, TRANSLATION, WORDS, pieces, plain_name

_CLOSING = {"(": ")", "[": "]"}


@dataclass(slots=True)
class Statement:
    """One statement: the name it assigns (or None), and where its expression starts and ends."""

    start: int
    end: int
    target: str | None = None
    target_start: int = 0
    names: list[tuple[str, int]] = field(default_factory=list)


class Scanner:
    """Reads a text token by token, once; its statements then wait in `statements`."""

    def __init__(self, text: ProgramText) -> None:
        if len(text.text) > MAX_TEXT:
            raise LanguageError(
                f"the program has {len(text.text):,} characters; at most {MAX_TEXT:,} are read"
            )
        self.text = text
        #: The text as `ast.parse` gets it: the same length, in its own signs, without comments.
        self.translated = text.text.translate(TRANSLATION)
        self.statements: list[Statement] = []
        self._open: list[_Bracket] = []
        self._tokens: list[tuple[str, str, int]] = []
        self._indent = 0
        self._numbers = 0
        self._newest = 0
        self._scan()

    def _scan(self) -> None:
        blank: list[tuple[int, int]] = []
        roots: list[int] = []
        self._open = [_Bracket("", 0)]
        for kind, token, offset in pieces(self.text):
            if kind == "space":
                continue
            if kind == "comment":
                blank.append((offset, offset + len(token)))
            elif kind == "newline":
                if len(self._open) == 1:
                    self._finish()
                    self._newest = offset + 1
            elif token == ";" and len(self._open) == 1:
                self._finish()
            else:
                self._check(kind, token, offset)
                if token == ROOT:
                    roots.append(offset)
        self._finish()
        if blank or roots:
            self._rewrite(blank, roots)

    # -- one token after another -----------------------------------------------------------------

    def _check(self, kind: str, token: str, offset: int) -> None:
        """Whether a token may follow the one before it; keeps the books on brackets and chains."""
        before = self._tokens[-1] if self._tokens else None
        # After a value comes an operator; after an operator, an opening bracket or a comma a value.
        after_value = before is not None and (
            before[0] in ("number", "name", "dots") or before[1] in (")", "]")
        )
        bracket = self._open[-1]
        if before is not None and before[1] == "." and kind != "name":
            raise self._nameless(before[2])
        if kind == "changing":
            raise self.text.error(
                f"{quoted(token)} would change a name; a name stands for one value: "
                "give the new value a new name with =",
                offset,
                offset + len(token),
            )
        if kind in ("number", "name", "dots") or token == ROOT:
            self._word(kind, token, offset, after_value)
        elif kind == "operator":
            if not after_value and token not in "+-−–":
                if token in ("*", "**") and before is not None and before[1] in ("(", ","):
                    raise self.text.error(
                        f"{quoted(token)} before an argument is not of the language: write the "
                        "arguments one by one",
                        offset,
                        offset + len(token),
                    )
                extra = ""
                if before is not None and before[1] == "/" and token == "/":
                    extra = "; division is written /"
                if before is not None and before[1] == "*" and token == "**":
                    extra = "; a power is written **"
                raise self._nothing("before", token, offset, extra)
        elif token in "([":
            if after_value and before is not None:
                if before[0] in ("number", "dots") or (token == "(" and before[0] != "name"):
                    raise self._no_operator(before, token, offset)
                bracket.count += before[0] == "mark"
            if len(self._open) > MAX_NESTING:
                raise self.text.error(
                    f"more than {MAX_NESTING} brackets inside each other: "
                    "give inner parts names, in lines of their own",
                    offset,
                )
            self._open.append(_Bracket(token, offset))
        elif before is not None and before[0] == "operator":
            raise self._nothing("after", before[1], before[2])
        elif token in ")]":
            self._close(token, offset)
        elif token == ",":
            bracket.next_part()
        elif token == ":" and bracket.sign != "[":
            raise self.text.error(
                "':' stands in slices only, as in x[1:3]: the language has numbers, names, "
                "operators, gates and assignments",
                offset,
            )
        elif token == ";":
            raise self.text.error(
                "';' ends a statement, but a bracket is open", self._open[-1].offset
            )
        if kind == "operator" or token == ".":
            bracket.count += 1
        if bracket.count > MAX_CHAIN:
            raise self._too_long(offset)
        self._tokens.append((kind, token, offset))

    def _word(self, kind: str, token: str, offset: int, after_value: bool) -> None:
        """A number, a name, a root or dots, where a value may stand."""
        if kind == "name" and keyword.iskeyword(token) and token not in ("True", "False", "None"):
            hint = WORDS.get(token)
            hint = hint or "it has numbers, names, operators, gates and assignments only"
            raise self.text.error(
                f"{quoted(token)} is not of the language: {hint}", offset, offset + len(token)
            )
        if after_value:
            raise self._no_operator(self._tokens[-1], token, offset)
        if kind == "number" and token[0] == "0" and token.isdigit() and token.strip("0"):
            raise self.text.error(
                f"a number does not begin with 0: write {token.lstrip('0')}",
                offset,
                offset + len(token),
            )
        self._numbers += kind == "number"
        if self._numbers > MAX_NUMBERS:
            raise self.text.error(
                f"more than {MAX_NUMBERS:,} numbers in one text: give large arrays from Python, as "
                "in mg.circuit('W @ x', W=array, x=array)",
                offset,
            )
        if len(token) > MAX_DIGITS:
            raise self.text.error(
                f"a {kind} of {len(token):,} characters; at most {MAX_DIGITS} are read", offset
            )

    def _close(self, token: str, offset: int) -> None:
        bracket = self._open[-1]
        if not bracket.sign:
            raise self.text.error(f"{quoted(token)} closes a bracket that was never opened", offset)
        if _CLOSING[bracket.sign] != token:
            raise self.text.error(
                f"{quoted(token)} closes {quoted(bracket.sign)}, which needs "
                f"{quoted(_CLOSING[bracket.sign])}",
                bracket.offset,
                offset + 1,
                offset,
            )
        self._open.pop()
        outer = self._open[-1]
        outer.inner = max(outer.inner, bracket.depth() + 1)

    def _no_operator(self, before: tuple[str, str, int], token: str, offset: int) -> LanguageError:
        left = quoted(before[1])
        after = f"{before[1]} * {token}" if before[1] not in (")", "]") else f"… * {token}"
        after += "…" if token in "([√" else ""
        if not after.isprintable() or len(after) > 40:
            after = "a * b"
        return self.text.error(
            f"there is no operator between {left} and {quoted(token)}: to multiply write {after}",
            before[2],
            offset + len(token),
            offset,
        )

    def _nothing(self, side: str, token: str, offset: int, extra: str = "") -> LanguageError:
        return self.text.error(
            f"a value is missing {side} {quoted(token)}{extra}", offset, offset + len(token)
        )

    def _nameless(self, offset: int) -> LanguageError:
        return self.text.error("after '.' comes T or the name of a gate, as in x.sum()", offset)

    def _too_long(self, offset: int) -> LanguageError:
        return self.text.error(
            f"more than {MAX_CHAIN:,} operators in one expression: give parts of it names, "
            "in lines of their own",
            offset,
        )

    # -- statements --------------------------------------------------------------------------

    def _finish(self) -> None:
        """The end of a statement."""
        tokens, self._tokens = self._tokens, []
        outermost = self._open[0]
        if len(self._open) > 1:
            bracket = self._open[-1]
            raise self.text.error(f"{quoted(bracket.sign)} was never closed", bracket.offset)
        self._open = [_Bracket("", 0)]
        if not tokens:
            return
        kind, token, offset = tokens[-1]
        if kind == "operator":
            raise self._nothing("after", token, offset)
        if token == ".":
            raise self._nameless(offset)
        if outermost.depth() > MAX_CHAIN:
            raise self._too_long(tokens[0][2])
        indent = max(tokens[0][2] - self._newest, 0)
        if self.statements and indent > self._indent and tokens[0][0] == "operator":
            raise self.text.error(
                f"a line cannot begin with {quoted(tokens[0][1])} to go on with the line before: "
                "put the whole expression in ( )",
                tokens[0][2],
            )
        self._indent = indent
        statement = Statement(tokens[0][2], offset + len(token))
        self._assignment(statement, tokens)
        self.statements.append(statement)

    def _assignment(self, statement: Statement, tokens: list[tuple[str, str, int]]) -> None:
        """Split `name = expression`."""
        if len(tokens) > 1 and tokens[1][1] == "=" and tokens[0][0] == "name":
            statement.target, statement.target_start = plain_name(tokens[0][1]), tokens[0][2]
            if len(tokens) == 2:
                raise self._nothing("after", "=", tokens[1][2])
            statement.start = tokens[2][2]
            tokens = tokens[2:]
        depth = 0
        for position, (kind, token, offset) in enumerate(tokens):
            if kind == "name":
                follows = tokens[position + 1][1] if position + 1 < len(tokens) else ""
                precedes = tokens[position - 1][1] if position else ""
                if follows != "(" and precedes != "." and (follows != "=" or not depth):
                    statement.names.append((plain_name(token), offset))
            elif kind != "mark":
                continue
            elif token in "([":
                depth += 1
            elif token in ")]":
                depth -= 1
            elif depth:
                continue
            elif token == "=":
                message = (
                    "one statement gives one name: write the second in a line of its own"
                    if statement.target
                    else "left of '=' stands one name, as in q = x + y; to compare write =="
                )
                raise self.text.error(message, offset)
            elif token == ",":
                raise self.text.error(
                    "a program has one output: to join several values write [a, b]", offset
                )

    def _rewrite(self, blank: list[tuple[int, int]], roots: list[int]) -> None:
        """Blank the comments and put roots into Python's signs."""
        characters = list(self.translated)
        for start, end in blank:
            characters[start:end] = " " * (end - start)
        for offset in roots:
            rest = offset + 1
            while rest < len(characters) and characters[rest] == " ":
                rest += 1
            called = rest < len(characters) and characters[rest] == "("
            characters[offset] = "s" if called else "~"
        self.translated = "".join(characters)


class _Bracket:
    """What is known of an open bracket; chains are counted up to its commas."""

    __slots__ = ("count", "deepest", "inner", "offset", "sign")

    def __init__(self, sign: str, offset: int) -> None:
        self.sign = sign
        self.offset = offset
        self.count = 0
        self.inner = 0
        self.deepest = 0

    def next_part(self) -> None:
        self.deepest = max(self.deepest, self.count + self.inner)
        self.count = self.inner = 0

    def depth(self) -> int:
        """How deep the tree of what stands in the bracket can be."""
        return max(self.deepest, self.count + self.inner)
