"""Devices: found, checked, remembered and chosen; simulated drivers, and those that are here."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from microgd.errors import DeviceError, MicrogdError
from microgd.opencl import devices as module
from microgd.opencl import discovery, health, platforms
from microgd.opencl.devices import INTERPRETER, Device, choose, devices, discover
from microgd.opencl.places import cache_directory

linux = pytest.mark.skipif(sys.platform != "linux", reason="drivers are named in files on Linux")


class Computer:
    """A simulated computer: its drivers, as files, and what asking it finds."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self.vendors = folder / "vendors"
        self.vendors.mkdir()
        self.starts: list[str] = []

    def driver(self, name: str, words: str) -> None:
        """Install a driver: a library and the file that names it."""
        library = self.folder / f"{name}.fake"
        library.write_text(words)
        (self.vendors / f"{name}.icd").write_text(f"{library}\n")

    def start(self) -> None:
        """As in a new process: nothing is loaded, nothing is known but what is on disk."""
        spec = importlib.util.spec_from_file_location("pyopencl", self.folder / "pyopencl.py")
        assert spec is not None
        assert spec.loader is not None
        fake = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fake)
        self.patch.setitem(sys.modules, "pyopencl", fake)
        self.patch.setattr(module, "_FOUND", {})
        self.patch.setattr(discovery, "_OPENED", {})
        self.starts.clear()

    @property
    def fake(self) -> ModuleType:
        return sys.modules["pyopencl"]


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    made = Computer(tmp_path, monkeypatch)
    source = Path(__file__).with_name("fake_pyopencl.py")
    (tmp_path / "pyopencl.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OCL_ICD_VENDORS", str(made.vendors))
    monkeypatch.delenv("OCL_ICD_FILENAMES", raising=False)
    monkeypatch.setattr(platforms, "pip_driver", lambda: None)
    monkeypatch.setattr(platforms, "NVIDIA_FOLDERS", ())
    examine = health.examine

    def counted(driver: platforms.Driver) -> health.Report:
        made.starts.append(Path(driver.library).stem)
        return examine(driver)

    monkeypatch.setattr(health, "examine", counted)
    monkeypatch.setattr(discovery, "examine", counted)
    made.start()
    return made


@linux
def test_devices_are_found_checked_and_numbered(computer: Computer) -> None:
    computer.driver("alpha", "cpu")
    computer.driver("beta", "gpu nofp64")
    gpu, cpu = devices()
    assert (gpu.name, gpu.platform, gpu.index, gpu.kind) == (
        "Fake GPU",
        "beta platform",
        (0, 0),
        "gpu",
    )
    assert (cpu.name, cpu.index, cpu.kind, cpu.family) == ("Fake CPU", (1, 0), "cpu", "cpu")
    assert gpu.family == "gpu"
    assert (gpu.float64, cpu.float64, cpu.float16) == (False, True, False)
    assert gpu.healthy
    assert cpu.healthy
    assert gpu.label == "Fake GPU (beta platform)"
    assert sorted(computer.starts) == ["alpha", "beta"]
    assert devices()[0] is gpu


@linux
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("cpu nobuild", "clBuildProgram failed: unknown target CPU 'generic'"),
        ("cpu wrong", "computes wrong numbers: exp(x) / 3"),
        ("cpu losesnan", "computes wrong numbers: relu, which keeps NaN"),
        ("cpu crash-open", "it crashed (SIGABRT)"),
    ],
)
def test_a_device_that_does_not_work(computer: Computer, words: str, problem: str) -> None:
    computer.driver("good", "cpu")
    computer.driver("bad", words)
    bad, good = devices()
    assert bad.problem == problem
    assert not bad.healthy
    assert good.healthy
    assert choose("cpu") is good
    with pytest.raises(DeviceError, match="Fake CPU"):
        choose("bad")
    with pytest.raises(DeviceError, match="cannot be used"):
        choose(bad)
    with pytest.raises(DeviceError, match="cannot be used"):
        _ = bad.queue


