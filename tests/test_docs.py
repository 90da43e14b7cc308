"""The documentation says what the code does."""

import re
import runpy
from pathlib import Path

import pytest

from microgd.gates.table import FAMILIES, TABLE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_the_gate_table_is_the_codes():
    made = runpy.run_path(str(DOCS / "make_gates.py"))["page"]()
    assert (DOCS / "gates.md").read_text(encoding="utf-8") == made, "run python docs/make_gates.py"
    for name in TABLE:
        assert name in FAMILIES["custom"] or f"| `{name}(" in made


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


def test_the_pictures_are_those_that_the_script_draws(tmp_path):
    main = runpy.run_path(str(DOCS / "make_pictures.py"))["main"]
    main(tmp_path)
    drawn = {p.name for p in tmp_path.iterdir()}
    assert drawn == {p.name for p in (DOCS / "pictures").glob("*.svg")}


@pytest.mark.parametrize("gate", TABLE.values(), ids=lambda g: g.name)
def test_every_gate_explains_itself(gate):
    assert gate.doc.endswith(".")
    assert gate.formula
    assert gate.sign
    assert len(gate.local) == len(gate.inputs)
    assert f"mg.{gate.name}(" in gate.example


@pytest.mark.parametrize("gate", TABLE.values(), ids=lambda g: g.name)
def test_every_gates_example_runs(gate):
    import doctest

    import microgd as mg

    test = doctest.DocTestParser().get_doctest(gate.example, {"mg": mg}, gate.name, None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.attempted >= 1
    assert result.failed == 0
