#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where `kyutaistt transcribe` reads from: standard input, samples without a container, URIs.

    test_sources.py PROGRAM EXAMPLES
"""
import functools
import http.server
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from program import CLIPS, EXAMPLES, MODEL, PATIENCE, PROGRAM, SAMPLE, SAMPLES, run
from recordings import decode, write_wave

ICELANDIC = CLIPS["forecast-03.flac"]["is"]


def transcribe_bytes(data, *arguments):
    """What comes out if the data comes in on a pipe."""
    result = subprocess.run([PROGRAM, "transcribe", MODEL, *arguments], input=data,
                            capture_output=True, check=False, timeout=PATIENCE)
    return result.returncode, result.stdout.decode().strip(), result.stderr.decode()


def free_port(kind):
    """A port of this computer that nobody listens at."""
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Sources(unittest.TestCase):
    def assert_heard(self, result):
        self.assertEqual((result.returncode, result.stdout.strip(), result.stderr),
                         (0, ICELANDIC, ""))


class StandardInput(Sources):
    def test_is_a_dash(self):
        with open(SAMPLE, "rb") as file:
            data = file.read()
        self.assertEqual(transcribe_bytes(data, "-"), (0, ICELANDIC, ""))
        self.assertEqual(transcribe_bytes(data, "-", "--output", "-"), (0, ICELANDIC, ""))
        self.assertFalse(os.path.exists("-"))
        self.assertEqual(transcribe_bytes(b"", "-")[:2], (1, ""))
        with open(SAMPLE, "rb") as file:
            self.assert_heard(run("transcribe", MODEL, "-", stdin=file))
        with open(SAMPLE, "rb") as file:
            self.assert_heard(run("transcribe", MODEL, "/proc/self/fd/0", stdin=file))
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(transcribe_bytes(data, "-", "--output-dir", folder), (0, "", ""))
            self.assertEqual(os.listdir(folder), ["stdin.txt"])


class RawSamples(Sources):
    def test_of_several_formats(self):
        for form, gstreamer, rate, channels in (
                ("s16le", "S16LE", 24000, 1), ("s16be", "S16BE", 48000, 2),
                ("f32le", "F32LE", 16000, 1), ("S24LE", "S24LE", 44100, 2)):
            samples = subprocess.run(
                ["gst-launch-1.0", "--quiet", "filesrc", f"location={SAMPLE}", "!", "decodebin",
                 "!", "audioconvert", "!", "audioresample", "!",
                 f"audio/x-raw,format={gstreamer},rate={rate},channels={channels}", "!", "fdsink"],
                capture_output=True, check=True).stdout
            option = f"{form}:{rate}:{channels}"
            self.assertEqual(transcribe_bytes(samples, "-", "--raw-format", option),
                             (0, ICELANDIC, ""), option)
            with tempfile.NamedTemporaryFile() as file:
                file.write(samples)
                file.flush()
                self.assert_heard(run("transcribe", MODEL, file.name, "--raw-format", option))

    def test_need_their_format(self):
        code, output, errors = transcribe_bytes(decode(SAMPLE), "-")
        self.assertEqual((code, output), (1, ""))
        # What GStreamer takes them for depends on how many come at once.
        self.assertRegex(errors, r"^kyutaistt: standard input: .*"
                                 r"\(samples without a container need --raw-format\)\n$")

    def test_formats_that_there_are_not(self):
        for option in ("s16le", "s16le:16000", "s17le:16000:1", "s16le:0:1", "s16le:16000:0",
                       "s16le:16000:1:1", "s16le:1e3:1", "encoded:16000:1", "", "::"):
            result = run("transcribe", MODEL, SAMPLE, "--raw-format", option)
            self.assertEqual(result.returncode, 2, option)
            self.assertIn(f"--raw-format: found {option}, expected FORMAT:RATE:CHANNELS",
                          result.stderr)


class Uris(Sources):
    def test_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "á b%20#c.wav")
            write_wave(str(path), decode(SAMPLE))
            self.assert_heard(run("transcribe", MODEL, path.as_uri()))
            out = os.path.join(folder, "out")
            self.assertEqual(
                run("transcribe", MODEL, path.as_uri(), "--output-dir", out).returncode, 0)
            self.assertEqual(len(os.listdir(out)), 1)
            result = run("transcribe", MODEL, path.as_uri() + "x")
            self.assertEqual((result.returncode, result.stderr),
                             (1, f"kyutaistt: {path.as_uri()}x: there is no such file\n"))
            # What is there under such a name is meant.
            os.makedirs(os.path.join(folder, "http:"))
            os.link(path, os.path.join(folder, "http:", "a"))
            result = subprocess.run([os.path.abspath(PROGRAM), "transcribe", os.path.abspath(MODEL),
                                     "http://a"],
                                    cwd=folder, capture_output=True, text=True, check=False)
            self.assert_heard(result)

    def test_by_http(self):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=SAMPLES))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        self.assert_heard(run("transcribe", MODEL, f"{address}/forecast-03.flac", no_proxy="*"))
        with tempfile.TemporaryDirectory() as folder:
            result = run("transcribe", MODEL, f"{address}/forecast-03.flac?a=b/c", "--format",
                         "vtt", "--output-dir", folder, no_proxy="*")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(os.listdir(folder), ["forecast-03.vtt"])
        result = run("transcribe", MODEL, f"{address}/none.flac", no_proxy="*")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertTrue(result.stderr.startswith(f"kyutaistt: {address}/none.flac: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_by_srt(self):
        port = free_port(socket.SOCK_DGRAM)
        with subprocess.Popen(
                [PROGRAM, "transcribe", MODEL, f"srt://127.0.0.1:{port}?mode=listener"],
                stdout=subprocess.PIPE, text=True) as program:
            self.addCleanup(program.kill)
            # The sender calls until somebody listens.
            subprocess.run(
                ["gst-launch-1.0", "--quiet", "filesrc", f"location={SAMPLE}", "!", "decodebin",
                 "!", "audioconvert", "!", "audioresample", "!",
                 "audio/x-raw,rate=48000,channels=1", "!", "opusenc", "!", "mpegtsmux", "!",
                 "identity", "sync=true", "!", "srtsink", f"uri=srt://127.0.0.1:{port}",
                 "wait-for-connection=true"], check=True, timeout=PATIENCE)
            output, _ = program.communicate(timeout=PATIENCE)
            self.assertEqual(program.returncode, 0)
            self.assertEqual(output.split()[-1], ICELANDIC.split()[-1])

    def test_by_rtsp(self):
        port = free_port(socket.SOCK_STREAM)
        with subprocess.Popen(["/usr/bin/python3", os.path.join(EXAMPLES, "serve_rtsp.py"), SAMPLE,
                               str(port)],
                              stdout=subprocess.PIPE, text=True) as server:
            self.addCleanup(server.kill)
            result = run("transcribe", MODEL, server.stdout.readline().strip())
            server.kill()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout.split()[-1], ICELANDIC.split()[-1])

    def test_that_cannot_be_read(self):
        for uri, expected in (("https://localhost:1/a.wav", "(the URI cannot be read)"),
                              ("rtsp://localhost:1/a", "Could not open"),
                              ("nothing://a", "GStreamer lacks: NOTHING protocol source"),
                              ("file:relative.wav", "is not a valid URI")):
            result = run("transcribe", MODEL, uri, no_proxy="*")
            self.assertEqual((result.returncode, result.stdout), (1, ""), uri)
            self.assertTrue(result.stderr.startswith(f"kyutaistt: {uri}: "), result.stderr)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "becomes another user")
    def test_permission(self):
        nobody = ["setpriv", "--reuid=65534", "--clear-groups", os.path.abspath(PROGRAM)]
        if subprocess.run([*nobody, "info", os.path.abspath(MODEL)], capture_output=True,
                          check=False).returncode != 0:
            self.skipTest("the build's folder is closed to other users")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "a.wav")
            write_wave(path, decode(SAMPLE))
            hidden = os.path.join(folder, "hidden")
            os.mkdir(hidden, mode=0o700)
            os.chmod(path, 0o600)
            for recording in (path, os.path.join(hidden, "b.wav"), pathlib.Path(path).as_uri()):
                result = subprocess.run(
                    [*nobody, "transcribe", os.path.abspath(MODEL), recording],
                    capture_output=True, text=True, check=False)
                self.assertEqual(
                    (result.returncode, result.stderr),
                    (1, f"kyutaistt: {recording}: cannot be read: Permission denied\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