@linux
@pytest.mark.parametrize(
    ("words", "trouble"),
    [("cpu crash", "it crashed (SIGABRT) while"), ("cpu hang", "it did not answer in 0.5 s while")],
)
def test_a_driver_that_takes_its_asker_down_is_never_loaded(
    computer: Computer, words: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "hang" in words:
        monkeypatch.setattr(health, "TIMEOUT", 0.5)
    computer.driver("bad", words)
    assert devices() == []
    (note,) = discover().notes
    assert trouble in note
    assert "bad.fake" in note
    assert choose("auto") is INTERPRETER
    with pytest.raises(DeviceError, match=r"bad\.fake"):
        choose("cpu")


@linux
def test_no_float64_and_a_broken_one(computer: Computer) -> None:
    computer.driver("claims", "cpu nobuild64")
    (device,) = devices()
    assert device.healthy
    assert not device.float64


@linux
def test_no_driver_and_a_driver_without_devices(computer: Computer) -> None:
    assert devices() == []
    computer.driver("empty", "gpu nodevices")
    computer.start()
    assert devices() == []
    assert discover().notes == ()
    assert choose() is INTERPRETER
    with pytest.raises(DeviceError, match="no device") as caught:
        choose("gpu")
    for system in ("Linux", "macOS", "Windows"):
        assert system in str(caught.value)


def test_no_pyopencl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FOUND", {})
    monkeypatch.setattr(discovery, "find_spec", lambda name: None)
    assert devices() == []
    assert choose("auto") is INTERPRETER
    with pytest.raises(DeviceError, match="pyopencl is not installed"):
        choose("cpu")


def test_a_pyopencl_that_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyopencl.py").write_text("raise ImportError('libsomething is missing')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "_FOUND", {})
    monkeypatch.delitem(sys.modules, "pyopencl", raising=False)
    assert devices() == []
    assert "libsomething is missing" in discover().notes[0]


@linux
def test_good_verdicts_are_remembered_and_bad_ones_looked_at_again(computer: Computer) -> None:
    computer.driver("good", "cpu")
    computer.driver("bad", "cpu nobuild")
    devices()
    computer.start()
    assert [d.healthy for d in devices()] == [False, True]
    assert computer.starts == ["bad"]

    computer.driver("bad", "cpu")  # mended
    computer.start()
    assert all(d.healthy for d in devices())
    assert computer.starts == ["bad"]
    computer.start()
    assert all(d.healthy for d in devices())
    assert computer.starts == []
    found = discover(again=True)
    assert all(d.healthy for d in found.devices)
    assert sorted(computer.starts) == ["bad", "good"]


@linux
def test_another_driver_version_is_another_driver(computer: Computer) -> None:
    computer.driver("good", "cpu")
    devices()
    record = cache_directory() / "devices.json"
    changed = record.read_text().replace("| 1.0 |", "| 0.9 |")
    assert changed != record.read_text()
    record.write_text(changed)
    computer.start()
    assert devices()[0].healthy
    assert computer.starts == ["good"]


@linux
@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"edition": 1}', '{"drivers": 3}', "\x00", "null", '"x"']
)
def test_a_spoilt_memory_is_no_memory(computer: Computer, text: str) -> None:
    computer.driver("good", "cpu")
    cache_directory().mkdir(parents=True)
    (cache_directory() / "devices.json").write_text(text)
    assert devices()[0].healthy
    computer.start()
    assert devices()[0].healthy
    assert computer.starts == []


@linux
def test_spoilt_entries(computer: Computer) -> None:
    computer.driver("good", "cpu")
    devices()
    record = cache_directory() / "devices.json"
    data = json.loads(record.read_text())
    for entry in (3, {}, {"float64": 5, "platforms": 5}, None):
        data["drivers"] = dict.fromkeys(data["drivers"], entry)
        record.write_text(json.dumps(data))
        computer.start()
        assert devices()[0].healthy


