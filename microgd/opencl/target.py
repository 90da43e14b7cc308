"""Target: what kernels are written for."""

from __future__ import annotations

from dataclasses import dataclass

from microgd.opencl.devices import Device


@dataclass(frozen=True)
class Target:
    """What kernels are written for.

    Attributes:
        family: "cpu" or "gpu".
        units: compute units.
        double: whether there is float64.
        lanes: floats in a native vector.
        local_memory: bytes that a work-group shares.
    """

    family: str = "cpu"
    units: int = 1
    double: bool = True
    lanes: int = 16
    local_memory: int = 256 * 1024


def target_of(device: Device, family: str | None = None) -> Target:
    """What kernels for the device look like."""
    return Target(
        family or device.family,
        max(1, device.units),
        device.float64,
        device.vector_width,
        device.local_memory,
    )
