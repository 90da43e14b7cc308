"""Labels: a short, unique name for every node, so that formulas can refer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from microgd.graph.node import Node
from microgd.graph.row import CONSTANT
from microgd.trace.numbers import short_number

#: What unnamed gates are called, in the order of computation.
LETTERS = "qprstuvabcdgh"

_SUPERSCRIPTS = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")


def labels(order: Sequence[Node], output: Node) -> dict[Node, str]:
    """A label for every node: its own name, else a letter; scalar constants get their number.

    Names that several nodes share are told apart by their scopes, where those differ
    (neuron1.w, neuron2.w), else by a count (x, x_2). All labels but those of constants are unique.
    """
    named = {node: name for node in order if (name := _one_line(node.name))}
    given = set(named.values())
    taken: set[str] = set()
    counts: dict[str, Iterator[int]] = {}
    result: dict[Node, str] = {}
    shared = _in_scopes(named)
    for node, name in named.items():
        label = name = shared.get(node, name)
        while label in taken or (label != name and label in given):
            label = f"{name}_{next(counts.setdefault(name, count(2)))}"
        taken.add(label)
        result[node] = label
    # Beside W[0, 1], an element of W, nothing else is to be called W.
    taken.update(n.partition("[")[0] for n in named.values() if n.endswith("]"))
    if output not in result:
        result[output] = "f" if "f" not in taken else next(_fresh(taken, LETTERS))
        taken.add(result[output])
    gate_names = _fresh(taken, LETTERS)
    # Unnamed weights beside inputs x0, x1 are not to be taken for more inputs.
    letter = next((x for x in "xwp" if not any(n.startswith(x) for n in given)), "x")
    leaf_names = _fresh(taken, letter)
    constant_names = _fresh(taken, "k")
    for node in order:
        if node in result:
            continue
        if node.inputs:
            result[node] = next(gate_names)
        elif not node.is_constant:
            result[node] = next(leaf_names)
        elif node.shape == () and node.value is not None:
            result[node] = short_number(float(node.value))
        else:
            result[node] = next(constant_names)
    return result


def _in_scopes(named: Mapping[Node, str]) -> dict[Node, str]:
    """Names with their scope, shortened where that suffices, for names that stand in several."""
    places: dict[str, set[str | None]] = {}
    for node, name in named.items():
        places.setdefault(name, set()).add(node.scope)
    found = {}
    for node, name in named.items():
        scopes = places[name]
        if node.scope and len(scopes) > 1:
            tails = [s.rpartition("/")[2] for s in scopes if s]
            short = node.scope.rpartition("/")[2]
            found[node] = f"{_one_line(short if tails.count(short) == 1 else node.scope)}.{name}"
    return found


def _one_line(name: str | None) -> str:
    """A name without line breaks and without signs that nothing can show.

    >>> _one_line(" x\ty" + chr(27))
    'x y�'
    """
    line = " ".join(name.split()) if name else ""
    return line if line.isprintable() else "".join(c if c.isprintable() else "�" for c in line)


def _fresh(taken: set[str], letters: str) -> Iterator[str]:
    plain = iter(letters) if len(letters) > 1 else iter(())
    for letter in plain:
        if letter not in taken:
            taken.add(letter)
            yield letter
    for number in count(1):
        label = f"{letters[0] if len(letters) == 1 else 't'}{number}"
        if label not in taken:
            taken.add(label)
            yield label


def folded_constants(node: Node) -> tuple[int, ...]:
    """The position of a scalar constant that the gate's sign can carry: +1, ×2, x²."""
    if len(node.inputs) != 2 or node.gate.carries is None:
        return ()
    for position, x in enumerate(node.inputs):
        if x.gate is CONSTANT and x.shape == () and not x.name:
            return (position,)
    return ()


def sign_of(node: Node) -> str:
    """The sign in the gate's circle, with a constant it carries: `+`, `+1`, `×2`, `x²`."""
    folded = folded_constants(node)
    if not folded:
        return node.gate.sign or node.gate.name
    constant = node.inputs[folded[0]].value
    assert constant is not None
    text = short_number(float(constant))
    if node.gate.name == "pow" and folded[0] == 1:
        return raised("x", text)
    assert node.gate.carries is not None
    return node.gate.carries[folded[0]].format(text).replace("+−", "−")


def raised(base: str, exponent: str) -> str:
    """A power as written by hand: x², x⁻¹; x^1e−9 where there are no raised digits for it.

    >>> raised("x", "2"), raised("q", "−0.5"), raised("x", "n")
    ('x²', 'q⁻⁰·⁵', 'x^n')
    """
    if set(exponent) <= set("0123456789−."):
        return base + exponent.replace("−", "-").translate(_SUPERSCRIPTS)
    return f"{base}^{exponent}"