@linux
def test_no_place_to_remember(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    (computer.folder / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(computer.folder / "file"))
    computer.driver("good", "cpu")
    assert devices()[0].healthy


@linux
def test_the_environment_is_as_it_was(computer: Computer) -> None:
    computer.driver("good", "cpu")
    before = dict(os.environ)
    devices()
    assert dict(os.environ) == before


@linux
def test_no_temporary_folder(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**options: object) -> None:
        raise FileNotFoundError("No usable temporary directory found")

    computer.driver("good", "cpu")
    monkeypatch.setattr(platforms, "TemporaryDirectory", refused)
    with pytest.raises(DeviceError, match="TMPDIR"):
        platforms.named([]).__enter__()
    monkeypatch.undo()


@linux
def test_pyopencl_was_used_before(computer: Computer) -> None:
    computer.driver("early", "cpu")
    computer.fake.get_platforms()
    computer.driver("late", "gpu")
    (early,) = devices()
    assert early.healthy
    assert "late platform is installed and not seen" in discover().notes[0]


@linux
def test_a_device_is_opened_once(computer: Computer) -> None:
    computer.driver("good", "cpu")
    (device,) = devices()
    (unchecked,) = devices(check=False)
    assert unchecked.problem == "not checked"
    assert device.queue is device.queue
    assert device.queue.context is device.context
    again = discover(again=True).devices[0]
    assert again.queue is device.queue


@linux
def test_names_and_numbers(computer: Computer) -> None:
    computer.driver("alpha", "cpu")
    computer.driver("beta", "gpu")
    gpu, cpu = devices()
    assert choose("auto") is choose("gpu") is gpu
    assert choose("cpu") is cpu
    for name in ("1:0", "1", "ALPHA", "alpha:0", "alpha:cpu", ":cpu", " Fake CPU ", "alph:"):
        assert choose(name) is cpu, name
    assert choose(cpu) is cpu
    assert choose(INTERPRETER) is choose("interpreter") is INTERPRETER
    for name in ("2:0", "1:1", "gamma", "alpha:gpu", "", "-1"):
        with pytest.raises(DeviceError, match="0:0 Fake GPU"):
            choose(name)


def fork_and_ask(queue: Any) -> None:
    try:
        devices()
    except DeviceError as error:
        queue.put(str(error))


@linux
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_is_refused(computer: Computer) -> None:
    computer.driver("good", "cpu")
    devices()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=fork_and_ask, args=(queue,))
    child.start()
    child.join(30)
    assert "spawn" in queue.get()


def test_the_interpreter_is_always_there() -> None:
    assert INTERPRETER.healthy
    assert INTERPRETER.float64
    with pytest.raises(MicrogdError, match="no OpenCL device"):
        _ = INTERPRETER.queue
    with pytest.raises(RuntimeError):
        _ = INTERPRETER.context


