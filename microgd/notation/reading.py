"""Reading: a formula as a sentence writes it, taken apart so that it can be typeset.

Sentences and rules stay the one place where formulas are written. What they write is read here:
`−1/x²` becomes a fraction, `Wᵀ @ g` a raised T; what cannot be read stays words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from microgd.notation.names import split_name
from microgd.notation.tree import (
    Fraction,
    Function,
    Group,
    Matrix,
    Name,
    Number,
    Part,
    Raised,
    Root,
    Row,
    Sign,
    Word,
)

_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀˣ"
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·ᵀˣ", "0123456789−.Tx")
_NUMBER = r"\d+(?:\.\d+)?(?:e[−-]?\d+)?(?![\d.])|inf\b|NaN\b"
_SIGNS = "+−-·×@⊗⊙=≠≈<>≥≤→←∧,;:→"
#: Brackets inside brackets beyond so many are signs: whoever writes them does not want mathematics.
DEEPEST = 40

_CALL = ("bracket", "(")
_CLOSING = {"(": ")", "[": "]", "|": "|", "‖": "‖"}

#: Functions without brackets, too: `cos x`. Any other word before a bracket is one: `relu(x)`.
FUNCTIONS = frozenset(
    ["exp", "ln", "log", "sin", "cos", "tanh", "max", "min", "softmax", "sign", "diag", "σ", "Σ"]
)


def read(text: str, names: Iterable[str] = ()) -> Part:
    """The parts of a formula; `names` are the labels that may stand in it, whatever they look like.

    >>> read("−1/x²", ["x"])
    Row(parts=(Sign(text='−'), Fraction(above=Number(text='1'), below=Raised(base=Name(text='x'),
    power=Number(text='2')))))
    """
    tokens = _tokens(text, names)
    return _row(_joined(_nested(tokens)))


def _tokens(text: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """(kind, text): name, number, word, sign, open, close, raised, slash, caret, root."""
    labels = sorted({n for n in names if n and n.strip()}, key=len, reverse=True)
    own = "|".join(
        (r"(?<!\w)" if n[0].isalnum() else "")
        + re.escape(n)
        + (r"(?!\w)" if n[-1].isalnum() else "")
        for n in labels
        if not re.fullmatch(_NUMBER, n)
    )
    kinds = [
        ("partial", rf"∂(?=\w{'|' * bool(own)}{own})"),
        ("name", own or r"(?!)"),
        ("number", _NUMBER),
        ("raised", f"[{_HIGH}]+(?:·[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"),
        ("word", rf"[^\W\d{_HIGH}][^\W{_HIGH}]*"),
        ("root", "√"),
        ("caret", r"\^|\*\*"),
        ("slash", "/"),
        ("bracket", r"[()\[\]|‖]"),
        ("sign", "==|[" + re.escape(_SIGNS) + "]"),
        ("other", r"\S"),
    ]
    pattern = re.compile("|".join(f"(?P<{kind}>{rule})" for kind, rule in kinds))
    return [(m.lastgroup or "other", m[0]) for m in pattern.finditer(text)]


def _nested(tokens: list[tuple[str, str]]) -> list[Part | tuple[str, str]]:
    """Brackets closed into groups; marks that bind what stands beside them stay as tokens."""
    stack: list[tuple[str, list[Part | tuple[str, str]]]] = [("", [])]
    for place, (kind, text) in enumerate(tokens):
        opening, inside = stack[-1]
        if kind == "bracket" and opening and text == _CLOSING[opening]:
            stack.pop()
            outside = stack[-1][1]
            group = Group(opening, _row(_joined(inside)), text)
            taken_from = bool(outside) and isinstance(outside[-1], Name | Group)
            outside.append(group if taken_from else _matrix(group) or group)
        elif kind == "bracket" and text in _CLOSING and len(stack) < DEEPEST:
            stack.append((text, []))
        else:
            part = _leaf(kind, text, called=tokens[place + 1 : place + 2] == [_CALL])
            if isinstance(part, Word) and inside and isinstance(before := inside[-1], Word):
                inside[-1] = Word(f"{before.text} {part.text}")
            else:
                inside.append(part)
    while len(stack) > 1:  # a bracket that nothing closes is a sign like others
        opening, inside = stack.pop()
        stack[-1][1].extend([Sign(opening), *inside])
    return stack[0][1]


def _matrix(group: Group) -> Matrix | None:
    """`[[1, −2], [3, 4]]` as rows of numbers; None for brackets that hold anything else."""
    if group.opening != "[":
        return None
    rows = []
    for part in _listed(group.inner):
        if not isinstance(part, Group) or part.opening != "[":
            return None
        rows.append(_listed(part.inner))
    even = len({len(row) for row in rows}) == 1
    return Matrix(tuple(rows)) if even and all(map(_is_number, sum(rows, ()))) else None


def _listed(inner: Part) -> tuple[Part, ...]:
    """What commas separate."""
    found: list[list[Part]] = [[]]
    for part in inner.parts if isinstance(inner, Row) else (inner,):
        if part == Sign(","):
            found.append([])
        else:
            found[-1].append(part)
    return tuple(_row(parts) for parts in found)


def _is_number(part: Part) -> bool:
    signed = isinstance(part, Row) and len(part.parts) == 2 and part.parts[0] == Sign("−")
    return isinstance(part.parts[1] if signed and isinstance(part, Row) else part, Number)


def _leaf(kind: str, text: str, *, called: bool) -> Part | tuple[str, str]:
    if kind in ("raised", "root", "caret", "slash", "partial"):
        return kind, text
    if kind == "number":
        return Number(text)
    if kind == "name":
        return Name(text)
    if kind == "word":
        if text in FUNCTIONS or called:
            return Function(text)
        return Name(text) if len(split_name(text)[0]) == 1 else Word(text)
    if kind == "sign" or kind == "bracket":
        return Sign({"-": "−", "==": "="}.get(text, text))
    return Word(text)


def _joined(parts: list[Part | tuple[str, str]]) -> list[Part]:
    """Powers, roots, ∂s and fractions put together, the tightest first."""
    parts = _with_powers(_with_partials(parts))
    done: list[Part] = []
    waiting: Part | None = None
    for part in parts:
        if isinstance(part, tuple):
            if part[0] == "slash" and done and not isinstance(done[-1], Sign | Word):
                waiting = _numerator(done)
            else:
                done.append(Sign(part[1]))
        elif waiting is not None:
            done.append(Fraction(waiting, _bare(part)))
            waiting = None
        else:
            done.append(part)
    if waiting is not None:
        done += [waiting, Sign("/")]
    return done


def _numerator(done: list[Part]) -> Part:
    """What a slash divides: the part before it, with the function that it is given to."""
    last = done.pop()
    if isinstance(last, Group) and done and isinstance(done[-1], Function):
        return Row((done.pop(), last))
    return _bare(last)


def _bare(part: Part) -> Part:
    """Without brackets that a fraction's bar makes needless."""
    return part.inner if isinstance(part, Group) and part.opening == "(" else part


