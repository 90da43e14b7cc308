"""`microgd doctor`: what it finds, and what it says where something is missing or broken."""

from __future__ import annotations

import json
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
from cli_runner import run, said

from microgd.draw.engines import finding
from microgd_cli import doctor_checks


def without_opencl() -> list[doctor_checks.Finding]:
    return []


def findings(printed: str) -> dict[str, Any]:
    return {f["name"]: f for f in json.loads(printed)["findings"]}


def test_the_main_job_works_here() -> None:
    printed = said("doctor")
    assert "The main job works" in printed
    for name in ("Python", "microgd", "numpy", "graphviz-pure", "dot", "picture", "output"):
        assert name in printed


def test_json() -> None:
    data = json.loads(said("doctor", "--json"))
    assert data["works"] is True
    assert all(f["state"] in ("ok", "optional") for f in data["findings"])


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = [finding.Engine("dot", problem="not on PATH")]
    monkeypatch.setattr(finding, "_known_engines", lambda: nothing)
    monkeypatch.setattr(doctor_checks, "_opencl", without_opencl)
    result = run("doctor")
    assert result.exit_code == 1
    assert "To mend it:" in result.stdout
    assert "graphviz" in result.stdout.split("To mend it:")[1]
    assert "works" not in result.stdout


def test_an_engine_that_is_not_there() -> None:
    result = run("doctor", MICROGD_DOT="/nowhere/dot")
    assert result.exit_code == 1
    assert "there is no such program" in result.stdout
    assert "MICROGD_DOT" in result.stdout.split("To mend it:")[1]


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise OSError("no idea")

    monkeypatch.setattr(doctor_checks.platform, "python_version", broken)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert findings(result.stdout)["python"]["text"] == "OSError: no idea"


def opencl_says(program: str, monkeypatch: pytest.MonkeyPatch) -> list[doctor_checks.Finding]:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(doctor_checks, "OPENCL_PROGRAM", program)
    return doctor_checks._opencl()


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("import os; os.abort()", "ended with status -6"),
        ("raise SystemExit('clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR')", "no driver"),
        ("print('DEVICES[\"2026\", []]')", "no device"),
        ('print(\'noise\'); print(\'DEVICES["2026", [["gpu", "icd", null]]]\')', "gpu (icd), py"),
        ('print(\'DEVICES["2026", [["gpu", "icd", "BUILD"]]]\')', "does not work: BUILD"),
    ],
)
def test_opencl_drivers_may_crash(program: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = opencl_says(program, monkeypatch)
    assert text in found.text
    assert found.state in ("ok", "optional")


def test_opencl_drivers_may_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "OPENCL_TIMEOUT", 0.2)
    (found,) = opencl_says("import time; time.sleep(60)", monkeypatch)
    assert "did not answer" in found.text


@pytest.mark.opencl
@pytest.mark.skipif(find_spec("pyopencl") is None, reason="pyopencl is not installed")
def test_opencl_devices_are_listed() -> None:
    assert all(f.text for f in doctor_checks._opencl())


def test_no_opencl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (found,) = doctor_checks._opencl()
    assert found.mend[0].endswith("-m pip install pyopencl")
