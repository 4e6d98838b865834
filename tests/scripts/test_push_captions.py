#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/push_captions.py with the element of a build, against servers that only write down.

    test_push_captions.py EXAMPLES
"""
import base64
import datetime
import html
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import unittest

EXAMPLES = os.path.abspath(sys.argv[1])
# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"
ENGLISH = ("Northwest three to five meters per second, mostly dry. "
           "West two to four meters per second, bright weather.")

# What GStreamer logs is not what the example says.
QUIET = {name: value for name, value in os.environ.items() if name != "GST_DEBUG"}


class Server:
    """Answers with these codes, then with 200."""

    def __init__(self, test, *codes):
        self.requests = []
        server, codes = self, list(codes)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                server.requests.append((self.path, dict(self.headers), body))
                self.send_response(codes.pop(0) if codes else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass
        http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{http_server.server_address[1]}"
        threading.Thread(target=http_server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(http_server.server_close)
        test.addCleanup(http_server.shutdown)


class PushCaptions(unittest.TestCase):
    def push(self, *arguments, recording="forecast-01.flac"):
        return subprocess.run(
            [PYTHON, os.path.join(EXAMPLES, "push_captions.py"), os.path.join(EXAMPLES, "samples", recording),
             "--model", os.path.join(EXAMPLES, "model"), "--domain", "asr_is_en", *arguments],
            capture_output=True, text=True, check=False, timeout=120, env=QUIET)

    def test_youtube(self):
        # The first one is tried again, under the same number.
        server = Server(self, 503)
        begin = datetime.datetime.now(datetime.timezone.utc)
        result = self.push("--to", "youtube", "--url", server.address + "/closedcaption?cid=a%2Cb")
        end = datetime.datetime.now(datetime.timezone.utc)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(server.requests[0][2], server.requests[1][2])
        numbers = [re.fullmatch(r"/closedcaption\?cid=a%2Cb&seq=(\d+)", path)[1] for path, _, _ in server.requests]
        self.assertEqual(numbers, ["1", *map(str, range(1, len(numbers)))])
        times, texts = [], []
        for _, headers, body in server.requests[1:]:
            self.assertEqual(headers["Content-Type"], "text/plain; charset=utf-8")
            time, text, rest = body.split("\n")
            self.assertEqual(rest, "")
            times.append(datetime.datetime.fromisoformat(time + "+00:00"))
            texts.append(text)
        self.assertEqual(" ".join(texts).replace("<br>", " "), ENGLISH)
        self.assertIn("<br>", texts[0])
        self.assertEqual(times, sorted(times))
        self.assertTrue(begin <= times[0] and times[-1] <= end)

    def test_oven_media_engine(self):
        server = Server(self)
        result = self.push("--to", "ovenmediaengine", "--url", server.address + "/v1/vhosts/a/apps/b/streams/c",
                           "--token", "secret", "--label", "Enska")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        texts = []
        for path, headers, body in server.requests:
            self.assertEqual(path, "/v1/vhosts/a/apps/b/streams/c:sendSubtitles")
            self.assertEqual(headers["Authorization"], "Basic " + base64.b64encode(b"secret").decode())
            self.assertEqual(headers["Content-Type"], "application/json")
            content = json.loads(body)
            self.assertEqual(content["format"], "webvtt")
            (track,) = content["data"]
            self.assertEqual(track["label"], "Enska")
            (subtitle,) = track["subtitles"]
            self.assertEqual(subtitle["startOffset"], 0)
            self.assertTrue(800 <= subtitle["durationMs"] <= 7000)
            texts.append(html.unescape(subtitle["text"]))
        self.assertEqual(" ".join(texts).replace("\n", " "), ENGLISH)

    def test_what_is_refused_is_reported(self):
        server = Server(self, *[404] * 10)
        result = self.push("--to", "youtube", "--url", server.address, recording="forecast-03.flac")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(set(result.stderr.splitlines()), {"push_captions: a caption was lost: 404 Not Found"})
        result = self.push("--to", "youtube", "--url", server.address, "--set", "colour=red")
        self.assertEqual((result.returncode, result.stderr),
                         (1, "push_captions: kyutaistt has no property colour\n"))


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import gi"], check=False).returncode != 0:
        print("python3-gi is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
