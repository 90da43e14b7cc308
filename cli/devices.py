"""`microgd devices`: what this computer can compute on, and which device `--device auto` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .streams import say

if TYPE_CHECKING:
    from microgd.opencl.devices import Device

#: Columns below which the list leaves out the platform, the units and the kernels.
_NARROW = 130


@click.command("devices")
@click.option("--check", "again", is_flag=True, help="Check again what was found healthy before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def command(again: bool, as_json: bool) -> None:
    """List the OpenCL devices, healthy or not, and say how to get one.

    Each device has to compute before it is called healthy; being listed proves nothing. The first
    column is what to write after --device.

    \b
    Examples:
      microgd devices
      microgd devices --check
      microgd devices --json
    """
    from microgd.opencl.devices import INTERPRETER, choose, discover

    found = discover(again=again)
    taken = choose("auto")
    if as_json:
        from .output import show_json

        rows = [row_of(d, d is taken) for d in (*found.devices, INTERPRETER)]
        show_json({"auto": _number(taken), "devices": rows, "notes": list(found.notes)})
        return
    _show([*found.devices, INTERPRETER], taken)
    say()
    for device in found.devices:
        if device.problem is not None:
            say(f"{_number(device)} {device.label} cannot be used: {device.problem}.")
    for note in found.notes:
        say(f"{note}.")
    say(f"--device auto takes {_number(taken)}: {taken.label}")
    if taken is INTERPRETER:
        from microgd.opencl.advice import how_to

        say("It computes everything, only slower. How to get an OpenCL device:")
        say(how_to())


def row_of(device: Device, taken: bool) -> dict[str, Any]:
    """A device as plain data; sizes in bytes, None for the interpreter, which has no own memory."""
    return {
        "device": _number(device),
        "name": device.name,
        "platform": device.platform,
        "vendor": device.vendor,
        "type": device.kind,
        "units": device.units,
        "memory": device.memory or None,
        "local_memory": device.local_memory or None,
        "largest_buffer": device.largest_buffer if device.memory else None,
        "precisions": _precisions(device),
        "vector_width": device.vector_width,
        "kernels": device.family if device.memory else None,
        "driver": device.driver,
        "version": device.version,
        "healthy": device.healthy,
        "problem": device.problem,
        "auto": taken,
    }


def chosen(wanted: str, *, err: bool = False) -> Device:
    """What `--device` asks for, and a line that says so; on standard error with `err`.

    Raises:
        DeviceError: there is no such device, or it does not work.
    """
    from microgd.opencl.devices import INTERPRETER, choose

    device = choose(wanted)
    auto = wanted.strip().lower() == "auto"
    by = "auto" if auto else f"--device {wanted}"
    if auto and device is INTERPRETER:
        by += "; microgd devices says how to get a faster one"
    say(f"device: {device.label}, chosen by {by}", err=err)
    return device


def _number(device: Device) -> str:
    return "interpreter" if device.kind == "interpreter" else "{}:{}".format(*device.index)


def _precisions(device: Device) -> list[str]:
    bits = {"float64": device.float64, "float16": device.float16}
    return ["float32", *(name for name, there in bits.items() if there)]


def _size(bytes: int) -> str:
    """A size for people: 23.5 GiB."""
    if not bytes:
        return "-"
    for unit, shift in (("GiB", 30), ("MiB", 20)):
        if bytes >= 1 << shift:
            return f"{bytes / (1 << shift):.1f} {unit}"
    return f"{bytes / 1024:.1f} KiB"


def _state(device: Device, taken: Device) -> str:
    if not device.healthy:
        return "unusable"
    return "healthy, auto" if device is taken else "healthy"


def _show(devices: list[Device], taken: Device) -> None:
    from microgd.trace.table import Table

    from .output import show_table
    from .streams import width

    wide = width() >= _NARROW
    rows = []
    for device in devices:
        precisions = [name.removeprefix("float") for name in _precisions(device)]
        cells = {
            "device": _number(device),
            "name": device.name,
            "platform": device.platform or "-",
            "type": device.kind,
            "units>": str(device.units) if device.memory else "-",
            "memory>": _size(device.memory),
            "floats": ", ".join(sorted(precisions)),
            "kernels": device.family if device.memory else "-",
            "state": _state(device, taken),
        }
        if not wide:
            for name in ("platform", "units>", "floats", "kernels"):
                del cells[name]
        rows.append(cells)
    show_table(Table("devices", tuple(rows[0]), tuple(tuple(r.values()) for r in rows)))
