"""Which drivers and devices really work: checkups with a time limit, and what is kept of them.

A driver is asked in a process of its own first, as it may crash or hang whoever asks. Only good
verdicts are remembered: what does not work today is looked at again tomorrow.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import checkup
from .places import cache_directory
from .platforms import Driver, named

#: Seconds that a driver may take to list its devices and to compute on each.
TIMEOUT = 30.0

#: Drivers remembered at most; those of environments that are long gone make room.
_MOST = 64


@dataclass(frozen=True)
class Verdict:
    """What is known of one device.

    Attributes:
        problem: why it is of no use, or None.
        float64: whether it computes in float64.
    """

    problem: str | None
    float64: bool = False


@dataclass
class Report:
    """What is known of a driver.

    Attributes:
        verdicts: by the device's identity.
        platforms: what it calls itself.
        trouble: why it must not be loaded at all, or None.
    """

    driver: Driver
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    trouble: str | None = None

    @property
    def good(self) -> bool:
        """Whether there is nothing to complain of."""
        return self.trouble is None and all(v.problem is None for v in self.verdicts.values())


def reports(drivers: Sequence[Driver], *, again: bool = False) -> list[Report]:
    """What is known of each driver: remembered, or looked at now, all at the same time."""
    known = {} if again else _remembered()
    found = {d.key: known[d.key] for d in drivers if d.key in known}
    strangers = [d for d in drivers if d.key not in found]
    if strangers:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(strangers)) as pool:
            new = list(pool.map(examine, strangers))
        found |= {report.driver.key: report for report in new}
        _remember(new)
    return [found[d.key] for d in drivers]


def examine(driver: Driver) -> Report:
    """Run the checkup for one driver, in a process of its own."""
    report = Report(driver)
    try:
        with named([driver], set_here=False) as variables:
            output, ended = _run(variables)
    except OSError as error:
        report.trouble = f"no process could be started to check it: {error}"
        return report
    at, device, done = "being loaded", "", False
    for line in output.splitlines():
        _, marked, answer = line.partition(checkup.MARK)
        if not marked:
            continue
        try:
            said: dict[str, Any] = json.loads(answer)
        except ValueError:  # cut off by a crash
            continue
        if "platform" in said:
            report.platforms += (said["platform"],)
        if "at" in said:
            at, device = said["at"], said.get("device", "")
        if "verdict" in said:
            report.verdicts[said["verdict"]] = Verdict(said["problem"], said["float64"])
            at, device = "being listed", ""
        done = done or "done" in said
    if not done:
        if device:  # loading and listing went well; only this device is bad
            report.verdicts[device] = Verdict(ended)
        else:
            report.trouble = f"{ended} while {at}"
    return report


def _run(variables: dict[str, str]) -> tuple[str, str]:
    """What the checkup printed, and how it ended, in words."""
    # -P: nothing in this folder shall stand before the libraries of the same name.
    command = [sys.executable, "-P", str(Path(checkup.__file__))]
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, **variables, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # a process group of its own, so that it can be killed whole
    )
    late = False
    try:
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        late = True
        _kill(process)
        stdout, stderr = process.communicate()
    finally:
        if process.returncode is None:
            _kill(process)
    if late:
        ended = f"it did not answer in {TIMEOUT:g} s"
    elif process.returncode < 0:
        ended = f"it crashed ({_signal(-process.returncode)})"
    else:
        lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        ended = f"it ended with status {process.returncode}: {checkup.short(lines[-1])}"
    return stdout.decode("utf-8", "replace"), ended


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
        )
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _file() -> Path:
    return cache_directory() / "devices.json"


def _edition() -> str:
    """Another pyopencl or another checkup makes new verdicts."""
    from hashlib import sha256

    try:
        library = version("pyopencl")
    except PackageNotFoundError:
        library = "?"
    return f"{library} {sha256(checkup.SOURCE.encode()).hexdigest()[:16]}"


def _read() -> dict[str, Any]:
    """The remembered drivers as plain data; none where the file is missing or spoilt."""
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
        drivers = data["drivers"] if data["edition"] == _edition() else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return drivers if isinstance(drivers, dict) else {}


def _remembered() -> dict[str, Report]:
    found = {}
    for key, entry in _read().items():
        try:
            verdicts = {str(k): Verdict(None, bool(v)) for k, v in entry["float64"].items()}
            platforms = tuple(str(p) for p in entry["platforms"])
        except (TypeError, KeyError, AttributeError):
            continue
        found[key] = Report(Driver(key.split(" ")[0], "remembered"), verdicts, platforms)
    return found


def _remember(new: Sequence[Report]) -> None:
    """Keep the good verdicts. Where nothing can be written, they are found anew each time."""
    entries = _read()
    for report in new:
        entries.pop(report.driver.key, None)
        if report.good:
            wide = {name: verdict.float64 for name, verdict in report.verdicts.items()}
            entries[report.driver.key] = {"float64": wide, "platforms": report.platforms}
    entries = dict(list(entries.items())[-_MOST:])
    path = _file()
    own = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(
            json.dumps({"edition": _edition(), "drivers": entries}, indent=1), encoding="utf-8"
        )
        own.replace(path)
    except OSError:
        with suppress(OSError):
            own.unlink()
