"""What the tests of the compiler share: the devices of this computer."""

from __future__ import annotations

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `opencl_device` runs on every healthy device; skipped if there is none."""
    if "opencl_device" not in metafunc.fixturenames:
        return
    from microgd.opencl.devices import devices

    metafunc.definition.add_marker(pytest.mark.opencl)
    healthy = [d for d in devices() if d.healthy]
    none = pytest.param(None, id="none", marks=pytest.mark.skip(reason="no OpenCL device works"))
    values = [pytest.param(d, id=f"{d.kind}-{d.index[0]}:{d.index[1]}") for d in healthy]
    metafunc.parametrize("opencl_device", values or [none], scope="session")