def _with_partials(parts: list[Part | tuple[str, str]]) -> list[Part | tuple[str, str]]:
    found: list[Part | tuple[str, str]] = []
    for part in parts:
        if found and found[-1] == ("partial", "∂") and not isinstance(part, tuple):
            found[-1] = Row((Word("∂"), part))
        else:
            found.append(part)
    return [Word("∂") if p == ("partial", "∂") else p for p in found]


def _with_powers(parts: list[Part | tuple[str, str]]) -> list[Part | tuple[str, str]]:
    """Roots and powers, which take the part after them, and the part before them as their base."""
    found: list[Part | tuple[str, str]] = []
    place = 0
    while place < len(parts):
        part = parts[place]
        place += 1
        if not isinstance(part, tuple) or part[0] == "slash":
            found.append(part)
            continue
        kind, text = part
        if kind == "raised":
            found.append(Raised(_base(found), read(text.translate(_RAISED))))
            continue
        taken, inner = _operand(parts, place)
        if inner is None:
            found.append(Sign(text))
            continue
        place += taken
        found.append(Root(_bare(inner)) if kind == "root" else Raised(_base(found), _bare(inner)))
    return found


def _base(found: list[Part | tuple[str, str]]) -> Part:
    """What a power is raised from: the part before it, or nothing."""
    last = found[-1] if found else Sign("")
    if isinstance(last, tuple | Sign):
        return Word("")
    found.pop()
    return last


def _operand(parts: list[Part | tuple[str, str]], place: int) -> tuple[int, Part | None]:
    """How many parts a root or a power takes from there, a minus sign included; and which."""
    first = parts[place] if place < len(parts) else ("", "")
    second = parts[place + 1] if place + 1 < len(parts) else ("", "")
    if first == Sign("−") and not isinstance(second, tuple):
        return 2, Row((Sign("−"), second))
    return (0, None) if isinstance(first, tuple | Sign) else (1, first)


def _row(parts: list[Part]) -> Part:
    return parts[0] if len(parts) == 1 else Row(tuple(parts))
