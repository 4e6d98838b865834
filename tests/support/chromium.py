# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium without a window, driven as a person would: its DevTools protocol, over Debian's python3-aiohttp."""
import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

try:
    import aiohttp
except ImportError:
    aiohttp = None

# Seconds that nothing here takes.
PATIENCE = 60
KEYS = {"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36}


def command(folder, *words):
    """Chromium without a window, as root, also where shared memory is scarce as in containers; it keeps its files in
    the folder."""
    return ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-proxy-server", f"--user-data-dir={folder}", *words]


def missing():
    """What a test lacks that drives a browser; empty if nothing."""
    if aiohttp is None:
        return "python3-aiohttp is not installed"
    return "" if shutil.which("chromium") else "chromium is not installed"


class Browser:
    """One page. All calls wait until the browser has answered; used as a context."""

    def __init__(self):
        self._number = 0
        self.events = []

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            command(self._folder.name, "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars",
                    "--remote-debugging-port=0", "about:blank"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._connect())
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(domain + ".enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_arguments):
        self._loop.run_until_complete(self._disconnect())
        self._loop.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._folder.cleanup()

    async def _connect(self):
        self._session = aiohttp.ClientSession()
        self._socket = None
        port_file = os.path.join(self._folder.name, "DevToolsActivePort")
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with open(port_file, encoding="ascii") as file:
                    port = file.read().split()[0]
                async with self._session.get(f"http://127.0.0.1:{port}/json/list") as response:
                    pages = [target for target in await response.json() if target["type"] == "page"]
                address = pages[0]["webSocketDebuggerUrl"]
                break
            except (OSError, IndexError):
                assert self._process.poll() is None and time.monotonic() < deadline, "Chromium does not start"
                await asyncio.sleep(0.05)
        self._socket = await self._session.ws_connect(address, max_msg_size=0)

    async def _disconnect(self):
        if self._socket:
            await self._socket.close()
        await self._session.close()

    async def _call(self, method, parameters):
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = json.loads((await asyncio.wait_for(self._socket.receive(), PATIENCE)).data)
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def call(self, method, **parameters):
        return self._loop.run_until_complete(self._call(method, parameters))

    def evaluate(self, expression):
        """The value of an expression of JavaScript, which may be a promise."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, f"{expression}: {result['exceptionDetails']}"
        return result["result"].get("value")

    def wait_for(self, expression):
        """The value of an expression as soon as it counts as true."""
        deadline = time.monotonic() + PATIENCE
        while True:
            value = self.evaluate(expression)
            if value:
                return value
            assert time.monotonic() < deadline, f"{expression} did not become true"
            time.sleep(0.02)

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait_for(f"document.readyState === 'complete' && location.href === {json.dumps(address)}")

    def faults(self):
        """Exceptions, and what the browser complained of."""
        return [event for event in self.events if event["method"] == "Runtime.exceptionThrown" or
                (event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")]

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event["method"] == "Network.requestWillBeSent"]

    def click(self, selector, count=1):
        """A click into the middle of an element."""
        where = self.evaluate(f"(() => {{ const one = document.querySelector({json.dumps(selector)}); "
                              "one.scrollIntoView({ block: 'center', behavior: 'instant' }); "
                              "const box = one.getBoundingClientRect(); "
                              "return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; })()")
        for clicks in range(1, count + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=clicks, **where)

    def press(self, key, shift=False):
        code = KEYS.get(key, ord(key[0].upper()))
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else None)
        pressed = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                      modifiers=8 if shift else 0, **(pressed if kind == "keyDown" else {}))

    def type(self, text):
        self.call("Input.insertText", text=text)

    def resize(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=mobile)

    def prefer(self, scheme):
        """"dark" or "light"."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def save_to(self, folder):
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
