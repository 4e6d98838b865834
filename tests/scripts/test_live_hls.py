#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/live_hls with the element of a build, and holds its stream to RFC 8216.

    test_live_hls.py EXAMPLES
"""
import array
import difflib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import hls_checks

EXAMPLES = os.path.abspath(sys.argv[1])
# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"
NEEDED = """
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstPbutils", "1.0")
from gi.repository import Gst
Gst.init(None)
for name in ("x264enc", "avenc_aac", "splitmuxsink", "timeoverlay"):
    assert Gst.ElementFactory.find(name), name + " is not installed"
"""
LENGTH = 3


def sample(name):
    with open(os.path.join(EXAMPLES, "samples", "manifest.json"), encoding="utf-8") as file:
        return next(clip for clip in json.load(file)["clips"] if clip["file"] == name)


def words(cues):
    return " ".join(" ".join(text for _start, _end, text in cues).split())


class Watcher(threading.Thread):
    """A player that reads the playlists all the time: they are whole, go forward, and list what is there."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.first_seen = {}
        self.faults = []
        self._stopping = threading.Event()

    def run(self):
        newest = {}
        while not self._stopping.wait(0.01):
            for name in ("video.m3u8", "captions-en.m3u8"):
                try:
                    self._look(name, newest)
                except FileNotFoundError as error:
                    if newest:
                        self.faults.append(str(error))
                except AssertionError as error:
                    self.faults.append(f"{name}: {error}")

    def _look(self, name, newest):
        playlist = hls_checks.Playlist(hls_checks.read(self.folder, name))
        last = playlist.first + len(playlist.segments) - 1
        assert last >= newest.get(name, 0), f"found {last} after {newest[name]}"
        newest[name] = last
        for segment in playlist.segments:
            assert os.path.getsize(os.path.join(self.folder, segment.name)) > 0, segment.name

    def stop(self):
        self._stopping.set()
        self.join()


