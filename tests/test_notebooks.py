"""The notebooks run from top to bottom, and show what they say they show."""

from __future__ import annotations

import copy
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
MAKER = runpy.run_path(str(ROOT / "docs" / "make_notebooks.py"))

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def shown(output: dict[str, Any]) -> dict[str, Any]:
    """An output as far as it is the same everywhere: texts and tables; of pictures, their kind."""
    if output["output_type"] == "stream":
        return {"stream": "".join(output["text"])}
    found = dict.fromkeys(output["data"], "a picture")
    found["text/plain"] = "".join(output["data"]["text/plain"])
    if "text/html" in found:
        found["text/html"] = re.sub("<svg.*?</svg>", "", "".join(output["data"]["text/html"]))
    return found


def test_there_are_three():
    assert [p.stem for p in NOTEBOOKS] == ["backpropagation", "gradient-descent", "optimizers"]


@by_name
def test_it_is_a_notebook_of_format_4_5(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", one) for one in ids)  # names, not numbers
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("markdown", "code")
        if cell["cell_type"] == "code":
            assert cell["execution_count"] is None
    assert text == MAKER["written"](notebook)
    assert len(text) < 400_000


@by_name
def test_its_cells_and_solutions_run_and_give_what_is_kept(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    made = copy.deepcopy(kept)
    MAKER["run"](made)
    for old, new in zip(kept["cells"], made["cells"], strict=True):
        told = [[shown(o) for o in cell.get("outputs", [])] for cell in (old, new)]
        assert told[0] == told[1], f"{path.name}: {old['id']}: run python docs/make_notebooks.py"
    assert not list(tmp_path.iterdir())


@by_name
def test_it_can_be_taught_from(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"}
    exercises = [name.removeprefix("exercise-") for name in texts if name.startswith("exercise-")]
    assert len(exercises) >= 3
    for number in exercises:
        solution = texts[f"solution-{number}"]
        assert solution.startswith("<details><summary>Solution</summary>\n\n")
        assert solution.endswith("\n\n</details>")
        assert MAKER["SOLUTION"].search(solution)
    pictures = [o for c in cells for o in c.get("outputs", []) if "data" in o]
    kinds = [kind for o in pictures for kind in o["data"]]
    assert kinds.count("image/svg+xml") + kinds.count("image/png") >= 6
    for target in re.findall(r"\]\(([^)\s]+)\)", " ".join(texts.values())):
        assert (path.parent / target).exists(), target


@pytest.mark.slow
@by_name
def test_it_runs_in_a_kernel(path, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    kept = [c.outputs for c in notebook.cells if c.cell_type == "code"]
    run = nbclient.execute(copy.deepcopy(notebook), cwd=str(tmp_path), timeout=120)
    for old, new in zip(kept, [c.outputs for c in run.cells if c.cell_type == "code"], strict=True):
        streams = ["".join(o.text for o in out if o.output_type == "stream") for out in (old, new)]
        assert streams[0] == streams[1]
        pictures = [{k for o in outputs for k in o.get("data", ())} for outputs in (old, new)]
        assert pictures[0] <= pictures[1]
