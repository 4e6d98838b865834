#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of `kyutaistt transcribe --format html`: what is in it. test_page_in_browser.py is about what it does.

    test_page.py PROGRAM EXAMPLES
"""
import array
import base64
import json
import os
import re
import shutil
import struct
import tempfile
import unittest

from page import Page
from program import CLIPS, MODEL, SAMPLE, SAMPLES, run
from recordings import decode, write_wave

RECORDING = os.path.join(SAMPLES, "bulletin.flac")


def transcribe(*arguments, **options):
    # Streams that take turns may differ in a word from run to run.
    result = run("transcribe", MODEL, "--parallel", "1", *arguments, **options)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


class Content(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = Page(transcribe(RECORDING, "--format", "html"))
        cls.json = json.loads(transcribe(RECORDING, "--format", "json"))

    def test_is_what_json_has(self):
        for key in ("model", "domain", "duration", "delay", "words"):
            self.assertEqual(self.page.data[key], self.json[key], key)
        self.assertEqual(self.page.texts["noscript"], self.json["text"])
        self.assertEqual(self.page.attributes["text"]["lang"], "is")

    def test_its_cues_are_those_of_subtitles(self):
        for options in ((), ("--cue-preset", "netflix"), ("--cue-columns", "20", "--cue-lines", "1")):
            srt = transcribe(RECORDING, "--format", "srt", *options)
            page = Page(transcribe(RECORDING, "--format", "html", *options))
            self.assertEqual(page.srt(), srt)
            self.assertEqual(page.data["columns"], {"20": 20, "netflix": 42}.get((options + ("", ""))[1], 37))
            # Their words are those of the page.
            words = page.data["words"]
            firsts = [cue["first"] for cue in page.data["cues"]] + [len(words)]
            self.assertEqual(firsts[0], 0)
            for cue, first, end in zip(page.data["cues"], firsts, firsts[1:]):
                self.assertEqual("".join(cue["lines"]).replace(" ", ""),
                                 "".join(word["text"] for word in words[first:end]))

    def test_its_waveform_is_that_of_the_recording(self):
        samples = array.array("h")
        samples.frombytes(decode(RECORDING))
        waveform = self.page.data["waveform"]
        size = round(waveform["interval"] * 24000)
        expected = [max(map(abs, samples[at:at + size])) / 32768 * 255 for at in range(0, len(samples), size)]
        self.assertEqual(len(waveform["peaks"]), len(expected))
        self.assertLessEqual(len(expected), 4000)
        for found, wanted in zip(waveform["peaks"], expected):
            self.assertAlmostEqual(found, wanted, delta=1)

    def test_has_the_recording_in_it(self):
        with open(RECORDING, "rb") as file:
            self.assertEqual(base64.b64decode(self.page.texts["content"]), file.read())
        self.assertEqual(self.page.attributes["content"]["data-type"], "audio/flac")
        self.assertEqual(self.page.attributes["audio"]["data-address"], "")

    def test_refers_to_nothing_else(self):
        for attributes in self.page.elements:
            self.assertFalse({"src", "href", "srcset", "action"} & set(attributes), attributes)
        self.assertNotIn("@import", self.page.texts["style"])
        self.assertNotIn("url(", self.page.texts["style"])
        self.assertTrue(self.page.policy.startswith("default-src 'none';"), self.page.policy)


class Recordings(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.out = os.path.join(self.folder, "out")

    def page(self, name):
        with open(os.path.join(self.out, name), encoding="utf-8") as file:
            return Page(file.read())

    def test_names_are_text(self):
        name = "<script>alert(1)<!-- \"a\" & 'b' {{data}}.flac"
        shutil.copy(SAMPLE, os.path.join(self.folder, name))
        page = Page(transcribe(os.path.join(self.folder, name), "--format", "html"))
        self.assertEqual((page.texts["title"], page.texts["h1"]), (name, name))
        transcribe(self.folder, "--format", "html", "--output-dir", self.out)
        self.assertEqual(self.page(name.replace(".flac", ".html")).texts["title"], name)

    def test_a_large_recording_is_referred_to(self):
        recording = os.path.join(self.folder, "a 100%.wav")
        write_wave(recording, decode(SAMPLE))
        with open(recording, "rb") as file:
            wave = file.read()
        with open(recording, "wb") as file:
            # What players skip, after the format.
            file.write(wave[:36] + struct.pack("<4sI", b"junk", 17 << 20) + bytes(17 << 20) + wave[36:])
        transcribe(recording, "--format", "html", "--output-dir", os.path.join(self.out, "pages"))
        page = self.page("pages/a 100%.html")
        self.assertEqual(page.texts.get("content", ""), "")
        self.assertEqual(page.attributes["audio"]["data-address"], "../../a%20100%25.wav")
        words = " ".join(word["text"] for word in page.data["words"])
        self.assertEqual(words, CLIPS["forecast-03.flac"]["is"])

    def test_what_is_no_file_is_asked_for(self):
        with open(SAMPLE, "rb") as file:
            page = Page(transcribe("-", "--format", "html", stdin=file))
        self.assertEqual(page.texts["title"], "Standard input")
        self.assertEqual((page.texts.get("content", ""), page.attributes["audio"]["data-address"]), ("", ""))

    def test_what_browsers_do_not_play_is_referred_to(self):
        shutil.copy(SAMPLE, os.path.join(self.folder, "a.caf"))
        os.mkdir(self.out)
        transcribe(os.path.join(self.folder, "a.caf"), "--format", "html", "--output",
                   os.path.join(self.out, "a.html"))
        page = self.page("a.html")
        self.assertEqual(page.attributes["audio"]["data-address"], "../a.caf")

    def test_several_need_a_folder(self):
        result = run("transcribe", MODEL, SAMPLE, RECORDING, "--format", "html")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("subtitles and pages are of one recording", result.stderr)

    def test_of_a_manifest(self):
        listed = os.path.join(self.folder, "list")
        with open(listed, "w", encoding="utf-8") as file:
            file.write(SAMPLE + "\n")
        transcribe("--manifest", listed, "--format", "html,json", "--output-dir", self.out, "--progress", "none")
        page = self.page("forecast-03.html")
        with open(os.path.join(self.out, "forecast-03.json"), encoding="utf-8") as file:
            self.assertEqual(page.data["words"], json.load(file)["words"])
        self.assertTrue(page.texts["content"])
        self.assertTrue(re.search("[1-9]", str(page.data["waveform"]["peaks"])))


if __name__ == "__main__":
    unittest.main(argv=["test_page.py"])
