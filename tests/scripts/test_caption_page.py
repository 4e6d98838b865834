#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/caption_page with the element of a build, and reads along as pages do.

    test_caption_page.py EXAMPLES
"""
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

EXAMPLES = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(EXAMPLES, "caption_page"))
import transcript  # noqa: E402 - found in the folder above
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import chromium  # noqa: E402 - found in the folder above

# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"
ENGLISH = ("Northwest three to five meters per second, mostly dry. "
           "West two to four meters per second, bright weather.")
ICELANDIC = ("Norðvestan þrír til fimm metrar á sekúndu, þurrt að kalla. "
             "Vestan tveir til fjórir metrar á sekúndu, bjartviðri.")
SRT = """1
00:00:00,240 --> 00:00:04,080
Northwest three to five
meters per second, mostly dry.

2
00:00:04,080 --> 00:00:07,8"""
# No proxy stands between this test and its server.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Transcript(unittest.TestCase):
    def setUp(self):
        self.transcript = transcript.Transcript("run")

    def texts(self):
        events, _ = self.transcript.events_from(0)
        return [event.data.get("text") for event in events]

    def test_an_hour_is_kept(self):
        for second in range(10, 3621, 10):
            self.transcript.add_word(0, str(second), second, second + 0.5, 1)
            self.transcript.add_cue(0, second - 5, second, str(second))
        self.assertEqual(self.texts()[0], "20")
        self.assertEqual(len(self.texts()), 361)
        self.assertTrue(self.transcript.srt().startswith("1\n00:00:15,000 --> 00:00:20,000\n20\n\n2\n"))

    def test_a_page_goes_on_where_it_was(self):
        for at, word in enumerate("one two three".split()):
            self.transcript.add_word(0, word, at, at + 0.5, 1)
        position = self.transcript.position_after("run-1")
        events, position = self.transcript.events_from(position)
        self.assertEqual([event.data["text"] for event in events], ["three"])
        self.assertEqual(self.transcript.events_from(position), ([], 3))
        self.assertEqual(self.transcript.position_after("run-2"), 3)

    def test_a_page_that_cannot_go_on_begins_anew(self):
        self.transcript.add_word(0, "one", 0, 1, 1)
        for identifier in ("", "run-1", "run-99", "other-0", "run-", "run-x", "rubbish"):
            self.assertIsNone(self.transcript.position_after(identifier), identifier)
        self.transcript.add_word(0, "two", 4000, 4001, 1)
        self.transcript.add_word(0, "three", 8000, 8001, 1)
        self.assertIsNone(self.transcript.position_after("run-0"))
        self.assertEqual(self.transcript.position_after("run-1"), 2)

    def test_exports(self):
        for text, start in (("Good", 0), ("day.", 1)):
            self.transcript.add_word(0, text, start, start + 0.5, 1)
        self.transcript.add_pause(0, 1.5)
        self.transcript.add_pause(0, 1.6)
        self.transcript.add_word(0, "Thanks.", 3, 3.5, 1)
        self.assertEqual(self.transcript.text(), "Good day.\nThanks.\n")
        self.transcript.add_cue(0, 3599.9996, 3661.5, "a < b &\nc")
        self.assertEqual(self.transcript.srt(), "1\n01:00:00,000 --> 01:01:01,500\na < b &\nc\n")
        self.assertEqual(self.transcript.vtt(),
                         "WEBVTT\n\n01:00:00.000 --> 01:01:01.500\na &lt; b &amp;\nc\n")

    def test_texts_are_apart(self):
        both = transcript.Transcript("run", 2)
        for number, words in enumerate(("góðan dag", "good day")):
            for at, word in enumerate(words.split()):
                both.add_word(number, word, at, at + 0.5, 1)
            both.add_cue(number, 0, 2, words)
        both.add_pause(1, 2)
        self.assertEqual([both.text(number) for number in (0, 1)], ["góðan dag\n", "good day\n"])
        self.assertIn("góðan dag", both.srt(0))
        self.assertEqual(both.vtt(1), "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\ngood day\n")

    def test_an_event_is_one_of_the_standard(self):
        self.transcript.add_word(1, 'Þá "nú"\n', 1, 2, 0.98765)
        (event,), _ = self.transcript.events_from(0)
        self.assertEqual(self.transcript.as_sent(event),
                         'id: run-0\nevent: word\ndata: {"column": 1, "text": "Þá \\"nú\\"\\n", "start": 1, "end": 2, '
                         '"confidence": 0.988}\n\n')


class Words(html.parser.HTMLParser):
    """What a page shows: its columns of lines, and the opacity of each word."""

    def __init__(self, text):
        super().__init__()
        self.columns = []
        self.opacities = []
        self._reading = False
        self.feed(text.split("<main", 1)[1].split("</main>", 1)[0])

    def handle_starttag(self, tag, attributes):
        if tag == "section":
            self.columns.append([])
        elif tag == "p":
            self.columns[-1].append([])
        elif tag == "span":
            self._reading = True
            self.opacities.append(float(re.search(r"opacity: ([\d.]+)", dict(attributes)["style"])[1]))

    def handle_endtag(self, tag):
        self._reading = False

    def handle_data(self, data):
        if self._reading:
            self.columns[-1][-1].append(data)

    def texts(self):
        return [" ".join(word for line in lines for word in line) for lines in self.columns]


class CaptionPage(unittest.TestCase):
    def begin(self, recording, *arguments):
        process = subprocess.Popen(
            [PYTHON, os.path.join(EXAMPLES, "caption_page"), os.path.join(EXAMPLES, "samples", recording),
             "--model", os.path.join(EXAMPLES, "model"), "--domain", "asr_is_en", "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def get(address, identifier=None):
        headers = {"Last-Event-ID": identifier} if identifier else {}
        return OPENER.open(urllib.request.Request(address, headers=headers), timeout=60)

    def read_events(self, address, identifier=None, query=""):
        """The events up to the end of the stream: identifier, name, data."""
        events = []
        fields = {}
        with self.get(address + "events" + query, identifier) as response:
            self.assertEqual(response.headers["Content-Type"], "text/event-stream; charset=utf-8")
            for line in response:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    events.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
                    if fields["event"] == "end":
                        return events
                    fields = {}
                else:
                    fields = {}
        self.fail(f"the stream ended early, after {events}")

    def test_a_recording_is_read_along(self):
        process = self.begin("forecast-01.flac")
        address = process.stdout.readline().strip()
        events = self.read_events(address)
        self.assertEqual(events[0], (None, "reset", {}))
        words = [data for _, name, data in events if name == "word"]
        self.assertEqual(" ".join(word["text"] for word in words), ENGLISH)
        self.assertEqual(words, sorted(words, key=lambda word: word["start"]))
        self.assertTrue(all(0 < word["confidence"] <= 1 for word in words))
        self.assertIn("pause", [name for _, name, _ in events])

        # A page that lost its connection after the sixth event, and one that knew another run.
        self.assertEqual(self.read_events(address, events[6][0]), events[7:])
        self.assertEqual(self.read_events(address, "other-6"), events)
        # A page's own request names the event in its address, a browser's in a header, which is newer.
        self.assertEqual(self.read_events(address, query="?after=" + events[6][0]), events[7:])
        self.assertEqual(self.read_events(address, events[8][0], "?after=" + events[6][0]), events[9:])

        with self.get(address + "captions.srt") as response:
            self.assertTrue(response.read().decode().startswith(SRT))
        with self.get(address + "captions.vtt") as response:
            self.assertTrue(response.read().decode().startswith("WEBVTT\n\n00:00:00.240 --> "))
        with self.get(address + "captions.txt") as response:
            self.assertEqual(" ".join(response.read().decode().split()), ENGLISH)

        if shutil.which("chromium"):
            words_shown, page = self.show_page(address)
            self.assertEqual(words_shown.texts(), [ENGLISH])
            for opacity, word in zip(words_shown.opacities, words):
                self.assertAlmostEqual(opacity, 0.4 + 0.6 * word["confidence"], places=3)
            self.assertIn(">ended<", page)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_two_languages_stand_beside_each_other(self):
        process = self.begin("forecast-01.flac", "--domain", "asr_is_is,asr_is_en")
        address = process.stdout.readline().strip()
        events = self.read_events(address)
        texts = [" ".join(data["text"] for _, name, data in events if name == "word" and data["column"] == column)
                 for column in (0, 1)]
        self.assertEqual(texts, [ICELANDIC, ENGLISH])
        for query, text in (("", ICELANDIC), ("?domain=asr_is_is", ICELANDIC), ("?domain=asr_is_en", ENGLISH)):
            with self.get(address + "captions.txt" + query) as response:
                self.assertEqual(" ".join(response.read().decode().split()), text)
        with self.get(address + "captions.srt?domain=asr_is_en") as response:
            self.assertTrue(response.read().decode().startswith(SRT))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.get(address + "captions.txt?domain=asr_is_de")
        with refused.exception as response:
            self.assertEqual((response.code, response.read().decode()),
                             (404, "found domain asr_is_de, expected one of asr_is_is, asr_is_en"))
        if shutil.which("chromium"):
            words, _page = self.show_page(address)
            self.assertEqual(words.texts(), texts)

    def show_page(self, address):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                chromium.command(folder, "--virtual-time-budget=60000", "--dump-dom", address),
                capture_output=True, text=True, check=True, timeout=120)
        return Words(result.stdout), result.stdout

    def test_ends_while_pages_are_open(self):
        process = self.begin("bulletin.flac")
        address = process.stdout.readline().strip()
        with self.get(address + "events") as response:
            self.assertEqual(response.readline(), b"event: reset\n")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 0)

    def test_failures_are_one_line(self):
        for arguments, wanted in ((["bulletin.flac", "--set", "colour=red"], "kyutaistt has no property colour"),
                                  (["nothing.flac"], "Resource not found")):
            process = self.begin(*arguments)
            _output, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            lines = [line for line in errors.splitlines() if line.startswith("kyutaistt-caption-page: ")]
            self.assertEqual(len(lines), 1, errors)
            self.assertIn(wanted, lines[0])


if __name__ == "__main__":
    needed = subprocess.run([PYTHON, "-c", "import aiohttp, gi"], check=False, capture_output=True, text=True)
    if needed.returncode != 0:
        print(needed.stderr.splitlines()[-1])
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
