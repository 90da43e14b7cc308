"""Real browsers, driven over a WebSocket: Chromium by its DevTools, Firefox by WebDriver BiDi.

Neither needs a driver; a page is opened from a file, keys are pressed, and whatever the page logs
or asks for is kept.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0
KEYS = {
    "ArrowRight": ("\ue014", 39),
    "ArrowLeft": ("\ue012", 37),
    "Home": ("\ue011", 36),
    "End": ("\ue010", 35),
    "Enter": ("\ue007", 13),
    "Escape": ("\ue00c", 27),
    "Tab": ("\ue004", 9),
    " ": (" ", 32),
}


class Browser(Protocol):
    """A browser with one page."""

    name: str
    problems: list[str]
    requests: list[str]

    def open(self, page: Path, fragment: str = "") -> None: ...
    def run(self, script: str) -> Any: ...
    def press(self, key: str) -> None: ...
    def size(self, width: int, height: int) -> None: ...
    def picture(self, path: Path) -> None: ...


class _Socket:
    """Requests with numbers, answers to them, and events in between."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.last = 0
        self.problems: list[str] = []
        self.requests: list[str] = []

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}))
        while True:
            said = json.loads(self.socket.recv(timeout=PATIENCE))
            if said.get("id") == self.last:
                if "error" in said:
                    raise AssertionError(f"{method}: {said}")
                result: dict[str, Any] = said["result"]
                return result
            if "method" in said:
                self.hear(said["method"], said["params"])

    def hear(self, event: str, told: dict[str, Any]) -> None:
        raise NotImplementedError


class Chromium(_Socket):
    """Chromium, by the Chrome DevTools protocol."""

    name = "chromium"

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def hear(self, event: str, told: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.problems.append(str(told["exceptionDetails"]))
        if event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.problems.append(str(told["args"]))
        if event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.problems.append(str(told["entry"]))
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def open(self, page: Path, fragment: str = "") -> None:
        self.ask("Page.navigate", url="about:blank")
        self.problems.clear()
        self.requests.clear()
        self.ask("Page.navigate", url=page.as_uri() + fragment)
        _wait(self)

    def run(self, script: str) -> Any:
        told = self.ask(
            "Runtime.evaluate",
            expression=f"(async () => {{ {script} }})()",
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str) -> None:
        code = KEYS[key][1] if key in KEYS else 0
        text = {" ": " ", "Enter": "\r"}.get(key, key if len(key) == 1 else "")
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    def size(self, width: int, height: int) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def dark(self, on: bool) -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def paper(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.printToPDF")["data"]))

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))


class Firefox(_Socket):
    """Firefox, by WebDriver BiDi."""

    name = "firefox"

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket)
        self.ask("session.new", capabilities={})
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])

    def hear(self, event: str, told: dict[str, Any]) -> None:
        if event == "log.entryAdded" and told["level"] in ("error", "warn"):
            self.problems.append(f"{told['text']} {told.get('stackTrace')}")
        if event == "network.beforeRequestSent":
            self.requests.append(told["request"]["url"])

    def open(self, page: Path, fragment: str = "") -> None:
        for url in ("about:blank", page.as_uri() + fragment):
            self.problems.clear()
            self.requests.clear()
            self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")
        _wait(self)

    def run(self, script: str) -> Any:
        told = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await (async () => {{ {script} }})()))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        value = told["result"].get("value")
        return None if value is None else json.loads(value)

    def press(self, key: str) -> None:
        value = KEYS[key][0] if key in KEYS else key
        strokes = [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self.ask("input.performActions", context=self.context, actions=actions)

    def size(self, width: int, height: int) -> None:
        view = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.context, viewport=view)

    def picture(self, path: Path) -> None:
        told = self.ask("browsingContext.captureScreenshot", context=self.context)
        path.write_bytes(base64.b64decode(told["data"]))


def _wait(browser: Any) -> None:
    """Until the page's script has begun."""
    until = time.monotonic() + PATIENCE
    while not browser.run("return document.body?.dataset.ready === 'yes'"):
        assert time.monotonic() < until, f"the page never began: {browser.problems}"
        time.sleep(0.005)


def program(name: str) -> str | None:
    """Where the browser is; None where it is not."""
    names = {
        "chromium": ("chromium", "chromium-browser", "google-chrome"),
        "firefox": ("firefox", "firefox-esr"),
    }
    return next(filter(None, map(shutil.which, names[name])), None)


@contextmanager
def started(name: str) -> Iterator[Any]:
    """A browser of its own, in a folder of its own, that ends with the block."""
    path = program(name)
    assert path is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if name == "chromium":
            sandbox = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
            options = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}",
                       "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                       "--disable-background-networking", *sandbox]  # fmt: skip
        else:
            options = [
                "--headless",
                "--no-remote",
                "--remote-debugging-port=0",
                "--profile",
                folder,
            ]
        log = Path(folder) / "log.txt"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [path, *options, "about:blank"],
                stdout=written,
                stderr=written,
                env={**os.environ, "HOME": folder},
                start_new_session=True,
            )
        try:
            kind, url = _address(name, log, process)
            with connect(url, max_size=None, open_timeout=PATIENCE) as socket:
                yield kind(socket)
        finally:
            _end(process)


def _address(name: str, log: Path, process: subprocess.Popen[bytes]) -> tuple[Any, str]:
    """Where it listens, once it does."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        assert process.poll() is None, said
        found = re.search(r"WebDriver BiDi listening on (ws://\S+)", said)
        if found and name == "firefox":
            return Firefox, f"{found[1]}/session"
        port = re.search(r"DevTools listening on ws://[^:]+:(\d+)", said)
        if port and name == "chromium":
            with urlopen(f"http://127.0.0.1:{port[1]}/json/list") as answer:
                pages = [p for p in json.load(answer) if p["type"] == "page"]
            if pages:
                return Chromium, pages[0]["webSocketDebuggerUrl"]
        time.sleep(0.02)
    raise AssertionError(f"{name} did not start: {log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The browser and its helpers, which are a group of processes of our own."""
    import signal

    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    process.wait(timeout=5)
