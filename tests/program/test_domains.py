#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt transcribe --domain A,B`: two texts of a recording, each as if it were the only one.

    test_domains.py PROGRAM EXAMPLES
"""
import difflib
import json
import os
import shutil
import tempfile
import unittest

from program import CLIPS, MODEL, OTHER, SAMPLE, SAMPLES, run
from recordings import decode, write_wave

BOTH = "asr_is_is,asr_is_en"
DOMAINS = {"is": "asr_is_is", "en": "asr_is_en"}


class Domains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        # Long enough to be cut in its pauses.
        cls.long = os.path.join(holder.name, "long.wav")
        names = ["forecast-03.flac", "forecast-08.flac", "forecast-01.flac"] * 3
        write_wave(cls.long, b"".join(decode(os.path.join(SAMPLES, name)) + bytes(96000) for name in names))

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def transcribe(self, *arguments):
        result = run("transcribe", MODEL, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def read(self, *path):
        with open(os.path.join(self.folder, *path), encoding="utf-8") as file:
            return file.read()

    def test_each_output_is_that_of_its_domain_alone(self):
        # Of pieces that are heard at the same time, a word may differ from run to run.
        for recording, forms in ((OTHER, ("srt", "vtt", "jsonl", "text")), (self.long, ("json", "srt"))):
            for form in forms:
                name = {"text": "talk", "json": "a.b.json"}.get(form, "talk." + form)
                output = self.transcribe(recording, "--format", form, "--parallel", "1", "--domain", BOTH,
                                         "--output", os.path.join(self.folder, name))
                self.assertEqual(output, "")
                stem, extension = os.path.splitext(name)
                for language, domain in DOMAINS.items():
                    alone = self.transcribe(recording, "--format", form, "--parallel", "1", "--domain", domain)
                    self.assertEqual(self.read(f"{stem}.{language}{extension}"), alone, (recording, form))
                    self.assertTrue(alone.strip())
                self.assertFalse(os.path.exists(os.path.join(self.folder, name)))

    def test_of_pieces_at_the_same_time(self):
        self.transcribe(self.long, "--format", "json", "--domain", BOTH, "--output", os.path.join(self.folder, "a"))
        for language, domain in DOMAINS.items():
            pieces = json.loads(self.read("a." + language))
            whole = json.loads(self.transcribe(self.long, "--format", "json", "--parallel", "1", "--domain", domain))
            found, expected = pieces["text"].split(), whole["text"].split()
            self.assertGreaterEqual(difflib.SequenceMatcher(None, found, expected).ratio(), 0.9, found)
            times = [time for word in pieces["words"] for time in (word["start"], word["end"])]
            self.assertEqual(times, sorted(times))

    def test_json_says_of_which_domain_it_is(self):
        self.transcribe(SAMPLE, "--format", "json", "--domain", BOTH, "--output", os.path.join(self.folder, "a"))
        for language, domain in DOMAINS.items():
            found = json.loads(self.read("a." + language))
            self.assertEqual((found["domain"], found["text"]), (domain, CLIPS["forecast-03.flac"][language]))

    def test_of_many_recordings(self):
        inputs = os.path.join(self.folder, "in")
        os.makedirs(os.path.join(inputs, "more"))
        shutil.copy(SAMPLE, os.path.join(inputs, "a.flac"))
        shutil.copy(OTHER, os.path.join(inputs, "more", "b.flac"))
        command = (inputs, "--domain", BOTH, "--output-dir", os.path.join(self.folder, "out"))
        self.transcribe(*command)
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "out", "more"))), ["b.en.txt", "b.is.txt"])
        for language in DOMAINS:
            self.assertEqual(self.read("out", f"a.{language}.txt").strip(), CLIPS["forecast-03.flac"][language])
            self.assertEqual(self.read("out", "more", f"b.{language}.txt").strip(),
                             CLIPS["forecast-08.flac"][language])
        # Into one file each, in the order of the recordings.
        self.transcribe(inputs, "--domain", BOTH, "--output", os.path.join(self.folder, "all.txt"))
        self.assertEqual(self.read("all.en.txt").splitlines(),
                         [CLIPS["forecast-03.flac"]["en"], CLIPS["forecast-08.flac"]["en"]])
        # One of the two texts is there: the recording is left as it is.
        os.remove(os.path.join(self.folder, "out", "a.is.txt"))
        result = run("transcribe", MODEL, *command)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 2, result.stderr)
        self.assertIn("a.en.txt: is there already (--overwrite replaces it)", result.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out", "a.is.txt")))

    def test_a_bad_recording_is_reported_once(self):
        bad = os.path.join(self.folder, "bad.wav")
        with open(bad, "wb") as file:
            file.write(b"no audio")
        result = run("transcribe", MODEL, bad, SAMPLE, "--domain", BOTH, "--format", "json", "--output",
                     os.path.join(self.folder, "all.json"))
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (1, 1), result.stderr)
        for language in DOMAINS:
            self.assertEqual([json.loads(line)["file"] for line in self.read(f"all.{language}.json").splitlines()],
                             [bad, SAMPLE])

    def test_without_a_language_the_domain_names_the_file(self):
        model = os.path.join(self.folder, "model")
        shutil.copytree(MODEL, model)
        path = os.path.join(model, "kyutaistt.json")
        sidecar = json.loads(self.read("model", "kyutaistt.json"))
        for domain in sidecar["domains"].values():
            del domain["language"]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(sidecar, file)
        result = run("transcribe", model, SAMPLE, "--domain", BOTH, "--output", os.path.join(self.folder, "a.txt"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.read("a.asr_is_en.txt").strip(), CLIPS["forecast-03.flac"]["en"])

    def test_what_is_refused(self):
        output = ("--output", os.path.join(self.folder, "a.txt"))
        for arguments, wanted in (
                ((), "several domains need --output FILE or --output-dir DIR"),
                (("--output", "-"), "several domains need --output FILE or --output-dir DIR"),
                ((*output, "--no-prompt"), "--no-prompt and --prompt-tokens take no several domains"),
                ((*output, "--format", "json", "--tokens"), "--tokens and --codes need a single domain")):
            result = run("transcribe", MODEL, SAMPLE, "--domain", BOTH, *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(wanted, result.stderr)
        for domains, wanted in (("asr_is_is,asr_is_is", "found asr_is_is twice, expected each domain once"),
                                ("asr_is_is,nothing", "nothing"), ("asr_is_is,,asr_is_en", "found no name")):
            result = run("transcribe", MODEL, SAMPLE, "--domain", domains, *output)
            self.assertEqual((result.returncode, result.stdout), (2, ""), domains)
            self.assertIn(wanted, result.stderr)
        listed = os.path.join(SAMPLES, "manifest.jsonl")
        for command in (("evaluate", MODEL, listed),
                        ("transcribe", MODEL, "--manifest", listed, "--output-dir", self.folder)):
            result = run(*command, "--domain", BOTH)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("found several domains, expected one", result.stderr)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main(argv=["test_domains.py"])
