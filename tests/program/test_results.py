#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `kyutaistt transcribe` writes: how cues look, and a file for each recording.

    test_results.py PROGRAM EXAMPLES
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from program import CLIPS, LONG_SILENCE, MODEL, OTHER, PATIENCE, PROGRAM, SAMPLE, SAMPLES, Pipe, run
from recordings import decode, endless_wave_header, write_wave


class Pieces(unittest.TestCase):
    """Of a recording that is longer than 25 s, in its pauses."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = os.path.join(folder.name, "long.wav")
        pause = bytes(2 * 24000 * 2)
        cls.names = ["forecast-03.flac", "forecast-08.flac", "forecast-01.flac"] * 4
        write_wave(cls.path, b"".join(decode(os.path.join(SAMPLES, name)) + pause for name in cls.names))

    def hear(self, *options, stdin=None, path=None):
        result = run("transcribe", MODEL, path or self.path, *options, stdin=stdin)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_say_what_the_recording_says_in_its_order(self):
        # Their last mark may depend on what comes next.
        said = " ".join(CLIPS[name]["is"] for name in self.names).replace(".", "").split()
        text = self.hear()
        self.assertEqual(text.replace(".", "").split(), said)
        for streams in ("2", "3", "12"):
            self.assertEqual(self.hear("--parallel", streams), text)
        words = json.loads(self.hear("--format", "json"))["words"]
        self.assertEqual(" ".join(word["text"] for word in words), text.strip())
        times = [time for word in words for time in (word["start"], word["end"])]
        self.assertEqual(times, sorted(times))

    def test_have_cues_in_order(self):
        cues = self.hear("--format", "srt").strip().split("\n\n")
        self.assertEqual([int(cue.split("\n")[0]) for cue in cues], list(range(1, len(cues) + 1)))
        times = [time for cue in cues for time in cue.split("\n")[1].split(" --> ")]
        self.assertEqual(times, sorted(times))

    def test_are_not_made_of_pipes_and_where_steps_are_reported(self):
        with open(self.path, "rb") as file:
            piped = self.hear("--format", "json", stdin=file, path="-")
        whole = self.hear("--format", "json", "--parallel", "1")
        self.assertEqual(piped.replace('"-"', '"' + self.path + '"'), whole)
        steps = self.hear("--format", "json", "--tokens", "--parallel", "12")
        self.assertEqual(json.loads(steps)["words"], json.loads(whole)["words"])
        seconds = os.path.getsize(self.path) / 48000
        self.assertGreater(len(json.loads(steps)["tokens"]), seconds * 12.5)


class CueOptions(unittest.TestCase):
    @staticmethod
    def cues(*options):
        """Lines and duration in seconds of each cue."""
        result = run("transcribe", MODEL, os.path.join(SAMPLES, "forecast-01.flac"),
                     "--format", "srt", *options)
        assert result.returncode == 0, result.stderr
        cues = []
        for cue in result.stdout.strip().split("\n\n"):
            _, times, *lines = cue.split("\n")
            start, end = [sum(float(part) * 60 ** (2 - i) for i, part in enumerate(time.split(":")))
                          for time in times.replace(",", ".").split(" --> ")]
            cues.append((lines, start, end))
        return cues

    def test_shape_the_cues(self):
        for columns, lines in ((20, 1), (32, 3), (60, 2)):
            cues = self.cues("--cue-columns", str(columns), "--cue-lines", str(lines))
            self.assertLessEqual(max(len(cue[0]) for cue in cues), lines)
            longest = max(len(line) for cue in cues for line in cue[0])
            self.assertLessEqual(longest, columns)
            self.assertGreater(longest, columns / 2)
        whole = self.cues("--cue-max-duration", "600000", "--cue-min-duration", "600000",
                          "--cue-columns", "200", "--cue-lines", "10")
        self.assertEqual(len(whole), 1)
        short = self.cues("--cue-max-duration", "1500")
        self.assertGreater(len(short), len(self.cues()))
        self.assertLessEqual(max(end - start for _, start, end in short), 1.51)
        apart = self.cues("--cue-max-duration", "1500", "--cue-gap", "200")
        for (_, start, end), (_, after, _) in zip(apart, apart[1:]):
            # No gap makes a cue shorter than 0.1 s.
            self.assertGreaterEqual(after - end, 0.199 if end - start > 0.101 else 0)
        self.assertNotEqual(apart, short)
        self.assertGreater(max(end - start for _, start, end in self.cues(
            "--cue-word-duration", "2000")), 3)

    def test_a_preset_is_changed_by_the_others_wherever_it_stands(self):
        self.assertEqual(self.cues("--cue-columns", "25", "--cue-preset", "netflix"),
                         self.cues("--cue-preset", "netflix", "--cue-columns", "25"))
        self.assertNotEqual(self.cues("--cue-preset", "netflix"), self.cues())
        self.assertEqual(self.cues("--cue-preset", "default"), self.cues())
        live = self.cues("--cue-preset", "live")
        self.assertLessEqual(max(end - start for _, start, end in live), 2.001)
        self.assertGreater(len(live), len(self.cues()))


class OutputFolder(unittest.TestCase):
    """A result for each recording."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.inputs = os.path.join(holder.name, "in")
        self.out = os.path.join(holder.name, "out")
        os.makedirs(os.path.join(self.inputs, "more"))
        shutil.copy(SAMPLE, os.path.join(self.inputs, "a.flac"))
        shutil.copy(OTHER, os.path.join(self.inputs, "more", "b.c.FLAC"))
        for name in ("notes.txt", "._a.flac"):
            with open(os.path.join(self.inputs, name), "w", encoding="ascii") as file:
                file.write("no audio")

    def written(self):
        """What the folder holds: each file's text by its name."""
        found = {}
        for folder, _, names in os.walk(self.out):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    found[os.path.relpath(path, self.out)] = file.read()
        return found

    def test_of_a_folder(self):
        for form, extension in (("text", "txt"), ("json", "json"), ("jsonl", "jsonl"),
                                ("srt", "srt"), ("vtt", "vtt")):
            result = run("transcribe", MODEL, self.inputs, "--format", form, "--output-dir",
                         self.out)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
            written = self.written()
            self.assertEqual(sorted(written), [f"a.{extension}", f"more/b.c.{extension}"])
            if form in ("text", "srt", "vtt"):
                self.assertEqual(written[f"a.{extension}"],
                                 run("transcribe", MODEL, SAMPLE, "--format", form).stdout)
            shutil.rmtree(self.out)
        result = run("transcribe", MODEL, self.inputs, "--format", "text")
        self.assertEqual((result.returncode, result.stdout.splitlines()),
                         (0, [CLIPS["forecast-03.flac"]["is"], CLIPS["forecast-08.flac"]["is"]]))

    def test_a_bad_file_does_not_stop_the_rest(self):
        bad = os.path.join(self.inputs, "bad.wav")
        with open(bad, "wb") as file:
            file.write(b"no audio")
        result = run("transcribe", MODEL, bad, "nowhere.wav", self.inputs, "--output-dir", self.out)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("both results would be named bad", result.stderr)
        result = run("transcribe", MODEL, "nowhere.wav", self.inputs, "--output-dir", self.out)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("nowhere.wav: there is no such file", result.stderr)
        self.assertIn(bad, result.stderr)
        self.assertEqual(sorted(self.written()), ["a.txt", "more/b.c.txt"])

    def test_never_over_a_file_unless_told(self):
        os.makedirs(self.out)
        old = os.path.join(self.out, "a.txt")
        with open(old, "w", encoding="ascii") as file:
            file.write("corrected by hand")
        command = ("transcribe", MODEL, self.inputs, "--output-dir", self.out)
        result = run(*command)
        self.assertEqual((result.returncode, result.stderr),
                         (1, f"kyutaistt: {old}: is there already (--overwrite replaces it)\n"))
        self.assertEqual(self.written()["a.txt"], "corrected by hand")
        self.assertEqual(self.written()["more/b.c.txt"].strip(), CLIPS["forecast-08.flac"]["is"])
        self.assertEqual(run(*command, "--overwrite").returncode, 0)
        self.assertEqual(self.written()["a.txt"].strip(), CLIPS["forecast-03.flac"]["is"])

    def test_names_that_differ_in_their_extensions(self):
        shutil.copy(OTHER, os.path.join(self.inputs, "a.wav"))
        result = run("transcribe", MODEL, self.inputs, "--output-dir", self.out)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(sorted(self.written()), ["a.flac.txt", "a.wav.txt", "more/b.c.txt"])

    def test_what_cannot_be_written_is_told_for_each(self):
        with open(self.out, "w", encoding="ascii"):
            pass
        result = run("transcribe", MODEL, self.inputs, "--output-dir", self.out)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count(": cannot be written: Not a directory\n"), 2)

    def test_a_folder_without_recordings(self):
        result = run("transcribe", MODEL, MODEL)
        self.assertEqual((result.returncode, result.stderr),
                         (1, f"kyutaistt: {MODEL}: no recordings were found in this folder\n"))

    def test_what_is_not_whole_is_not_there(self):
        pipe = Pipe(self, "--output-dir", self.out)
        pipe.write(endless_wave_header() + decode(SAMPLE) + LONG_SILENCE)
        self.assertEqual(pipe.interrupt(), (130, "", ""))
        self.assertEqual(self.written(), {})

    def test_results_are_whole_wherever_an_interruption_comes(self):
        many = os.path.join(self.inputs, "many")
        os.mkdir(many)
        names = sorted(CLIPS)
        for number in range(160):
            os.symlink(os.path.join(SAMPLES, names[number % len(names)]), os.path.join(many, f"{number:03}.flac"))
        # Four at once, of different lengths: some are waiting for their last words at any time.
        for least in (4, 9, 14, 19, 24):
            process = subprocess.Popen([PROGRAM, "transcribe", MODEL, many, "--output-dir", self.out])
            while not os.path.exists(self.out) or len(glob.glob(os.path.join(self.out, "*.txt"))) < least:
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=PATIENCE), 130)
            for name, text in self.written().items():
                clip = CLIPS[names[int(name.removesuffix(".txt")) % len(names)]]
                self.assertEqual(text.strip(), clip["reference"]["asr_is_is"]["text"])
            shutil.rmtree(self.out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