def test_the_interpreter_needs_no_pyopencl() -> None:
    probe = (
        "import sys; from microgd.opencl.devices import choose; choose('interpreter');"
        "print('pyopencl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"


@linux
def test_where_drivers_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.so", "b.so", "sub/a.so.2", "user.so"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    system = tmp_path / "system"
    system.mkdir()
    (system / "a.icd").write_text(f"{tmp_path}/a.so\n")
    (system / "bare.icd").write_text("libbare.so.1")
    (system / "dead.icd").write_text("/nowhere/dead.so\n")
    (system / "empty.icd").write_text("")
    (system / "note.txt").write_text("no driver")
    monkeypatch.setattr(platforms, "SYSTEM", system)
    monkeypatch.setattr(platforms, "NVIDIA_FOLDERS", ())
    monkeypatch.setattr(platforms, "pip_driver", lambda: tmp_path / "sub/a.so.2")
    monkeypatch.setattr(platforms, "_folder_of", lambda package: None)
    for name in ("OCL_ICD_VENDORS", "OCL_ICD_FILENAMES", "OPENCL_VENDOR_PATH"):
        monkeypatch.delenv(name, raising=False)

    def found() -> list[str]:
        return [d.library.removeprefix(f"{tmp_path}/") for d in platforms.drivers()]

    # pip's driver is the system's a.so in another version: it is not loaded beside it.
    assert found() == ["a.so", "libbare.so.1"]
    monkeypatch.setattr(platforms, "pip_driver", lambda: tmp_path / "b.so")
    assert found() == ["a.so", "libbare.so.1", "b.so"]
    # The user's own choice takes the place of the system's; ours is added.
    monkeypatch.setenv("OCL_ICD_VENDORS", str(tmp_path / "user.so"))
    assert found() == ["user.so", "b.so"]
    monkeypatch.setenv("OCL_ICD_VENDORS", "a.icd")
    assert found() == ["a.so", "b.so"]
    monkeypatch.setenv("OCL_ICD_FILENAMES", f"{tmp_path}/user.so")
    assert found() == ["user.so", "a.so", "b.so"]


def test_the_library_of_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def locate(self) -> Path:
            return tmp_path / self.name

    names = ["libintelocl.so-gdb.py", "libintelocl.so.2026.1", "intelocl64.dll", "libintelocl.so"]
    monkeypatch.setattr("importlib.metadata.files", lambda package: list(map(Entry, names)))
    assert platforms.pip_driver() is None  # listed and not there
    right = "intelocl64.dll" if os.name == "nt" else "libintelocl.so"
    for name in names:
        (tmp_path / name).write_text("")
    found = platforms.pip_driver()
    assert found is not None
    assert found.name == right


@pytest.mark.opencl
@pytest.mark.skipif(
    sys.platform != "linux" or platforms.pip_driver() is None or find_spec("pyopencl") is None,
    reason="intel-opencl-rt is not installed",
)
def test_the_driver_of_pip_works_without_variables() -> None:
    """In a process that knows of no driver: were it left out, other tests would not notice."""
    probe = (
        "from microgd.opencl.devices import choose; d = choose('intel'); print(d.healthy, d.kind)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OCL_", "OPENCL_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", probe],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert (done.stdout, done.stderr) == ("True cpu\n", "")


def on_cpus() -> list[str]:
    """The drivers here that need no more than a processor, so that they must show a device."""
    names = [Path(d.library).name for d in platforms.drivers()]
    return [name for name in names if name.startswith(("libintelocl.", "libpocl"))]


@pytest.mark.opencl
@linux
@pytest.mark.skipif(find_spec("pyopencl") is None or not on_cpus(), reason="no driver for CPUs")
def test_drivers_for_cpus_show_devices() -> None:
    """Else every test on a real device would be skipped, and nobody would notice."""
    cpus = [d for d in devices() if d.kind == "cpu"]
    assert len(cpus) >= len(on_cpus()), discover().notes
    assert any(d.healthy for d in cpus)


# Intel's compiler always has something to say.
@pytest.mark.filterwarnings("ignore:.*compiler output:UserWarning")
def test_a_real_device_computes(opencl_device: Device) -> None:
    import numpy as np
    import pyopencl as cl

    source = "__kernel void twice(__global float *x) { x[get_global_id(0)] *= 2; }"
    x = np.arange(100, dtype=np.float32)
    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    buffer = cl.Buffer(opencl_device.context, flags, hostbuf=x)
    program = cl.Program(opencl_device.context, source).build(cache_dir=False)
    program.twice(opencl_device.queue, x.shape, None, buffer)
    got = np.empty_like(x)
    cl.enqueue_copy(opencl_device.queue, got, buffer)
    assert np.array_equal(got, 2 * x)


def test_a_real_device_describes_itself(opencl_device: Device) -> None:
    d = opencl_device
    assert d.healthy
    assert min(d.units, d.vector_width) >= 1
    assert d.memory >= d.largest_buffer > d.local_memory > 0
    assert d.kind in ("gpu", "cpu", "accelerator")
    assert d.family in ("gpu", "cpu")
    assert all((d.name, d.platform, d.vendor, d.driver, d.version))
    assert choose("{}:{}".format(*d.index)) is d
