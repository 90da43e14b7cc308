"""Words: all that the page says besides the lesson itself, in the language that is spoken."""

from __future__ import annotations

from microgd.translation import N_, translated

#: Kind of a step → what it is called.
KINDS = {
    "forward": N_("forward"),
    "seed": N_("seed"),
    "contribution": N_("backward"),
    "broadcast": N_("broadcast sum"),
    "branch": N_("branch sum"),
    "changes": N_("new data"),
}

#: Its place on the page → an English text.
_TEXTS = {
    "first": N_("First step"),
    "back": N_("One step back"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "next": N_("One step on"),
    "last": N_("Last step"),
    "step": N_("Step"),
    "speed": N_("Speed"),
    "player": N_("Player"),
    "circuit": N_("Circuit"),
    "panel": N_("This step"),
    "steps": N_("All steps"),
    "number": N_("No."),
    "what": N_("What"),
    "told": N_("In words and numbers"),
    "quiz": N_("Quiz"),
    "colours": N_("Colours"),
    "default": N_("green and red"),
    "colour_blind": N_("blue and orange"),
    "mono": N_("black and white"),
    "theme": N_("Light or dark"),
    "help": N_("Help"),
    "close": N_("Close"),
    "larger": N_("Larger"),
    "smaller": N_("Smaller"),
    "fit": N_("Fit"),
    "keys": N_("Keys"),
    "key_step": N_("a step back, a step on"),
    "key_ends": N_("the first step, the last"),
    "key_play": N_("play and pause"),
    "key_quiz": N_("quiz: guess each number before it appears"),
    "key_nudge": N_("nudge an input"),
    "key_theme": N_("light or dark"),
    "key_help": N_("this list"),
    "click": N_("Click a gate to see its numbers, its rule and its steps."),
    "local": N_("local derivative"),
    "upstream": N_("upstream"),
    "result": N_("contribution"),
    "value": N_("value"),
    "gradient": N_("gradient"),
    "later": N_("not computed yet"),
    "written": N_("written at {place}"),
    "answer": N_("Your answer"),
    "check": N_("Check"),
    "hint": N_("Hint"),
    "show": N_("Show me"),
    "shown": N_("It is {answer}."),
    "score": N_("{right} of {n} right at once"),
    "nudge": N_("Nudge an input"),
    "nudge_what": N_(
        "Drag: what does a small change of one input do to {f}? The gradient foretells it: "
        "h times the gradient."
    ),
    "reset": N_("Back to the lesson's numbers"),
    "input": N_("Input"),
    "by": N_("by h"),
    "foretold": N_("h × gradient"),
    "true": N_("true change"),
    "off": N_("difference"),
    "shrinks": N_(
        "Half of h, a quarter of the difference: where the curve is smooth, the difference shrinks "
        "with the square of h."
    ),
    "exact": N_("Along a straight line the gradient foretells the change exactly."),
    "no_nudge": N_("No input can be nudged on this page: {why}"),
    "no_circuit": N_("There is no circuit here: {why}"),
    "no_script": N_("This is the whole lesson; stepping through it needs JavaScript."),
    "right_way": N_("Right"),
    "wrong_way": N_("With the mistake"),
}  # fmt: skip


def spoken(text: str) -> str:
    """A text of a table at the top of a file, in the language that is spoken."""
    return translated(text)


def words() -> dict[str, str]:
    """Every text by its place on the page."""
    return {place: translated(text) for place, text in _TEXTS.items()} | {
        f"kind_{kind}": translated(text) for kind, text in KINDS.items()
    }
