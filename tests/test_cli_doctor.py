"""`microgd doctor`: what it finds, and what it says where something is missing or broken."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from cli_runner import run, said

from microgd.draw.engines import finding
from microgd.opencl.devices import Device
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


def test_without_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)  # importing it fails
    monkeypatch.setattr(doctor_checks, "_opencl", without_opencl)
    data = findings(said("doctor", "--json"))
    assert data["typst"]["state"] == "optional"
    assert "install" in data["typst"]["mend"][0]


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise OSError("no idea")

    monkeypatch.setattr(doctor_checks.platform, "python_version", broken)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert findings(result.stdout)["python"]["text"] == "OSError: no idea"


def with_opencl(
    monkeypatch: pytest.MonkeyPatch, devices: tuple[Any, ...], *notes: str
) -> list[doctor_checks.Finding]:
    def discover() -> Any:
        return SimpleNamespace(devices=devices, notes=notes)

    monkeypatch.setattr("microgd.opencl.devices.discover", discover)
    return doctor_checks._opencl()


def test_opencl_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    good = SimpleNamespace(label="A GPU (its platform)", problem=None, healthy=True)
    bad = SimpleNamespace(label="A CPU (another)", problem="it crashed", healthy=False)
    found = with_opencl(monkeypatch, (bad, good), "the driver x is left out: it hung")
    assert [(f.state, f.text) for f in found] == [
        ("optional", "A CPU (another) cannot be used: it crashed"),
        ("ok", "A GPU (its platform)"),
        ("optional", "the driver x is left out: it hung"),
    ]


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_no_opencl_device(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microgd.opencl.advice.sys.platform", system)
    note, none = with_opencl(monkeypatch, (), "pyopencl is not installed")
    assert note.text == "pyopencl is not installed"
    assert none.state == "optional"
    for word in ("Linux:", "macOS:", "Windows:", "pip install"):
        assert word in none.note
    monkeypatch.undo()


def test_no_opencl_device_leaves_the_main_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microgd.opencl.advice.platform.machine", lambda: "x86_64")
    with_opencl(monkeypatch, ())
    printed = said("doctor")
    assert "The main job works" in printed
    assert "no device works" in printed
    assert "Windows:" in printed


def test_a_discovery_that_breaks_is_no_illness(monkeypatch: pytest.MonkeyPatch) -> None:
    def discover() -> Any:
        raise RuntimeError("no folder\nof drivers")

    monkeypatch.setattr("microgd.opencl.devices.discover", discover)
    (found,) = doctor_checks._opencl()
    assert (found.state, found.text) == ("optional", "no folder")


@pytest.mark.opencl
def test_opencl_devices_are_listed(opencl_device: Device) -> None:
    assert opencl_device.label in [f.text for f in doctor_checks._opencl() if f.state == "ok"]