class LiveHls(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.stream = os.path.join(self.folder.name, "stream")

    def tearDown(self):
        self.folder.cleanup()

    def begin_with(self, path, *arguments):
        return subprocess.Popen(
            [PYTHON, os.path.join(EXAMPLES, "live_hls"), path, self.stream, "--model",
             os.path.join(EXAMPLES, "model"), "--segment", "1", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def begin(self, recording, *arguments):
        return self.begin_with(os.path.join(EXAMPLES, "samples", recording), "--test-picture", *arguments)

    def finish(self, process):
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        return output

    def numbers(self, ending):
        return sorted(int(name.rsplit("-", 1)[1].split(".")[0]) for name in os.listdir(self.stream)
                      if name.endswith(ending))

    def onset(self, name):
        """Seconds from the beginning of a segment's sound to where it is loud."""
        raw = os.path.join(self.folder.name, "sound")
        subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={self.stream}/{name}", "!", "tsdemux", "!",
                        "aacparse", "!", "avdec_aac", "!", "audioconvert", "!", "audioresample", "!",
                        "audio/x-raw,format=S16LE,channels=1,rate=8000", "!", "filesink", f"location={raw}"],
                       check=True, capture_output=True)
        samples = array.array("h")
        with open(raw, "rb") as file:
            samples.frombytes(file.read())
        loud = max(map(abs, samples)) / 10
        return next(at for at, sample in enumerate(samples) if abs(sample) > loud) / 8000

    def test_a_recording_then_a_restart_with_another_language(self):
        clip = sample("forecast-01.flac")
        output = self.finish(self.begin(clip["file"], "--captions", "en=asr_is_en=English", "--verbose"))
        media, streams, cues = hls_checks.check_stream(self.stream, ["en"])
        self.assertTrue(media.ended)
        self.assertEqual(media.first, 0)
        self.assertGreaterEqual(len(media.segments), 7)
        self.assertEqual(len(output.splitlines()), len(media.segments))
        self.assertEqual(words(cues["en"]), clip["en"])
        # The first cue comes with the first sound in the media.
        spoken = (streams[0].audio - streams[0].video) / hls_checks.CLOCK + self.onset(media.segments[0].name)
        self.assertAlmostEqual(cues["en"][0][0] / 1000, spoken, delta=0.1)
        last = media.first + len(media.segments) - 1

        watcher = Watcher(self.stream)
        process = self.begin("bulletin.flac", "--captions", "en=asr_is_en=English",
                             "--captions", "is=asr_is_is=Íslenska", "--length", str(LENGTH))
        watcher.start()
        # Until nothing is left of the first run.
        deadline = time.monotonic() + 60
        while min(self.numbers(".ts")) <= last and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        self.finish(process)
        watcher.stop()
        self.assertEqual(watcher.faults, [])

        media, _streams, cues = hls_checks.check_stream(self.stream, ["en", "is"])
        self.assertFalse(media.ended)
        self.assertEqual(len(media.segments), LENGTH)
        self.assertGreater(media.first, last)
        self.assertEqual(media.header["#EXT-X-DISCONTINUITY-SEQUENCE"], "1")
        newest = media.first + LENGTH - 1
        kept = list(range(media.first - LENGTH - 1, newest + 1))
        self.assertEqual(self.numbers(".ts"), kept)
        self.assertEqual(self.numbers(".vtt"), sorted(kept + kept))
        self.assertTrue(cues["en"] and cues["is"])

    def test_a_film(self):
        clip = sample("forecast-03.flac")
        film = os.path.join(self.folder.name, "film.mkv")
        subprocess.run(
            ["gst-launch-1.0", "-q", "matroskamux", "name=mux", "!", "filesink", f"location={film}",
             "videotestsrc", "num-buffers=84", "!", "video/x-raw,width=320,height=240,framerate=30000/1001", "!",
             "x264enc", "!", "mux.", "filesrc", f"location={EXAMPLES}/samples/{clip['file']}", "!", "decodebin", "!",
             "audioconvert", "!", "avenc_aac", "!", "mux."], check=True, capture_output=True)
        self.finish(self.begin_with(film, "--captions", "is=asr_is_is"))
        media, _streams, cues = hls_checks.check_stream(self.stream, ["is"])
        self.assertTrue(media.ended)
        self.assertAlmostEqual(sum(segment.duration for segment in media.segments), 84 * 1001 / 30000, delta=0.04)
        self.assertEqual(words(cues["is"]), clip["is"])
        self.assertIn("RESOLUTION=320x240,FRAME-RATE=29.970,", hls_checks.read(self.stream, "live.m3u8"))

    def test_a_live_source(self):
        clip = sample("forecast-01.flac")
        server = subprocess.Popen([PYTHON, os.path.join(EXAMPLES, "serve_rtsp.py"),
                                   os.path.join(EXAMPLES, "samples", clip["file"]), "8656"],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        self.finish(self.begin_with(server.stdout.readline().strip(), "--captions", "en=asr_is_en", "--test-picture"))
        media, _streams, cues = hls_checks.check_stream(self.stream, ["en"])
        # It may come back.
        self.assertFalse(media.ended)
        # Frames of the model begin elsewhere in the sound than in the file, so words may differ.
        found, said = words(cues["en"]).split(), clip["en"].split()
        self.assertGreaterEqual(difflib.SequenceMatcher(None, found, said).ratio(), 0.5, found)

    def test_failures_are_one_line(self):
        process = self.begin("bulletin.flac", "--captions", "en=asr_is_en", "--set", "colour=red")
        self.assertIn("kyutaistt has no property colour", process.communicate(timeout=60)[1])
        self.assertNotEqual(process.returncode, 0)
        recording = os.path.join(EXAMPLES, "samples", "bulletin.flac")
        for path, wanted in ((os.path.join(EXAMPLES, "samples", "manifest.json"), ""),
                             (recording, f"{recording}: found no video; --test-picture shows one")):
            process = self.begin_with(path, "--captions", "en=asr_is_en")
            errors = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 1)
            lines = [line for line in errors.splitlines() if line.startswith("kyutaistt-hls: ")]
            self.assertEqual(len(lines), 1, errors)
            self.assertIn(wanted, lines[0])


if __name__ == "__main__":
    needed = subprocess.run([PYTHON, "-c", NEEDED], check=False, capture_output=True, text=True)
    if needed.returncode != 0:
        print(needed.stderr.splitlines()[-1])
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
