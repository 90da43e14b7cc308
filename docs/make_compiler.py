"""Write what the compiler prints into docs/compiler.md: python docs/make_compiler.py.

The page holds the network. Its passes are printed for a CPU that need not be there; a test
compares.
"""

import linecache
import re
from pathlib import Path
from typing import Any

import microgd as mg
from microgd.opencl.explain import preview, sections
from microgd.opencl.passes import Passes

PAGE = Path(__file__).parent / "compiler.md"

#: The network, as the page shows it.
CODE = re.compile(r"^```python\n# step\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: A listing, and what it is called: `<!-- printed: fused -->`.
BLOCK = re.compile(r"^<!-- printed: (\w+) -->\n```(\w+)\n.*?^```$", re.MULTILINE | re.DOTALL)

SHAPES = {"w1": (4, 3), "b1": (3,), "w2": (3, 2), "b2": (2,), "x": (8, 4), "y": (8, 2)}
GIVEN_AWAY = (0, 1, 2, 3)


def step() -> Any:
    """The page's function."""
    found = CODE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None, "the page has no step.py"
    text = found[1]
    linecache.cache["step.py"] = (len(text), None, text.splitlines(keepends=True), "step.py")
    names: dict[str, Any] = {}
    exec(compile(text, "step.py", "exec"), names)
    return names["step"]


def passes() -> Passes:
    """What the compiler makes of it, for a CPU of 8 cores."""
    inputs = [mg.placeholder(shape, name, "float32") for name, shape in SHAPES.items()]
    return preview(step(), *inputs, donate=GIVEN_AWAY)


def printed() -> dict[str, str]:
    """Every listing of the page, by its name."""
    made = passes()
    found = {}
    for title, text in sections(made).items():
        found[re.split(r"\W", title)[0]] = f"{title}\n{text}"
    found["kernel"] = made.kernels[0].source
    return found


def page(text: str) -> str:
    """The page with its listings brought up to date."""
    texts = printed()
    return BLOCK.sub(lambda m: f"<!-- printed: {m[1]} -->\n```{m[2]}\n{texts[m[1]]}\n```", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
