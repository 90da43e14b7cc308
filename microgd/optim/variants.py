"""The same optimizer as others write it: PyTorch, Keras, optax, the first paper, the lectures.

A variant is a set of options of our own optimizers, never another implementation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from microgd.errors import ArgumentError
from microgd.gates.table import did_you_mean
from microgd.optim.adam import COMPOUNDED
from microgd.optim.optimizer import Optimizer
from microgd.optim.wrapping import Wrapper


@dataclass(frozen=True)
class Variant:
    """A convention.

    Attributes:
        options: what has to be set for it; options that are left out do not matter to it.
        note: what a reader should know besides.
    """

    options: Mapping[str, Any]
    note: str = ""


#: Where each name of a variant is from.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "torch": "torch.optim (PyTorch 2)",
        "keras": "keras.optimizers (Keras 3)",
        "optax": "optax",
        "classic": "the paper that first described it",
        "uncorrected": "Adam without bias correction: lecture 000's first version",
        "000": "lecture 000",
        "002": "lecture 002",
        "003": "lecture 003",
        "004": "lecture 004",
    }
)


def _v(note: str = "", /, **options: Any) -> Variant:
    return Variant(MappingProxyType(options), note)


_ADAM: dict[str, Any] = {"betas": (0.9, 0.999), "eps": 1e-8, "bias_correction": True}
_OUTSIDE: dict[str, Any] = {"eps_inside_root": False, "eps_before_correction": False}
_KERAS_ADAM: dict[str, Any] = {
    "betas": (0.9, 0.999),
    "eps": 1e-7,
    "eps_inside_root": False,
    "eps_before_correction": True,
    "bias_correction": True,
}
_UNCORRECTED: dict[str, Any] = {"betas": (0.9, 0.999), "eps": 1e-8, "bias_correction": False}
_WHOLE = "the slides' penalty is λ‖θ‖², of which the gradient is 2λθ; it shows with weight_decay"

#: Optimizer → variant → the options that make it.
VARIANTS: Mapping[str, Mapping[str, Variant]] = MappingProxyType(
    {
        "sgd": {
            "torch": _v(momentum=0.0, penalty="half"),
            "keras": _v(momentum=0.0, penalty="half"),
            "optax": _v(momentum=0.0, penalty="half"),
            "000": _v(_WHOLE, momentum=0.0, penalty="whole"),
        },
        "momentum": {
            "torch": _v(form="pytorch"),
            "keras": _v(form="velocity"),
            "optax": _v(form="pytorch"),
            "classic": _v("Polyak's heavy ball", form="displacement"),
            "000": _v(form="velocity"),
            "002": _v(form="displacement"),
            "003": _v("θ takes the old v, so that each push arrives a step late", form="rolling"),
            "004": _v(form="velocity"),
        },
        "nesterov": {
            "torch": _v(form="pytorch"),
            "keras": _v("another way to write the shifted form", form="shifted"),
            "optax": _v(form="pytorch"),
            "classic": _v("as Sutskever et al., 2013, write it", form="look-ahead"),
            "000": _v(form="look-ahead"),
            "002": _v(form="displacement"),
            "003": _v("looks ahead by the whole v", form="rolling"),
        },
        "normalizedgradient": {
            "003": _v(eps=0.0, per="all"),
        },
        "rprop": {
            "torch": _v(
                etas=(0.5, 1.2), step_sizes=(1e-6, 50.0), variant="irprop-", zero_shrinks=False
            ),
            "classic": _v(
                "with weight backtracking",
                etas=(0.5, 1.2),
                step_sizes=(1e-6, 50.0),
                variant="rprop+",
                zero_shrinks=False,
            ),
            "003": _v(
                etas=(0.6, 1.2), step_sizes=(0.0, math.inf), variant="rprop-", zero_shrinks=True
            ),
        },
        "adagrad": {
            "torch": _v(eps=1e-10, eps_inside_root=False, initial_accumulator=0.0),
            "keras": _v(eps=1e-7, eps_inside_root=True, initial_accumulator=0.1),
            "optax": _v(eps=1e-7, eps_inside_root=True, initial_accumulator=0.1),
            "classic": _v(eps_inside_root=False, initial_accumulator=0.0),
            "000": _v(eps=1e-7, eps_inside_root=False, initial_accumulator=0.0),
            "002": _v(eps_inside_root=True, initial_accumulator=0.0),
        },
        "adadelta": {
            "torch": _v(rho=0.9, eps=1e-6),
            "keras": _v(rho=0.95, eps=1e-7),
            "optax": _v(rho=0.9, eps=1e-6),
            "classic": _v(rho=0.95, eps=1e-6),
        },
        "rmsprop": {
            "torch": _v(alpha=0.99, eps=1e-8, eps_inside_root=False, momentum_form="pytorch"),
            "keras": _v(alpha=0.9, eps=1e-7, eps_inside_root=True, momentum_form="displacement"),
            "optax": _v(alpha=0.9, eps=1e-8, eps_inside_root=True, momentum_form="displacement"),
            "classic": _v("Hinton's slide has no ε", alpha=0.9, eps=0.0),
            "000": _v(alpha=0.99, eps_inside_root=False),
            "002": _v(alpha=0.9, eps_inside_root=True),
            "003": _v("the slide has no ε", eps=0.0),
            "004": _v(alpha=0.99, eps_inside_root=True),
        },
        "adam": {
            "torch": _v(**_ADAM, **_OUTSIDE),
            "keras": _v("ε is added before the correction", **_KERAS_ADAM),
            "optax": _v(**_ADAM, **_OUTSIDE),
            "classic": _v("Kingma and Ba, algorithm 1", **_ADAM, **_OUTSIDE),
            "uncorrected": _v(**_UNCORRECTED, **_OUTSIDE),
            "000": _v("its corrected version; see uncorrected", **_ADAM, **_OUTSIDE),
            "002": _v(
                "word for word: the corrected mean is remembered, and corrected again",
                **{**_ADAM, "bias_correction": COMPOUNDED},
                eps_inside_root=True,
                eps_before_correction=False,
            ),
            "003": _v(
                "the slide multiplies g by β and the mean by 1 − β; read as the other slides",
                **_UNCORRECTED,
                **_OUTSIDE,
            ),
            "004": _v(**_UNCORRECTED, eps_inside_root=True, eps_before_correction=False),
        },
        "adamw": {
            "torch": _v(**_ADAM, **_OUTSIDE, weight_decay=0.01, decoupled=True),
            "keras": _v(
                "ε is added before the correction",
                **_KERAS_ADAM,
                weight_decay=0.004,
                decoupled=True,
            ),
            "optax": _v(**_ADAM, **_OUTSIDE, weight_decay=1e-4, decoupled=True),
            "classic": _v(
                "the paper's λ is not multiplied by γ: it is γλ here",
                **_ADAM,
                **_OUTSIDE,
                decoupled=True,
            ),
            "000": _v(
                "the slide's λ is not multiplied by γ: it is γλ here",
                **_ADAM,
                **_OUTSIDE,
                decoupled=True,
            ),
        },
        "amsgrad": {
            "torch": _v(**_ADAM, **_OUTSIDE, amsgrad_of="v"),
            "keras": _v("ε is added before the correction", **_KERAS_ADAM, amsgrad_of="v"),
            "optax": _v(**_ADAM, **_OUTSIDE, amsgrad_of="v̂"),
            "classic": _v(
                "the paper has no correction and no ε", **{**_UNCORRECTED, "eps": 0.0}, **_OUTSIDE
            ),
        },
        "adamax": {
            "torch": _v(betas=(0.9, 0.999), eps=1e-8, eps_place="gradient"),
            "keras": _v(betas=(0.9, 0.999), eps=1e-7, eps_place="denominator"),
            "optax": _v(betas=(0.9, 0.999), eps=1e-8, eps_place="gradient"),
            "classic": _v("without ε", betas=(0.9, 0.999), eps=0.0),
        },
        "nadam": {
            "torch": _v(eps=1e-8, form="pytorch", momentum_decay=4e-3),
            "keras": _v("PyTorch's form with ψ = 1", eps=1e-7, form="pytorch", momentum_decay=1.0),
            "optax": _v(eps=1e-8, form="simple"),
        },
        "adabelief": {
            "classic": _v("the authors' code", eps=1e-16, eps_in_mean=True),
        },
    }
)


def innermost(rule: Optimizer | Wrapper) -> Optimizer | Wrapper:
    """The optimizer within Lookahead and Clipped, or the optimizer itself."""
    while isinstance(rule, Wrapper) and hasattr(rule, "inner"):
        rule = rule.inner
    return rule


def variants_of(rule: Optimizer | Wrapper) -> Mapping[str, Variant]:
    """The variants that there are of an optimizer, or of the one within its wrappers.

    >>> from microgd.optim import AdaDelta
    >>> list(variants_of(AdaDelta()))
    ['torch', 'keras', 'optax', 'classic']
    """
    return VARIANTS.get(type(innermost(rule)).__name__.lower(), {})


def variant(rule: Optimizer | Wrapper, name: str) -> Any:
    """The optimizer in another convention. Numbers that were set stay as they are.

    So `adam(betas=(0.8, 0.99))` keeps its betas in every variant; what is at its default value
    takes the variant's.

    Raises:
        ArgumentError: there is no such variant of this optimizer.

    >>> from microgd.optim import RMSprop
    >>> variant(RMSprop(), "002").text, variant(RMSprop(alpha=0.5), "002").text
    ('rmsprop(alpha=0.9, eps_inside_root=True)', 'rmsprop(alpha=0.5, eps_inside_root=True)')
    """
    known = variants_of(rule)
    if name not in known:
        kind = type(innermost(rule)).__name__.lower()
        there = f"There are: {', '.join(known)}" if known else "There are none"
        raise ArgumentError(
            f"there is no variant {name!r} of {kind}.{did_you_mean(name, list(known))} {there}"
        )
    return _in_place(rule, known[name])


def _in_place(rule: Any, wanted: Variant) -> Any:
    if isinstance(rule, Wrapper) and hasattr(rule, "inner"):
        return replace(rule, inner=_in_place(rule.inner, wanted))  # type: ignore[type-var]
    usual = {f.name: f.default for f in fields(rule)}
    options = {
        name: value
        for name, value in wanted.options.items()
        if not (_number(value) and getattr(rule, name) != usual[name])
    }
    return replace(rule, **options)


def _number(value: Any) -> bool:
    """Whether an option is a number or several, and not a choice."""
    return not isinstance(value, bool | str)
