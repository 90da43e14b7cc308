"""Names that mean to do harm, and readers that would notice if they did."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import microgd as mg

#: What a user, a file or a lecture may be called, by what it tries.
HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": '" onload="alert(1)" x=\'',
    "cdata": "]]><svg onload=alert(1)>",
    "comment": "--><b>&lt;&#x3c;",
    "title": "</title></text></svg><script>",
    "dot": '"]; evil [label="evil"]; x [y="',
    "port": "a:b:c|{evil}\\N\\G\\l",
    "html label": "<<B>evil</B>>",
    "latex": r"\input{/etc/passwd}$x$%#&_^~{}\end{document}",
    "typst": '"#metadata(1)<evil>*_`$[\\#panic("evil")',
    "percent": "%s%(x)s{0}{x}{{x}}$HOME`id`",
    "backslash": "\\\\u0022\\x22\\",
    "newline": "a\nError: evil\r\nb\x0b\x0c\x85\u2028\u2029c",
    "escape": "\x1b[5mevil\x1b]0;evil\x07\x1bP",
    "c1": "\x9b5mevil\x9d0;evil\x9c",
    "null": "a\x00b\x08\x08\x7f",
    "right to left": "a\u202eb\u2066c\u2067d\u200f\u061c",
    "invisible": "a\u200bb\u200dc\ufeffd\u00ade\u2060",
    "surrogate": "a\ud800b\udcffc",
    "tags": "a\U000e0001\U000e0041b",
    "rich": "[bold red]evil[/] :smile: [link=http://evil]x[/link]",
    "mathjax": "$$\\href{javascript:alert(1)}{x}$$",
    "long": "w" * 5000,
}

#: Signs that must not come out of anything: they move the cursor or turn the text around.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def unseen(text: str, allowed: str = "\n\t") -> set[str]:
    """The signs in a text that nothing can show."""
    return {c for c in set(text) - set(allowed) if unicodedata.category(c) in _UNSEEN}


def harmless(name: str) -> str:
    """A name of the same length that means nothing."""
    return "w" * len(" ".join(name.split()) or "w")


class _Page(HTMLParser):
    """What a browser makes of a page: its elements with the names of their attributes, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, ...]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *sorted(name for name, _ in attrs)))
        self.links += [v or "" for n, v in attrs if n in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("/" + tag,))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment",))

    def unknown_decl(self, data: str) -> None:
        self.found.append(("declaration",))

    def handle_pi(self, data: str) -> None:
        self.found.append(("instruction",))


def page_shape(html: str) -> list[tuple[str, ...]]:
    """The elements of a page or a piece of one, in order, without its texts."""
    page = _Page()
    page.feed(html)
    page.close()
    assert not [link for link in page.links if "alert" in link or "javascript:" in link]
    return page.found


def svg_shape(svg: str) -> list[tuple[str, ...]]:
    """The elements of a picture, read strictly, as XML."""
    root = ElementTree.fromstring(svg)
    return [(e.tag, *sorted(e.attrib)) for e in root.iter()]


def json_shape(text: str) -> Any:
    """The keys and kinds of a JSON text; texts are as good as one another."""

    def of(x: Any) -> Any:
        if isinstance(x, dict):
            return [(len(k) > 0, of(v)) for k, v in x.items()]
        return [of(v) for v in x] if isinstance(x, list) else type(x).__name__

    return of(json.loads(text))


def latex_shape(text: str) -> list[str]:
    """The commands and active signs of a LaTeX formula, in order: all that is not text."""
    tokens = re.findall(r"\\[A-Za-z]+|\\.|[{}$&#%~^_]|\\$", text, re.DOTALL)
    depth = 0
    for token in tokens:
        depth += (token == "{") - (token == "}")
        assert depth >= 0, text
    assert depth == 0, text
    upright = [r"\mathrm" if t == r"\textrm" else t for t in tokens]  # as its letters need it
    return [t for t in upright if t not in _ESCAPED]


#: Signs as LaTeX writes them when they are text. `{}` after a word ends it.
_ESCAPED = {
    *(r"\{", r"\}", r"\$", r"\&", r"\#", r"\%", r"\_", "{", "}"),
    *(r"\textbackslash", r"\textasciitilde", r"\textasciicircum", r"\ensuremath"),
}


def output_called(name: str) -> mg.Tensor:
    """A circuit in which an input, an inner result, the output and a scope have the name.

    Its graph branches, so that a sentence tells of that, too.
    """
    x = mg.Tensor(3.0, name=name)
    y = mg.Tensor(2.0, name="y")
    with mg.scope(name.replace("/", "|") or "s"):
        q = (x * y).named(name + "q")
    return (q + x).named(name + "f")


def walk_called(name: str) -> mg.lab.Descent:
    """A walk down a function whose name, formula, label and coordinates are hostile."""
    problem = mg.lab.Problem(
        name=name,
        text=name,
        parts=(lambda p: p[name] ** 2 + p["y"] ** 2,),
        start={name: 1.0, "y": 2.0},
        note=name,
    )
    return mg.lab.descend(problem, steps=3, label=name)
