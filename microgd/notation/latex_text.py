"""LaTeX's text: letters and signs as pdflatex knows them, and the others so that they are seen."""

from __future__ import annotations

import unicodedata

from microgd.notation.names import printable

#: Signs, as mathematics has them.
SIGNS = {
    "−": "-", "·": r"\cdot", "×": r"\times", "⊗": r"\otimes", "⊙": r"\odot", "≠": r"\neq",
    "≥": r"\geq", "≤": r"\leq", "→": r"\to", "←": r"\gets", "∧": r"\land", "∨": r"\lor",
    "≈": r"\approx", "<": "<", ">": ">", "|": "|", "‖": r"\|", "√": r"\surd", "∞": r"\infty",
    "…": r"\ldots", "±": r"\pm", "÷": r"\div", "¬": r"\neg", "∇": r"\nabla", "∑": r"\sum",
    "∏": r"\prod", "∫": r"\int", "∈": r"\in", "∀": r"\forall", "∃": r"\exists", "∅": r"\emptyset",
    "\u222a": r"\cup", "∩": r"\cap", "⊂": r"\subset", "≡": r"\equiv", "∝": r"\propto",
    "\u223c": r"\sim", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow",
    "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow", "↦": r"\mapsto", "⊕": r"\oplus",
    "⊖": r"\ominus", "∘": r"\circ", "•": r"\bullet", "★": r"\star", "°": r"{}^{\circ}",
    "′": r"{}^{\prime}", "″": r"{}^{\prime\prime}", "⟨": r"\langle", "⟩": r"\rangle",
    "ℓ": r"\ell", "ħ": r"\hbar",
}  # fmt: skip
LETTERS = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon",
    "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda",
    "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "ο": "o", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma",
    "ς": r"\varsigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\varphi", "χ": r"\chi",
    "ψ": r"\psi", "ω": r"\omega", "ϕ": r"\phi", "ϑ": r"\vartheta", "ϵ": r"\epsilon",
    "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi",
    "Σ": r"\sum", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega",
    "∂": r"\partial",
}  # fmt: skip
_GREEK_AS_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True))
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "−": "-",
    "–": "--", "—": "---", "“": "``", "”": "''", "‘": "`", "’": "'", "„": ",,", "\u201a": ",",
    "\u00a0": " ", "\u2044": "/", "�": "?",
}  # fmt: skip
#: Letters that a plain document has: those that TeX sets as a letter with an accent.
_ACCENTED = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿĀāĂăĆćĈĉĊċČčĎďĒēĔĕĖėĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭİı"
    "ĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŴŵŶŷŸŹźŻżŽžȘșȚț"
)


def latex_text(text: str) -> str:
    r"""Text that means nothing to LaTeX but itself.

    Cyrillic stays, for documents that have it; what pdflatex lacks is written as its number.

    >>> print(latex_text("100 % of $x_1"), latex_text("a → b²"), latex_text("☃"))
    100 \% of \$x\_1 a \ensuremath{\to} b\ensuremath{{}^{2}} [U+2603]
    """
    return "".join(map(_sign, unicodedata.normalize("NFC", printable(text))))


def _sign(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    if mathematics := SIGNS.get(c) or LETTERS.get(c):
        return rf"\ensuremath{{{mathematics}}}"
    if c.isascii() or c in _ACCENTED or unicodedata.name(c, "").startswith("CYRILLIC"):
        return c
    kind = unicodedata.decomposition(c).partition(" ")[0]
    plain = _GREEK_AS_LATIN.get(c) or unicodedata.normalize("NFKC", c)
    if kind in ("<super>", "<sub>") and plain != c:
        return rf"\ensuremath{{{{}}{'^' if kind == '<super>' else '_'}{{{latex_text(plain)}}}}}"
    return latex_text(plain) if plain != c else f"[U+{ord(c):04X}]"
