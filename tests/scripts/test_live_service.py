#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/live_service with the element of a build, and takes its source away.

    test_live_service.py EXAMPLES
"""
import difflib
import http.server
import json
import math
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

EXAMPLES = os.path.abspath(sys.argv[1])
SERVICE = os.path.join(EXAMPLES, "live_service")
sys.path.insert(0, SERVICE)
import metrics  # noqa: E402 - found in the folder above

# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"
PATIENCE = 60
# No proxy stands between this test and its servers.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"]*"\})? (\S+)')


def sample(name):
    with open(os.path.join(EXAMPLES, "samples", "manifest.json"), encoding="utf-8") as file:
        clip = next(clip for clip in json.load(file)["clips"] if clip["file"] == name)
    with open(os.path.join(EXAMPLES, "samples", name), "rb") as file:
        return clip["en"], file.read()


def read_metrics(text):
    """The samples of an exposition, by name and labels, held to OpenMetrics 1.0."""
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, text
    found, family, kind = {}, None, None
    for line in text.splitlines()[:-1]:
        if line.startswith("# "):
            word, name, rest = line[2:].split(" ", 2)
            assert word in ("TYPE", "UNIT", "HELP"), line
            if word == "TYPE":
                family, kind = name, rest
                assert kind in ("counter", "gauge", "summary"), line
            assert name == family, line
            assert word != "UNIT" or name.endswith("_" + rest), line
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert name in {"counter": {family + "_total"}, "gauge": {family},
                        "summary": {family, family + "_sum", family + "_count"}}[kind], line
        assert (name, labels) not in found, line
        found[name, labels] = float(value)
    return found


class Metrics(unittest.TestCase):
    def test_quantiles(self):
        self.assertEqual([metrics.quantile(range(1, 101), share) for share in (0.5, 0.95, 0.99, 1)], [50, 95, 99, 100])
        self.assertEqual(metrics.quantile([7], 0.5), 7)
        self.assertTrue(math.isnan(metrics.quantile([], 0.5)))

    def test_load_is_that_of_the_last_half_minute(self):
        load = metrics.Load()
        load.add(0, 0, now=0)
        self.assertTrue(math.isnan(load.step_seconds()) and math.isnan(load.free()))
        load.add(100, 5_000_000_000, now=10)
        self.assertEqual((load.step_seconds(), load.free()), (0.05, 0.5))
        load.add(200, 6_000_000_000, now=40)
        self.assertAlmostEqual(load.free(), 1 - 1 / 30)
        self.assertAlmostEqual(load.step_seconds(), 0.01)

    def test_text(self):
        lags = metrics.Lags()
        lags.add(2)
        text = metrics.text([("a_words", "counter", "", "Words.", [("a_words_total", 3)]),
                             ("a_lag_seconds", "summary", "seconds", "Lag.", lags.lines("a_lag_seconds"))])
        self.assertEqual(read_metrics(text), {
            ("a_words_total", None): 3, ("a_lag_seconds_sum", None): 2, ("a_lag_seconds_count", None): 1,
            **{("a_lag_seconds", f'{{quantile="{share}"}}'): 2 for share in (0.5, 0.95, 0.99)}})


class Unit(unittest.TestCase):
    @unittest.skipIf(shutil.which("systemd-analyze") is None, "systemd-analyze is not installed")
    def test_is_one_of_systemds(self):
        with open(os.path.join(SERVICE, "kyutaistt-service@.service"), encoding="utf-8") as file:
            unit = file.read()
        # The program and its manual are not installed here.
        unit = unit.replace("/usr/bin/kyutaistt-service", "/bin/true").replace("Documentation=man:", "#")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kyutaistt-service@name.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(unit)
            result = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


class Radio:
    """An address that sends recordings, is away, or falls silent."""

    def __init__(self):
        radio = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content, stalls = radio.programme
                self.send_response(200)
                self.send_header("Content-Type", "audio/flac")
                self.end_headers()
                try:
                    self.wfile.write(content)
                    while stalls and radio.programme[1]:
                        time.sleep(0.05)
                except OSError:
                    pass

            def log_message(self, *_arguments):
                pass
        self._handler = Handler
        self.programme = (b"", False)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.send(b"")

    def send(self, content, stalls=False):
        """From now on, to who connects."""
        self.programme = (content, stalls)
        if self._server is None:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def leave(self):
        self.programme = (b"", False)
        self._server.shutdown()
        self._server.server_close()
        self._server = None


class LiveService(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.output = os.path.join(self.folder, "captions.vtt")

    def begin(self, source, *arguments, model=os.path.join(EXAMPLES, "model")):
        signs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        signs.bind(os.path.join(self.folder, "notify"))
        self.signs = queue.Queue()
        threading.Thread(target=self.take_signs, args=(signs,), daemon=True).start()
        process = subprocess.Popen(
            [PYTHON, SERVICE, source, "--model", model, "--domain", "asr_is_en", "--output", self.output,
             "--port", "0", "--stall", "3", "--retry", "0.5", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NOTIFY_SOCKET": os.path.join(self.folder, "notify"), "WATCHDOG_USEC": "1000000"})
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def take_signs(self, signs):
        """As systemd does: who sends must not wait."""
        while True:
            for sign in signs.recv(4096).decode().splitlines():
                self.signs.put(sign)

    def sign(self, wanted):
        while self.signs.get(timeout=PATIENCE) != wanted:
            pass

    def captions(self):
        with open(self.output, encoding="utf-8") as file:
            return file.read()

    def words(self):
        lines = self.captions().splitlines()
        return " ".join(line for line in lines[1:] if " --> " not in line).split()

    def wait_for(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, "waited in vain")
            time.sleep(0.1)

    def metrics(self):
        with OPENER.open(self.address + "/metrics", timeout=PATIENCE) as response:
            self.assertEqual(response.headers["Content-Type"],
                             "application/openmetrics-text; version=1.0.0; charset=utf-8")
            return read_metrics(response.read().decode())

    def losses(self, kind):
        return self.metrics()["kyutaistt_source_losses_total", f'{{reason="{kind}"}}']

    def health(self):
        try:
            with OPENER.open(self.address + "/health", timeout=PATIENCE) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def test_a_source_that_ends_is_away_falls_silent_and_returns(self):
        radio = Radio()
        said, sound = sample("forecast-01.flac")
        radio.send(sound)
        process = self.begin(f"http://127.0.0.1:{radio.port}/")
        self.address = process.stderr.readline().split()[-1].removesuffix("/metrics")
        self.sign("READY=1")
        self.wait_for(lambda: self.health() == (200, {"state": "running", "source": "connected"}))
        radio.leave()
        # It ends when what was sent has been played; its last words come nevertheless.
        self.wait_for(lambda: self.losses("end") == 1)
        self.wait_for(lambda: self.losses("error") >= 1)
        last = said.split()[-1]
        self.wait_for(lambda: last in self.words())
        self.assertEqual(self.health(), (200, {"state": "running", "source": "lost"}))
        self.sign("WATCHDOG=1")

        other_said, other_sound = sample("forecast-03.flac")
        radio.send(other_sound, stalls=True)
        self.wait_for(lambda: self.losses("stall") == 1)
        third_said, third_sound = sample("forecast-08.flac")
        radio.send(third_sound)
        self.wait_for(lambda: self.metrics()["kyutaistt_source_connections_total", None] == 3)
        ended = self.losses("end")
        self.wait_for(lambda: self.losses("end") > ended)

        found = self.metrics()
        radio.leave()
        process.send_signal(signal.SIGTERM)
        self.sign("STOPPING=1")
        _output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("no sound for 3 s; again in", errors)

        # One file, one header, one line of time.
        text = self.captions()
        self.assertEqual(text.count("WEBVTT"), 1)
        times = re.findall(r"(\d\d):(\d\d):([\d.]+) --> (\d\d):(\d\d):([\d.]+)", text)
        seconds = [int(one[at]) * 3600 + int(one[at + 1]) * 60 + float(one[at + 2]) for one in times for at in (0, 3)]
        self.assertEqual(seconds, sorted(seconds))
        # Frames of the model begin elsewhere in the sound than in the file, so words may differ.
        expected = f"{said} {other_said} {third_said}".split()
        ratio = difflib.SequenceMatcher(None, self.words(), expected).ratio()
        self.assertGreaterEqual(ratio, 0.6, self.words())

        self.assertGreater(found["kyutaistt_words_total", None], 0)
        self.assertLessEqual(found["kyutaistt_lag_seconds_count", None], found["kyutaistt_words_total", None])
        self.assertGreater(found["kyutaistt_lag_seconds", '{quantile="0.5"}'], 1)
        self.assertGreater(found["kyutaistt_step_seconds", None], 0)
        self.assertTrue(0 <= found["kyutaistt_free_ratio", None] <= 1)
        self.assertEqual(found["kyutaistt_streams", None], 1)

    def test_ends_in_order_while_it_is_away(self):
        process = self.begin("rtsp://127.0.0.1:1/nothing")
        self.sign("READY=1")
        self.sign("STATUS=source lost (error)")
        process.send_signal(signal.SIGTERM)
        _output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("again in 0.5 s", errors)

    def test_failures_are_one_line(self):
        process = self.begin("nothing.flac", "--set", "colour=red")
        self.assertIn("kyutaistt-service: kyutaistt has no property colour", process.communicate(timeout=PATIENCE)[1])
        self.assertEqual(process.returncode, 1)

    def test_a_model_that_is_missing(self):
        process = self.begin("nothing.flac", model="/nowhere")
        errors = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("/nowhere: there is no such model folder", errors.splitlines()[-1])


if __name__ == "__main__":
    needed = subprocess.run([PYTHON, "-c", "import aiohttp, gi"], check=False, capture_output=True, text=True)
    if needed.returncode != 0:
        print(needed.stderr.splitlines()[-1])
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
