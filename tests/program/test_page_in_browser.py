#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page of `kyutaistt transcribe --format html` in Chromium: it plays, follows, and is corrected.

    test_page_in_browser.py PROGRAM EXAMPLES

Skipped where there is no Chromium. With KYUTAISTT_PICTURES=FOLDER it saves pictures of the page there.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

from page import Page
from program import MODEL, PATIENCE, SAMPLES, run
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import chromium  # noqa: E402 - found in the folder above

PICTURES = os.environ.get("KYUTAISTT_PICTURES")
WORD = '.word[data-word="{}"]'


class InBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = holder.name
        shutil.copy(os.path.join(SAMPLES, "bulletin.flac"), os.path.join(cls.folder, "talk.flac"))
        cls.subtitles = {}
        for form in ("srt", "vtt", "html"):
            result = run("transcribe", MODEL, os.path.join(cls.folder, "talk.flac"), "--domain", "asr_is_en",
                         "--parallel", "1", "--format", form)
            assert result.returncode == 0, result.stderr
            cls.subtitles[form] = result.stdout
        cls.page = Page(cls.subtitles["html"])
        cls.words = cls.page.data["words"]
        cls.path = os.path.join(cls.folder, "talk.html")
        for path in (cls.path, os.path.join(cls.folder, "other.html")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(cls.subtitles["html"])
        cls.browser = cls.enterClassContext(chromium.Browser())

    def setUp(self):
        self.browser.events.clear()
        self.browser.resize(1000, 800)
        self.browser.prefer("light")
        self.open(self.path)
        self.browser.wait_for("audio.readyState >= 1")

    def tearDown(self):
        self.assertEqual(self.browser.faults(), [])
        # So that it can be left.
        self.browser.evaluate("saved = true")

    def open(self, path):
        self.browser.open(pathlib.Path(path).as_uri())

    def picture(self, name):
        if PICTURES:
            self.browser.picture(os.path.join(PICTURES, name + ".png"))

    def saved(self, form):
        """What the page saves when its button is clicked."""
        with tempfile.TemporaryDirectory() as folder:
            self.browser.save_to(folder)
            self.browser.click(f'[data-save="{form}"]')
            path = os.path.join(folder, "talk." + form)
            deadline = time.monotonic() + PATIENCE
            while not os.path.exists(path):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            with open(path, encoding="utf-8") as file:
                return file.read()

    def spoken(self):
        """The index of the lit word, or None, and the position, at one moment."""
        return self.browser.evaluate(
            "(() => { showPosition(); const lit = document.querySelectorAll('.spoken'); "
            "return [lit.length ? Number(lit[0].dataset.word) : null, audio.currentTime, lit.length]; })()")

    def test_shows_words_and_what_the_model_thought_of_them(self):
        shown = self.browser.evaluate("[...document.querySelectorAll('.word')].map(word => "
                                      "[word.textContent, Number(word.style.opacity)])")
        self.assertEqual([text for text, _ in shown], [word["text"] for word in self.words])
        for (_, opacity), word in zip(shown, self.words):
            self.assertAlmostEqual(opacity, 0.5 + 0.5 * word["confidence"], places=3)
        text = self.browser.evaluate("document.querySelector('main').innerText")
        self.assertNotIn(" .", text)
        self.assertAlmostEqual(self.browser.evaluate("audio.duration"), self.page.data["duration"], delta=0.1)
        requests = [url for url in self.browser.requests() if not url.startswith(("blob:", "data:"))]
        self.assertEqual(requests, [pathlib.Path(self.path).as_uri()])
        self.picture("page")

    def test_a_click_plays_and_words_light_up(self):
        at = len(self.words) // 2
        self.browser.click(WORD.format(at))
        self.assertGreaterEqual(self.browser.evaluate("audio.currentTime"), self.words[at]["start"])
        seen = set()
        while len(seen) < 5:
            index, now, count = self.spoken()
            self.assertLessEqual(count, 1)
            begun = [number for number, word in enumerate(self.words) if word["start"] <= now]
            lit = begun[-1] if now < self.words[begun[-1]]["end"] else None
            self.assertEqual(index, lit, now)
            seen |= {index} - {None}
            self.assertFalse(self.browser.evaluate("audio.ended"))
        self.picture("playing")
        self.browser.press(" ")
        self.browser.wait_for("audio.paused")

    def test_keys(self):
        press = self.browser.press
        press(" ")
        self.browser.wait_for("!audio.paused")
        press(" ")
        self.browser.wait_for("audio.paused")
        before = self.browser.evaluate("audio.currentTime")
        press("l")
        self.assertAlmostEqual(self.browser.evaluate("audio.currentTime"), before + 5, delta=0.01)
        press("j")
        self.assertAlmostEqual(self.browser.evaluate("audio.currentTime"), before, delta=0.01)
        self.browser.evaluate("focusOn(3)")
        press("ArrowRight")
        press("ArrowRight")
        press("ArrowLeft")
        self.assertEqual(self.browser.evaluate("document.activeElement.dataset.word"), "4")
        press("Enter")
        self.browser.wait_for("!audio.paused")
        self.assertGreaterEqual(self.browser.evaluate("audio.currentTime"), self.words[4]["start"])
        press(" ")
        self.browser.evaluate("canvas.focus()")
        press("Home")
        self.assertEqual(self.browser.evaluate("audio.currentTime"), 0)
        press("ArrowRight")
        self.assertEqual(self.browser.evaluate("audio.currentTime"), 1)
        unsure = [at for at, word in enumerate(self.words) if word["confidence"] < 0.6 and word["start"] > 1]
        if unsure:
            self.browser.evaluate("document.activeElement.blur()")
            press("n")
            self.assertEqual(self.browser.evaluate("document.activeElement.dataset.word"), str(unsure[0]))

    def test_the_waveform_leads_there(self):
        self.browser.click("#waveform")
        self.assertAlmostEqual(self.browser.evaluate("audio.currentTime"),
                               self.browser.evaluate("duration()") / 2, delta=0.2)

    def test_saves_what_the_program_writes(self):
        for form in ("srt", "vtt"):
            self.assertEqual(self.saved(form), self.subtitles[form])
        self.assertEqual(self.saved("txt").split(), " ".join(word["text"] for word in self.words).split())

    def test_corrections(self):
        press = self.browser.press
        cue = self.page.data["cues"][1]
        at = cue["first"]
        self.browser.click(WORD.format(at), count=2)
        self.browser.type("<Two> & more")
        press("Tab")
        # On to the next, which is removed, and the one after, which stays.
        press("Backspace")
        press("Tab")
        self.browser.type("no")
        press("Escape")
        self.assertEqual(self.browser.evaluate("document.getElementById('changes').textContent"),
                         "2 corrections, not saved")
        self.assertEqual(self.browser.evaluate(f"document.querySelector('{WORD.format(at)}').textContent"),
                         "<Two> & more")
        self.assertEqual(self.browser.evaluate(f"document.querySelector('{WORD.format(at + 2)}').textContent"),
                         self.words[at + 2]["text"])
        self.picture("corrected")
        # It is there again when the page is.
        self.browser.evaluate("saved = true")
        self.open(os.path.join(self.folder, "other.html"))
        self.open(self.path)
        self.assertEqual(self.browser.evaluate("document.getElementById('changes').textContent"),
                         "2 corrections, not saved")
        before, after = (text.split("\n\n") for text in (self.subtitles["srt"], self.saved("srt")))
        self.assertEqual(after[:1] + after[2:], before[:1] + before[2:])
        self.assertEqual(after[1].split("\n")[:2], before[1].split("\n")[:2])
        said = " ".join(cue["lines"]).split()
        lines = after[1].split("\n")[2:]
        self.assertEqual(" ".join(lines).split(), ["<Two>", "&", "more"] + said[2:])
        self.assertLessEqual(max(map(len, lines)), 37)
        self.assertIn("&lt;Two&gt; &amp; more", self.saved("vtt").replace("\n", " "))
        self.assertIn("<Two> & more", self.saved("txt"))
        # Back as it was.
        self.browser.click("#edit")
        self.browser.click(WORD.format(at))
        self.browser.type(self.words[at]["text"])
        press("Enter")
        self.browser.evaluate(f"edit({at + 1}); document.activeElement.value = "
                              + json.dumps(self.words[at + 1]["text"]))
        press("Enter")
        self.assertEqual(self.saved("srt"), self.subtitles["srt"])

    def test_on_a_phone_in_the_dark(self):
        self.browser.resize(360, 740, mobile=True)
        self.browser.prefer("dark")
        self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), 360)
        self.browser.wait_for("getComputedStyle(document.body).backgroundColor === 'rgb(18, 18, 18)'")
        self.assertLess(self.browser.evaluate("document.querySelector('header').offsetHeight"), 370)
        self.picture("phone")
        self.browser.click(WORD.format(len(self.words) // 2))
        self.browser.wait_for("document.querySelector('.spoken') !== null")
        self.picture("phone-playing")

    def test_a_recording_beside_it(self):
        path = os.path.join(self.folder, "beside.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.subtitles["html"].replace(self.page.texts["content"], "").replace(
                'data-address=""', 'data-address="talk.flac"'))
        self.open(path)
        self.browser.wait_for("audio.readyState >= 1")
        self.assertAlmostEqual(self.browser.evaluate("audio.duration"), self.page.data["duration"], delta=0.1)

    def test_a_recording_that_is_missing_is_asked_for(self):
        path = os.path.join(self.folder, "without.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.subtitles["html"].replace(self.page.texts["content"], ""))
        self.open(path)
        self.browser.wait_for("document.querySelector('#choose').offsetHeight > 0")
        document = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.call("DOM.querySelector", nodeId=document, selector="#choose input")["nodeId"]
        self.browser.call("DOM.setFileInputFiles", nodeId=node, files=[os.path.join(self.folder, "talk.flac")])
        self.browser.wait_for("audio.readyState >= 1 && !audio.hidden")
        self.assertAlmostEqual(self.browser.evaluate("audio.duration"), self.page.data["duration"], delta=0.1)


if __name__ == "__main__":
    if chromium.missing():
        print(chromium.missing())
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
