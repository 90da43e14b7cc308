"""`microgd devices` and `--device`: what is printed with and without devices."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cli_runner import refused, run, said

from microgd.opencl import devices as module
from microgd.opencl.devices import INTERPRETER, Device, Discovery

GPU = Device(
    name="Fast GPU",
    platform="Some platform",
    vendor="Somebody",
    kind="gpu",
    units=128,
    memory=8 << 30,
    local_memory=48 << 10,
    largest_buffer=2 << 30,
    float64=True,
    float16=True,
    vector_width=1,
    family="gpu",
    driver="1.0",
    version="OpenCL 3.0",
    problem=None,
    index=(0, 0),
)
CPU = replace(
    GPU, name="Slow CPU", kind="cpu", family="cpu", float64=False, float16=False, index=(1, 0)
)
BAD = replace(GPU, problem="computes wrong numbers: isnan")


def here(monkeypatch: pytest.MonkeyPatch, *devices: Device, notes: tuple[str, ...] = ()) -> None:
    """Let this computer have these devices."""
    found = Discovery(devices, notes, module.os.getpid())
    monkeypatch.setattr(module, "discover", lambda **options: found)


def test_a_healthy_gpu_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, GPU, CPU)
    printed = said("devices", COLUMNS="160")
    lines = printed.splitlines()
    first = next(line for line in lines if "Fast GPU" in line)
    for word in ("0:0", "Some platform", "gpu", "128", "8.0 GiB", "16, 32, 64", "healthy, auto"):
        assert word in first
    assert "NumPy interpreter" in printed
    assert lines[-1] == "--device auto takes 0:0: Fast GPU (Some platform)"


def test_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, GPU, CPU)
    assert max(map(len, said("devices", COLUMNS="80").splitlines())) <= 80


def test_an_unusable_device_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, BAD, CPU, notes=("The driver x.so is left out: it crashed",))
    printed = said("devices")
    assert "unusable" in printed
    assert "0:0 Fast GPU (Some platform) cannot be used: computes wrong numbers: isnan." in printed
    assert "The driver x.so is left out: it crashed." in printed
    assert "--device auto takes 1:0: Slow CPU (Some platform)" in printed


def test_none_is_no_failure_and_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, notes=("The package pyopencl is not installed",))
    printed = said("devices")
    assert "--device auto takes interpreter: NumPy interpreter" in printed
    for word in (
        "The package pyopencl is not installed.",
        "Linux:",
        "macOS:",
        "Windows:",
        "pip install",
    ):
        assert word in printed


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, BAD, CPU, notes=("something",))
    data = json.loads(said("devices", "--json"))
    assert data["auto"] == "1:0"
    assert data["notes"] == ["something"]
    bad, cpu, interpreter = data["devices"]
    assert (bad["device"], bad["healthy"], bad["problem"]) == ("0:0", False, BAD.problem)
    assert (cpu["precisions"], cpu["kernels"], cpu["auto"]) == (["float32"], "cpu", True)
    assert (cpu["memory"], cpu["units"], cpu["local_memory"]) == (8 << 30, 128, 48 << 10)
    assert (interpreter["device"], interpreter["memory"]) == ("interpreter", None)


def test_check_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def discover(again: bool = False, check: bool = True) -> Discovery:
        asked.append(again)
        return Discovery((CPU,), (), module.os.getpid())

    monkeypatch.setattr(module, "discover", discover)
    said("devices", "--check")
    assert asked[0] is True
    assert True not in asked[1:]


def test_the_choice_is_always_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from microgd_cli.devices import chosen

    here(monkeypatch, GPU, CPU)
    assert chosen("auto") is GPU
    assert chosen("cpu") is CPU
    assert chosen("Interpreter", err=True) is INTERPRETER
    here(monkeypatch)
    assert chosen("auto") is INTERPRETER
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "device: Fast GPU (Some platform), chosen by auto",
        "device: Slow CPU (Some platform), chosen by --device cpu",
        "device: NumPy interpreter, chosen by auto; microgd devices says how to get a faster one",
    ]
    assert printed.err == "device: NumPy interpreter, chosen by --device Interpreter\n"


def test_a_device_that_is_not_there_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    from microgd_cli import main
    from microgd_cli.choices import device_option
    from microgd_cli.devices import chosen

    @click.command("try")
    @device_option
    def attempt(device: str) -> None:
        chosen(device)

    here(monkeypatch, CPU)
    monkeypatch.setitem(main.COMMANDS, "try", ("devices", ""))
    monkeypatch.setattr("microgd_cli.devices.command", attempt)
    assert said("try") == "device: Slow CPU (Some platform), chosen by auto\n"
    complaint = refused(1, "try", "--device", "gpu")
    assert complaint.startswith("Error: there is no OpenCL device for GPU. Found:\n  1:0 Slow CPU")


@pytest.mark.opencl
def test_the_devices_here(opencl_device: Device) -> None:
    rows = json.loads(said("devices", "--json"))["devices"]
    names = {row["device"]: row["name"] for row in rows if row["healthy"]}
    assert names["{}:{}".format(*opencl_device.index)] == opencl_device.name


def test_it_never_fails() -> None:
    assert run("devices").exit_code == 0
