"""Run the notebooks in examples/ and write their outputs into them: python docs/make_notebooks.py.

The notebooks are their own source: edit their cells in Jupyter or here, then run this. It keeps
outputs, so that a notebook shows its pictures wherever it is looked at, and keeps them small and
free of what changes from run to run: no execution counts, pictures of plots at 80 dots per inch,
and no animations, which play once a cell is run.

Cells run here without Jupyter, so that a test can compare them in a second; a slow test runs them
in a real kernel.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "examples"
#: Dots per inch of the plots that are kept.
DPI = 80
#: Code in a solution that is folded away.
SOLUTION = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

Cell = dict[str, Any]


def read(path: Path) -> dict[str, Any]:
    """The notebook."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def written(notebook: dict[str, Any]) -> str:
    """The notebook as Jupyter would write it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def source_of(cell: Cell) -> str:
    """A cell's text, which may be lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def run(notebook: dict[str, Any]) -> None:
    """Run every cell, the solutions after the cell they belong to, and keep what comes out."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs_of(source_of(cell), cell["id"], names)
            cell["execution_count"] = None
        else:
            for solution in SOLUTION.findall(source_of(cell)):
                outputs_of(solution, cell["id"], dict(names))


def outputs_of(source: str, name: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a cell as Jupyter does: what it prints, and what its last line comes to."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = None
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), names)  # noqa: S307
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        text = printed.getvalue()
        found.append({"output_type": "stream", "name": "stdout", "text": lines(text)})
    if value is not None:
        found.append(
            {
                "output_type": "execute_result",
                "execution_count": None,
                "metadata": {},
                "data": data_of(value),
            }
        )
    return found


def data_of(value: Any) -> dict[str, Any]:
    """What is kept of a value: its text, and one picture or page of it."""
    from microgd.plots.plot import Plot
    from microgd.plots.watch import Animation
    from microgd.teaching.player.page import Page

    data: dict[str, Any] = {"text/plain": lines(repr(value))}
    if isinstance(value, Plot):
        data["image/png"] = base64.b64encode(small_png(value)).decode() + "\n"
    elif isinstance(value, Page):  # it plays once the cell is run; how large it is may change
        data["text/plain"] = [f"<page of {value.steps} steps: run this cell to play it>"]
    elif isinstance(value, Animation):
        pass
    elif hasattr(value, "_repr_svg_") and (picture := value._repr_svg_()):
        data["image/svg+xml"] = lines(picture)
    elif hasattr(value, "_repr_html_") and (page := value._repr_html_()):
        data["text/html"] = lines(page)
    return data


def small_png(plot: Any) -> bytes:
    """A plot in 128 colours, a third of its size in all."""
    from PIL import Image  # matplotlib brings it

    from microgd.plots.style import to_bytes

    picture = Image.open(io.BytesIO(to_bytes(plot.figure, "png", dpi=DPI))).convert("RGB")
    found = io.BytesIO()
    picture.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        found, "PNG", optimize=True
    )
    return found.getvalue()


def lines(text: str) -> list[str]:
    """Text as notebooks keep it."""
    return text.splitlines(keepends=True)


def main(folder: Path = FOLDER) -> None:
    """Write every notebook of the folder anew."""
    for path in sorted(folder.glob("*.ipynb")):
        notebook = read(path)
        run(notebook)
        path.write_text(written(notebook), encoding="utf-8")
        print(path.name, f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
