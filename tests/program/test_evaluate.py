#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt evaluate`: rates that are known, lists of every kind, and what is wrong with them.

    test_evaluate.py PROGRAM EXAMPLES
"""
import html.parser
import json
import os
import shutil
import sys
import tempfile
import unittest

from program import CLIPS, EXAMPLES, MODEL, SAMPLE, SAMPLES, run

LIST = os.path.join(SAMPLES, "manifest.jsonl")
BULLETIN = os.path.join(SAMPLES, "bulletin.flac")
with open(os.path.join(SAMPLES, "bulletin.json"), encoding="utf-8") as bulletin_file:
    UTTERANCES = json.load(bulletin_file)["utterances"]


def evaluate(path, *options):
    result = run("evaluate", MODEL, path, "--format", "json", "--resamples", "20", *options)
    return json.loads(result.stdout) if result.stdout else None, result


class Parts(html.parser.HTMLParser):
    """The names of a page's elements, and the texts of some."""

    def __init__(self, page):
        super().__init__()
        self.names, self.texts, self.open = [], {"del": [], "ins": [], "h2": []}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.open = tag

    def handle_endtag(self, tag):
        self.open = None

    def handle_data(self, data):
        if self.open in self.texts:
            self.texts[self.open].append(data)


class Evaluate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, lines):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        return path

    def test_the_samples_have_their_known_rates(self):
        with open(os.path.join(SAMPLES, "manifest.json"), encoding="utf-8") as file:
            known = json.load(file)["reference_wer"]
        for language, options in (("is", []), ("en", ["--domain", "asr_is_en", "--text-key", "text_en"])):
            found, result = evaluate(LIST, "--group-by", "set", *options)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            for name, rates in known.items():
                self.assertAlmostEqual(found["groups"][name]["wer"]["value"], rates[language], places=12)
                self.assertEqual(found["groups"][name]["texts"], 8)
            words = sum(len(clip[language].split()) for clip in CLIPS.values())
            self.assertEqual(found["scores"]["wer"]["words"], words)
            self.assertLessEqual(found["scores"]["wer"]["low"], found["scores"]["wer"]["value"])
            self.assertLess(found["scores"]["wer"]["low"], found["scores"]["wer"]["high"])

    def test_the_list_of_the_samples_says_what_their_manifest_says(self):
        with open(LIST, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(len(lines), len(CLIPS))
        for line in lines:
            clip = CLIPS[line["audio_filepath"]]
            self.assertEqual([line[key] for key in ("text", "text_en", "duration", "set", "speaker")],
                             [clip[key] for key in ("is", "en", "seconds", "set", "voice")])

    def test_the_table_shows_scores_and_the_worst(self):
        page = os.path.join(self.folder, "page.html")
        result = run("evaluate", MODEL, LIST, "--worst", "1", "--html", page)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        for start in ("WER ", "WER, normalised ", "CER ", "CER, normalised ", "BLEU ", "chrF2 "):
            self.assertTrue([line for line in lines if line.startswith(start)], start)
        wer = [line for line in lines if line.startswith("WER ")][0]
        self.assertIn("1.89 %", wer)
        self.assertIn("2 substituted, 1 deleted, 0 inserted, 159 words", wer)
        worst = lines[lines.index("worst first") + 1:]
        self.assertEqual(len(worst), 3)
        self.assertIn("18.18 %  noisy-06.flac", worst[0])
        with open(page, encoding="utf-8") as file:
            text = file.read()
        parts = Parts(text)
        self.assertEqual(parts.texts["del"], ["Said and not heard", "Slydda", "í", "kvöld."])
        self.assertEqual(parts.texts["ins"], ["heard and not said", "Góðan", "dag."])
        self.assertEqual(len([text for text in parts.texts["h2"] if ".flac" in text]), 16)
        for needless in ("script", "link", "img"):
            self.assertNotIn(needless, parts.names)
        self.assertNotIn("http", text)

    def segments(self):
        return [{"start": u["start"], "end": u["end"], "text": u["is"], "speaker": f"s{i % 2}"}
                for i, u in enumerate(UTTERANCES)]

    def test_long_recordings_are_scored_by_their_segments(self):
        shutil.copy(BULLETIN, self.folder)
        name = "bulletin.flac"
        whole = self.write("whole.jsonl", [{"audio_filepath": name, "text": " ".join(u["is"] for u in UTTERANCES)}])
        lists = [
            self.write("keys.jsonl", [{"audio_filepath": name, "segments": self.segments()}]),
            # Their order does not matter.
            self.write("offsets.jsonl", [
                {"audio_filepath": name, "offset": s["start"], "duration": s["end"] - s["start"],
                 "text": s["text"], "speaker": s["speaker"]} for s in reversed(self.segments())]),
            self.write("marks.stm", [";; a comment"] + [
                f"bulletin 1 {s['speaker']} {s['start']} {s['end']} <o,f0,unknown> {s['text']}"
                for s in self.segments()]),
        ]
        expected, _ = evaluate(whole)
        texts = []
        for path in lists:
            found, result = evaluate(path, "--group-by", "speaker")
            self.assertEqual((result.returncode, result.stderr), (0, ""), path)
            self.assertEqual(found["scores"]["wer"]["words"], expected["scores"]["wer"]["words"])
            for kind in ("substitutions", "deletions", "insertions"):
                self.assertEqual(found["scores"]["wer"][kind], expected["scores"]["wer"][kind])
            self.assertEqual(list(found["groups"]), ["s0", "s1"])
            self.assertEqual(len(found["texts"]), len(UTTERANCES))
            texts.append(sorted((text["said"], text["heard"]) for text in found["texts"]))
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(texts[0], texts[2])
        right = [said for said, heard in texts[0] if said == heard]
        self.assertGreaterEqual(len(right), len(UTTERANCES) - 2)

    def test_what_is_ignored_is_not_counted(self):
        shutil.copy(BULLETIN, self.folder)
        last = UTTERANCES[-1]
        marks = [f"bulletin 1 a {u['start']} {u['end']} {u['is']}" for u in UTTERANCES[:-1]]
        missing = self.write("missing.stm", marks)
        ignored = self.write("ignored.stm", marks + [
            f"bulletin 1 a {last['start'] - 0.3} {last['end'] + 9} IGNORE_TIME_SEGMENT_IN_SCORING"])
        without, _ = evaluate(missing)
        self.assertEqual(without["scores"]["wer"]["insertions"], len(last["is"].split()))
        found, _ = evaluate(ignored)
        self.assertEqual(found["scores"]["wer"]["insertions"], 0)
        self.assertEqual(len(found["texts"]), len(UTTERANCES) - 1)

    def test_a_recording_that_fails_is_listed_and_not_counted(self):
        broken = self.write("broken.flac", ["no audio"])
        path = self.write("list.jsonl", [
            {"audio_filepath": broken, "text": "Enginn veit."},
            {"audio_filepath": SAMPLE, "text": CLIPS[os.path.basename(SAMPLE)]["is"]}])
        found, result = evaluate(path)
        self.assertEqual(result.returncode, 1)
        self.assertIn(broken, result.stderr)
        self.assertEqual([failed["file"] for failed in found["failed"]], [broken])
        self.assertEqual(found["recordings"], 2)
        self.assertEqual(found["scores"]["wer"]["value"], 0)
        path = self.write("list.jsonl", [{"audio_filepath": broken, "text": "Enginn veit."}])
        found, result = evaluate(path)
        self.assertEqual((result.returncode, found["scores"], found["texts"]), (1, {}, []))

    def test_silence_where_nothing_was_said_has_no_rate(self):
        path = self.write("list.jsonl", [{"audio_filepath": SAMPLE, "text": ""}])
        found, result = evaluate(path)
        self.assertEqual(result.returncode, 0)
        self.assertIsNone(found["scores"]["wer"]["value"])
        self.assertGreater(found["scores"]["wer"]["insertions"], 0)
        self.assertIn(" - ", run("evaluate", MODEL, path).stdout)

    def test_what_is_wrong_with_a_list_is_said_with_its_line(self):
        entry = {"audio_filepath": SAMPLE, "text": "a"}
        for name, lines, message in (
                ("a.jsonl", [entry, "{"], "a.jsonl:2: found a line that is no JSON"),
                ("b.jsonl", ["", {"text": "a"}], "b.jsonl:2: found no audio_filepath"),
                ("c.jsonl", [{**entry, "text": 1}], "c.jsonl:1: found no text, expected"),
                ("d.jsonl", [SAMPLE], "d.jsonl:1: found no text, expected"),
                ("e.jsonl", [{**entry, "duration": -1}], "e.jsonl:1: duration: found -1, expected"),
                ("f.jsonl", [entry, entry], "f.jsonl:2: found " + SAMPLE + " again"),
                ("g.jsonl", [{**entry, "offset": 1}], "g.jsonl:1: found an offset alone"),
                ("h.jsonl", [{**entry, "segments": [{"start": 2, "end": 1, "text": ""}]}],
                 "h.jsonl:1: segments: found"),
                ("i.jsonl", [], "i.jsonl: found no recording"),
                ("j.jsonl", ["[1]"], "j.jsonl:1: found a JSON array"),
                ("k.stm", ["x 1 a b c"], "k.stm:1: found x 1 a b c, expected"),
                ("l.stm", ["x 1 a 0 1 y"], "l.stm: found 0 recordings with the name x"),
                ("m.stm", [f"{SAMPLE} 1 a 0 1 y", f"{SAMPLE} 2 a 0 1 y"], "m.stm:2: found channel 2 beside channel 1")):
            with self.subTest(name):
                _, result = evaluate(self.write(name, lines))
                self.assertEqual(result.returncode, 1)
                self.assertIn(message, result.stderr)
        _, result = evaluate(self.folder)
        self.assertEqual((result.returncode, result.stderr),
                         (1, f"kyutaistt: {self.folder}: cannot be read: Is a directory\n"))

    def test_the_command_line_is_checked(self):
        for options in (["--worst", "-1"], ["--format", "xml"], ["--resamples", "0"], ["--domain", "nn"], [LIST]):
            _, result = evaluate(LIST, *options)
            self.assertEqual(result.returncode, 2, options)
        self.assertEqual(run("evaluate", os.path.join(EXAMPLES, "nothing"), LIST).returncode, 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
