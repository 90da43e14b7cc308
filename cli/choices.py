"""Choices that suggest the nearest word, and the options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

#: As in microgd.draw, which is too large to import for a help text; a test compares them.
LOOKS = ("circuit", "lecture", "cards")
PALETTES = ("default", "colour-blind", "mono", "dark")
LANGUAGES = ("en", "cs", "ro", "ru")


class Choice(click.Choice[str]):
    """One of several words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        from difflib import get_close_matches

        near = get_close_matches(str(value), self.choices, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{value!r} is none of {', '.join(self.choices)}.{hint}"


def output_option(help: str) -> Callable[[F], F]:
    """`-o FILE`, as often as wanted."""
    return click.option("-o", "--output", "outputs", multiple=True, metavar="FILE", help=help)


def lang_option(function: F) -> F:
    """`--lang`: the command then speaks that language; it needs no argument for it."""
    return click.option(
        "--lang",
        type=Choice(LANGUAGES),
        default="en",
        show_default=True,
        expose_value=False,
        callback=_speak,
        help="The language of the text.",
    )(function)


def _speak(ctx: click.Context, param: click.Parameter, lang: str) -> None:
    if lang != "en" and not ctx.resilient_parsing:
        from microgd.translation import speaking

        ctx.with_resource(speaking(lang))


def device_option(function: F) -> F:
    """`--device`, which `devices.chosen` turns into a device."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="DEVICE",
        help="auto, gpu, cpu, interpreter, or PLATFORM:DEVICE as `microgd devices` names it.",
    )(function)


def picture_options(function: F) -> F:
    """How a picture looks and what draws it: --look, --palette, --dpi, --dot, --timeout."""
    for option in (
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            metavar="SECONDS",
            help="How long the layout may take.  [default: 30]",
        ),
        click.option("--dot", metavar="PATH", help="The Graphviz program to draw with."),
        click.option(
            "--dpi",
            type=click.FloatRange(1, 2400),
            metavar="N",
            help="Dots per inch of a PNG.  [default: 192]",
        ),
        click.option("--transparent", is_flag=True, help="No background behind the circuit."),
        click.option("--compact", is_flag=True, help="Small and close, as long circuits are."),
        click.option("--palette", type=Choice(PALETTES), help="The picture's colours."),
        click.option("--look", type=Choice(LOOKS), help="What the picture looks like."),
    ):
        function = option(function)
    return function


def lesson_options(function: F) -> F:
    """What is told: --forward, --upstream, --expand, --digits."""
    for option in (
        click.option(
            "--digits", type=click.IntRange(0, 17), metavar="N", help="Decimals of each number."
        ),
        click.option(
            "--expand",
            multiple=True,
            metavar="NAME",
            help="Open a composite gate, such as sigmoid, or `all`. May be repeated.",
        ),
        click.option(
            "--upstream", metavar="VALUE", help="The gradient to start from.  [default: 1]"
        ),
        click.option("--forward", is_flag=True, help="Only the forward pass."),
    ):
        function = option(function)
    return function
