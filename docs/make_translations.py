"""Find what is to be translated, bring the catalogues up to date, and compile them.

python docs/make_translations.py          # rewrites microgd/locale; a test compares
python docs/make_translations.py --left   # and lists what is not translated yet
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from microgd.gates.table import FAMILIES
from microgd.translation import LANGUAGES

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "microgd" / "locale"

#: A text as the code has it: one, or one and many.
Text = str | tuple[str, str]

#: What marks a text, and how many texts it takes.
TAKEN = {"_": 1, "N_": 1, "ngettext": 2}

#: Words that stand in formulas and are the same in every language.
MATHEMATICS = frozenset(
    ["cos", "ddof", "diag", "exp", "ln", "max", "sign", "sin", "softmax", "tanh"]
)


class Plain(Catalog):
    """A catalogue whose head says nothing of when and with what it was written."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The lines of the head."""
        return [
            ("Project-Id-Version", "microgd"),
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def path_of(lang: str, ending: str = "po") -> Path:
    """Where the catalogue of a language is."""
    return LOCALE / lang / "LC_MESSAGES" / f"microgd.{ending}"


def found() -> dict[Text, list[str]]:
    """Every text that is marked in the code or stands in the table of gates, and in which files."""
    texts: dict[Text, set[str]] = {}
    for text, file in (*_marked(), *_of_gates()):
        texts.setdefault(text, set()).add(file)
    return {text: sorted(texts[text]) for text in sorted(texts, key=_key)}


def _key(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def _marked() -> Iterator[tuple[Text, str]]:
    for folder in ("microgd", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "translation import" in source:
                name = path.relative_to(ROOT).as_posix()
                yield from ((text, name) for text in marked_in(source, name))


def marked_in(source: str, name: str) -> Iterator[Text]:
    """The texts that a file marks. A text that is put together there could not be translated.

    >>> list(marked_in("_('a' 'b') + ngettext('one', '{n}', n).format(n=n)", "it.py"))
    ['ab', ('one', '{n}')]
    >>> list(marked_in("_(f'{n} steps')", "it.py"))
    Traceback (most recent call last):
    ValueError: it.py, line 1: _() takes a text as it stands; numbers and names go in by .format()
    """
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        taken = TAKEN.get(call.func.id)
        if taken is None:
            continue
        texts = [t.value for t in call.args[:taken] if isinstance(t, ast.Constant)]
        if len(texts) < taken or not all(isinstance(t, str) and t for t in texts):
            raise ValueError(
                f"{name}, line {call.lineno}: {call.func.id}() takes a text as it stands; "
                "numbers and names go in by .format()"
            )
        yield str(texts[0]) if taken == 1 else (str(texts[0]), str(texts[1]))


def _of_gates() -> Iterator[tuple[Text, str]]:
    """What a gate does in a word, and local derivatives that have words in them."""
    for family, gates in FAMILIES.items():
        for gate in gates.values() if family != "custom" else ():
            for text in (gate.pattern, gate.badge, *gate.local):
                if worded(text):
                    yield text, f"microgd/gates/{family}.py"


def worded(text: str) -> bool:
    """Whether there is a word in it that is not mathematics.

    >>> worded("× cos x"), worded("1 where chosen")
    (False, True)
    """
    return bool(set(re.findall(r"[a-z]{2,}", text)) - MATHEMATICS)


def translations(lang: str) -> dict[Text, Message]:
    """What the catalogue of a language has."""
    path = path_of(lang)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {_text(m): m for m in read_po(file, locale=lang) if m.id}


def _text(message: Message) -> Text:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def catalogue(lang: str, texts: dict[Text, list[str]]) -> Plain:
    """The catalogue with exactly these texts, translated as far as they were."""
    before = translations(lang)
    comment = f"# The texts of microgd: {LANGUAGES[lang]}. How to translate: docs/translating.md"
    made = Plain(locale=lang, header_comment=comment, fuzzy=False)
    for text, files in texts.items():
        old = before.get(text)
        empty: Any = ("",) * made.num_plurals if isinstance(text, tuple) else ""
        made.add(
            text,
            old.string if old is not None and old.string else empty,
            [(file, None) for file in files],  # type: ignore[misc]
            flags=[f for f in old.flags if f == "fuzzy"] if old is not None else (),
            user_comments=old.user_comments if old is not None else (),
        )
    return made


def written(made: Plain) -> bytes:
    """A catalogue as a .po file."""
    file = io.BytesIO()
    write_po(file, made, width=100, include_lineno=False, ignore_obsolete=True)
    # Which of these flags there are depends on Babel's version.
    return re.sub(rb"(?m)^#, python(-brace)?-format\n", b"", file.getvalue())


def compiled(made: Plain) -> bytes:
    """A catalogue as a .mo file: what is translated, and not doubtful."""
    file = io.BytesIO()
    write_mo(file, made)
    return file.getvalue()


def left(made: Plain) -> list[Message]:
    """What is not translated yet, or doubtful."""
    return [m for m in made if m.id and (m.fuzzy or not all(_strings(m)))]


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string
    return tuple(string) if isinstance(string, tuple | list) else (string or "",)


def main() -> None:
    """Bring all catalogues up to date."""
    texts = found()
    for lang in LANGUAGES:
        if lang == "en":
            continue
        made = catalogue(lang, texts)
        dropped = len(translations(lang).keys() - texts.keys())
        path_of(lang).parent.mkdir(parents=True, exist_ok=True)
        path_of(lang).write_bytes(written(made))
        path_of(lang, "mo").write_bytes(compiled(made))
        missing = left(made)
        print(f"{lang}: {len(texts)} texts, {len(missing)} not translated, {dropped} dropped")
        if "--left" in sys.argv:
            for message in missing:
                print(f"  {message.id!r}")


if __name__ == "__main__":
    main()
