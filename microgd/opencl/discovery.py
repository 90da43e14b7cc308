"""Asking the loader for devices, after each driver has shown that it can be asked."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from .checkup import identity, short
from .devices import Device, Opened
from .health import Report, Verdict, examine, reports
from .platforms import Driver, drivers, named

#: Each device is opened once, however often it is found; the key is its OpenCL handle.
_OPENED: dict[int, Opened] = {}

_SILENT = "its driver did not show it when it was checked"


def find(*, check: bool, again: bool = False) -> tuple[tuple[Device, ...], tuple[str, ...]]:
    """All devices in the order of their numbers, and notes about drivers that show none."""
    if find_spec("pyopencl") is None:
        return (), ("The package pyopencl is not installed",)
    used_before = "pyopencl" in sys.modules
    try:
        import pyopencl  # noqa: F401
    except Exception as error:  # a library that it needs is missing
        return (), (f"The package pyopencl cannot be imported: {short(str(error))}",)
    chosen = drivers()
    known = reports(chosen, again=again) if check else []
    bad = {r.driver.key for r in known if r.trouble is not None}
    listed = _listed([d for d in chosen if d.key not in bad])
    verdicts = {name: v for report in known for name, v in report.verdicts.items()}
    if check and (strangers := {name for name, _ in listed} - verdicts.keys()):
        verdicts |= _verdicts_of(strangers, chosen, bad)
    found = [
        _device(handle, verdicts.get(name, Verdict(_SILENT)) if check else Verdict("not checked"))
        for name, handle in listed
    ]
    notes = [f"The driver {_named(r.driver)} is left out: {r.trouble}" for r in known if r.trouble]
    if used_before:
        notes += _missed(known, found)
    return tuple(_numbered(found)), tuple(notes)


def _named(driver: Driver) -> str:
    return f"{driver.library} ({driver.source})" if driver.library else f"of {driver.source}"


def _listed(chosen: list[Driver]) -> list[tuple[str, Any]]:
    """Every device that the loader shows, with its identity."""
    import pyopencl as cl

    found = []
    with named(chosen):
        try:
            platforms = cl.get_platforms()
        except cl.Error:  # there is none
            return []
    for platform in platforms:
        try:
            handles = platform.get_devices()
        except cl.Error:
            continue
        found += [(identity(handle, n), handle) for n, handle in enumerate(handles)]
    return found


def _verdicts_of(names: set[str], chosen: list[Driver], bad: set[str]) -> dict[str, Verdict]:
    """Devices that nobody expected: a driver or a computer changed since it was remembered."""
    verdicts: dict[str, Verdict] = {}
    for report in reports([d for d in chosen if d.key not in bad], again=True):
        verdicts |= report.verdicts
    if names - verdicts.keys():  # the program had loaded drivers of its own before
        verdicts |= examine(Driver("", "the environment")).verdicts
    return verdicts


def _missed(known: list[Report], found: list[Device]) -> list[str]:
    """pyopencl was used before microgd: its loader had read its list of drivers then."""
    shown = {device.platform for device in found}
    return [
        f"{platform} is installed and not seen: this program asked pyopencl for devices before it "
        "asked microgd; ask microgd first"
        for report in known
        for platform in report.platforms
        if platform not in shown and report.verdicts
    ]


def _device(handle: Any, verdict: Verdict) -> Device:
    import pyopencl as cl

    kinds = {cl.device_type.GPU: "gpu", cl.device_type.CPU: "cpu"}
    kind = next((kind for bit, kind in kinds.items() if handle.type & bit), "accelerator")
    local = handle.local_mem_type == cl.device_local_mem_type.LOCAL
    extensions = handle.extensions.split()
    return Device(
        name=_plain(handle.name),
        platform=_plain(handle.platform.name),
        vendor=_plain(handle.vendor),
        kind=kind,
        units=handle.max_compute_units,
        memory=handle.global_mem_size,
        local_memory=handle.local_mem_size,
        largest_buffer=handle.max_mem_alloc_size,
        float64=verdict.float64,
        float16="cl_khr_fp16" in extensions,
        vector_width=max(handle.native_vector_width_float, 1),
        family="gpu" if kind == "gpu" or (kind == "accelerator" and local) else "cpu",
        driver=_plain(handle.driver_version),
        version=_plain(handle.version),
        problem=verdict.problem,
        index=(0, 0),
        handle=handle,
        opened=_OPENED.setdefault(handle.int_ptr, Opened()),
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _numbered(found: list[Device]) -> list[Device]:
    """In an order that does not depend on the loader's: GPUs with their own memory first."""
    from dataclasses import replace

    def rank(device: Device) -> int:
        if device.kind == "gpu":
            return 1 if getattr(device.handle, "host_unified_memory", False) else 0
        return 2 if device.kind == "cpu" else 3

    platforms: dict[Any, list[Device]] = {}
    for device in found:
        platforms.setdefault(device.handle.platform, []).append(device)
    order = sorted(
        platforms.values(),
        key=lambda group: (min(map(rank, group)), group[0].platform, group[0].version),
    )
    return [
        replace(device, index=(p, d))
        for p, group in enumerate(order)
        for d, device in enumerate(group)
    ]
