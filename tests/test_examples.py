"""Every example runs, from an empty folder, and leaves what it says it leaves."""

import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
README = Path(__file__).parent.parent / "README.md"


def test_there_are_examples():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out
    announced = set(re.findall(r"[\w.]+\.svg", path.read_text(encoding="utf-8").split('"""')[1]))
    assert {p.name for p in tmp_path.iterdir()} == announced


def test_the_moons_are_learned(monkeypatch):
    main = runpy.run_path(str(EXAMPLES[0].with_name("moons.py")))["main"]
    assert main() >= 0.9


def test_the_readmes_python(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip() == "-12.0 -4.0 -4.0 3.0"
    assert (tmp_path / "f.svg").stat().st_size > 1000
