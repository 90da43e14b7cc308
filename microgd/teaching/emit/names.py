"""Names: what a node is called in a program, whatever its user called it."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

from microgd.notation.names import printable
from microgd.translation import _

#: Words that a Python program of ours needs for itself.
PYTHON = frozenset(
    [*keyword.kwlist, "math", "np", "max", "min", "abs", "float", "print", "place", "scatter_add"]
)
#: Words of C, of <math.h> and <stdio.h>, and what compilers define by themselves.
_C_WORDS = """
auto bool break case char const constexpr continue default do double else enum extern false
float for goto if inline int long nullptr register restrict return short signed sizeof
static static_assert struct switch thread_local true typedef typeof union unsigned void
volatile while alignas alignof asm main printf exp log expm1 log1p sin cos tan tanh sqrt pow
fabs fmax fmin NAN INFINITY HUGE_VAL NULL EOF stdin stdout stderr errno linux unix i386 signgam
M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2
FP_NAN FP_INFINITE FP_ZERO FP_SUBNORMAL FP_NORMAL MATH_ERRNO MAXFLOAT
BUFSIZ SEEK_SET SEEK_CUR SEEK_END TMP_MAX L_tmpnam
"""
C = frozenset(_C_WORDS.split())


@dataclass
class Names:
    """Gives every label a name that the language can read, each once.

    Attributes:
        reserved: words that are no names.
        ascii: whether letters beyond a to z must be spelled.
        remarks: what was renamed, as sentences.
    """

    reserved: Collection[str]
    ascii: bool = False
    remarks: list[str] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    _elements: bool = False

    def give(self, label: str) -> str:
        """A name for a label; a remark if it is another."""
        plain = self.readable(label)
        name = self._free(plain)
        element = re.fullmatch(r"(\w+)\[([\d, ]+)\]", label)
        if element and name == f"{element[1]}_{element[2].replace(', ', '_')}":
            if not self._elements:
                told = _("elements have names of their own: {label} is called {name}")
                self.remarks.append(told.format(label=label, name=name))
            self._elements = True
        elif name != label:
            self.remarks.append(_("{label} is called {name} here").format(label=label, name=name))
        return name

    def gradient(self, label: str, name: str) -> str:
        """A name for the gradient of what is called `name`."""
        wanted = f"d{name}"
        if wanted not in self._taken and wanted not in self.reserved:
            self._taken.add(wanted)
            return wanted
        given = self._free(f"grad_{name}")
        told = _("{wanted} is taken: the gradient of {name} is called {given}")
        self.remarks.append(told.format(wanted=wanted, name=name, given=given))
        return given

    def fresh(self) -> str:
        """A name for a part of a step."""
        return self._free("t")

    def readable(self, label: str) -> str:
        """The nearest to a label that can be read as a name."""
        text = unicodedata.normalize("NFKC", label)
        if self.ascii:
            text = "".join(c if c.isascii() else _spelled(c) for c in text)
        text = re.sub(r"_+", "_", re.sub(r"\W", "_", text)).rstrip("_")
        if not text.isidentifier() or text.startswith("_"):
            text = f"v_{text.lstrip('_')}".rstrip("_")
        return text if text.isidentifier() else "v"

    def _free(self, wanted: str) -> str:
        name = wanted
        if name in self.reserved:
            name = f"{wanted}_"
        numbers = count(2)
        while name in self._taken or name in self.reserved:
            name = f"{wanted}_{next(numbers)}"
        self._taken.add(name)
        return name


def _spelled(letter: str) -> str:
    """`alpha` for α; nothing that could be misread for the rest."""
    words = unicodedata.name(letter, "").split()
    if words[:1] == ["GREEK"] and len(words) == 4:
        name = words[3].lower().replace("lamda", "lambda")
        return name.capitalize() if words[1] == "CAPITAL" else name
    plain = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii())
    return plain or "_"


def shown(text: str) -> str:
    """Text as a comment of one line can hold it in any language.

    A backslash would continue the line in C, and so would ??/ where trigraphs are read.

    >>> shown("a\\\\\\n?")
    'a_\ufffd_'
    """
    return re.sub(r"[\\?]", "_", printable(text))
