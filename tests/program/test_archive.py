#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt transcribe --manifest` and `merge`: what becomes of an archive's recordings, and of a
process that was ended before all were done.

    test_archive.py PROGRAM EXAMPLES
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from program import CLIPS, MODEL, OTHER, PATIENCE, PROGRAM, SAMPLE, SAMPLES, run
from recordings import decode, write_wave

SHORT = sorted(CLIPS, key=lambda name: CLIPS[name]["seconds"])[:4]


def texts_of(words):
    return [word["text"] for word in words]


class Archive(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.results = os.path.join(self.folder, "results")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def manifest(self, entries, name="list.jsonl"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            for entry in entries:
                file.write((entry if isinstance(entry, str) else json.dumps(entry)) + "\n")
        return self.path(name)

    def samples(self, **keys):
        return self.manifest([{"audio_filepath": os.path.join(SAMPLES, name), "duration": CLIPS[name]["seconds"],
                               "text": CLIPS[name]["is"], **keys} for name in SHORT])

    def command(self, manifest, *options):
        return ["transcribe", MODEL, "--manifest", manifest, "--output-dir", self.results, *options]

    def transcribe(self, manifest, *options, **environment):
        return run(*self.command(manifest, *options), **environment)

    def lines(self, name="results.jsonl"):
        with open(os.path.join(self.results, name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def names(self):
        """Those of the recordings' own files."""
        return sorted(name for _, _, names in os.walk(self.results) for name in names if not name.endswith(".jsonl"))

    def test_a_line_has_what_the_manifest_says_and_what_was_heard(self):
        result = self.transcribe(self.samples(speaker="anna", nested={"a": [1]}), "--format", "json,srt,vtt")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = self.lines()
        # With four at once, what is short may be done first.
        self.assertEqual(sorted(os.path.basename(line["audio_filepath"]) for line in lines), sorted(SHORT))
        for line in lines:
            name = os.path.basename(line["audio_filepath"])
            self.assertEqual((line["speaker"], line["nested"], line["text"]), ("anna", {"a": [1]}, CLIPS[name]["is"]))
            self.assertEqual(line["pred_text"], CLIPS[name]["reference"]["asr_is_is"]["text"])
            self.assertEqual(" ".join(texts_of(line["words"])), line["pred_text"])
            for word in line["words"]:
                self.assertLess(word["start"], word["end"])
                self.assertTrue(0 < word["confidence"] <= 1)
            own = line["kyutaistt"]
            self.assertAlmostEqual(own["audio_seconds"], CLIPS[name]["seconds"], places=2)
            self.assertGreater(own["processing_seconds"], 0)
            self.assertTrue(0 < own["confidence"] <= 1)
            self.assertEqual((own["model"], own["domain"], own["precision"]), (MODEL, "asr_is_is", "f32"))
            self.assertEqual(own["version"], run("--version").stdout.split()[1])
            stem = name.removesuffix(".flac")
            self.assertEqual([output["path"] for output in own["outputs"]],
                             [f"{stem}.json", f"{stem}.srt", f"{stem}.vtt"])
            for output in own["outputs"]:
                self.assertEqual(os.path.getsize(os.path.join(self.results, output["path"])), output["bytes"])
        # As transcribe alone writes it.
        path = os.path.join(SAMPLES, SHORT[0])
        expected = run("transcribe", MODEL, path, "--format", "srt").stdout
        with open(os.path.join(self.results, SHORT[0].replace(".flac", ".srt")), encoding="utf-8") as file:
            self.assertEqual(file.read(), expected)
        self.assertEqual(self.lines("failed.jsonl"), [])

    def test_a_plain_list_will_do_and_folders_are_kept(self):
        for folder in ("a", "b/c"):
            os.makedirs(self.path(folder))
            shutil.copy(SAMPLE, self.path(folder, "x.flac"))
        result = self.transcribe(self.manifest(["a/x.flac", "", " b/c/x.flac\r"], "list.txt"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual({line["audio_filepath"] for line in self.lines()}, {"a/x.flac", "b/c/x.flac"})
        for name in ("a/x.json", "b/c/x.json"):
            self.assertTrue(os.path.exists(os.path.join(self.results, name)), name)

    def test_a_part_of_a_recording_is_heard_alone(self):
        with open(os.path.join(SAMPLES, "bulletin.json"), encoding="utf-8") as file:
            utterances = json.load(file)["utterances"][:3]
        bulletin = os.path.join(SAMPLES, "bulletin.flac")
        parts = [{"audio_filepath": bulletin, "offset": u["start"], "duration": u["end"] - u["start"]}
                 for u in utterances]
        result = self.transcribe(self.manifest(parts + [{**parts[0], "offset": 1000}]))
        self.assertEqual(result.returncode, 1)
        self.assertIn("not one sample of audio was found in the part that is wanted", result.stderr)
        lines = sorted((line for line in self.lines() if "error" not in line), key=lambda line: line["offset"])
        self.assertEqual(len(lines), 3)
        samples = decode(bulletin)
        for line, part in zip(lines, parts):
            begin, end = round(part["offset"] * 24000), round((part["offset"] + part["duration"]) * 24000)
            write_wave(self.path("part.wav"), samples[2 * begin:2 * end])
            alone = json.loads(run("transcribe", MODEL, self.path("part.wav"), "--format", "json").stdout)
            self.assertEqual(line["pred_text"], alone["text"])
            self.assertAlmostEqual(line["kyutaistt"]["audio_seconds"], part["duration"], places=2)
            # The file's times.
            for word, expected in zip(line["words"], alone["words"]):
                self.assertAlmostEqual(word["start"], expected["start"] + part["offset"], places=2)
        self.assertIn("bulletin@0.500.json", self.names())

    def test_a_recording_that_cannot_be_read_does_not_stop_the_others(self):
        with open(self.path("broken.flac"), "wb") as file:
            file.write(b"no audio")
        entries = [{"audio_filepath": "broken.flac", "id": 7}, {"audio_filepath": "missing.flac", "id": 8},
                   {"audio_filepath": SAMPLE, "id": 9}]
        manifest = self.manifest(entries)
        result = self.transcribe(manifest)
        self.assertEqual(result.returncode, 1)
        self.assertIn("missing.flac: there is no such file", result.stderr)
        failed = sorted(self.lines("failed.jsonl"), key=lambda line: line["id"])
        self.assertEqual([line["id"] for line in failed], [7, 8])
        self.assertTrue(all(line["error"] for line in failed))
        self.assertEqual(self.names(), ["forecast-03.json"])
        lines = {line["id"]: line for line in self.lines()}
        self.assertEqual((lines[7]["words"], lines[7]["pred_text"]), ([], ""))
        self.assertEqual(lines[8]["error"], failed[1]["error"])
        self.assertNotIn("error", lines[9])
        # It is tried again.
        shutil.copy(OTHER, self.path("missing.flac"))
        result = self.transcribe(manifest, "--resume")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(sorted(line["id"] for line in self.lines()), [7, 8, 9])
        self.assertEqual([line["id"] for line in self.lines("failed.jsonl")], [7])

    def test_what_failed_is_a_manifest(self):
        broken = self.path("broken.flac")
        with open(broken, "wb") as file:
            file.write(b"no audio")
        self.assertEqual(self.transcribe(self.manifest([broken])).returncode, 1)
        again = shutil.copy(os.path.join(self.results, "failed.jsonl"), self.path("again.jsonl"))
        shutil.copy(SAMPLE, broken)
        result = self.transcribe(again, "--resume")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        line, = self.lines()
        self.assertNotIn("error", line)
        self.assertEqual(line["pred_text"], CLIPS[os.path.basename(SAMPLE)]["is"])

    def test_only_what_is_whole_and_of_the_same_settings_is_left_out(self):
        manifest = self.samples()
        self.assertEqual(self.transcribe(manifest, "--format", "srt").returncode, 0)
        self.assertIn("--resume", self.transcribe(manifest, "--format", "srt").stderr)

        def done(*options):
            result = self.transcribe(manifest, "--resume", "--progress", "json", *options)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(len(self.lines()), len(SHORT))
            return json.loads(result.stderr.splitlines()[0])["done"]
        self.assertEqual(done("--format", "srt"), 4)
        # How it is computed does not matter, what is written does.
        self.assertEqual(done("--format", "srt", "--threads", "1", "--parallel", "1"), 4)
        self.assertEqual(done("--format", "srt", "--domain", "asr_is_en"), 0)
        self.assertEqual(done("--format", "srt"), 0)
        os.remove(os.path.join(self.results, self.names()[0]))
        with open(os.path.join(self.results, self.names()[1]), "a", encoding="utf-8") as file:
            file.write("more")
        self.assertEqual(done("--format", "srt"), 2)
        # A line that a process was killed in.
        path = os.path.join(self.results, "results.jsonl")
        os.truncate(path, os.path.getsize(path) - 5)
        self.assertEqual(done("--format", "srt"), 3)
        # Another model of the same name.
        model = self.path("model")
        shutil.copytree(MODEL, model)
        with open(os.path.join(model, "kyutaistt.json"), "a", encoding="utf-8") as file:
            file.write("\n")
        command = self.command(manifest, "--resume", "--progress", "json", "--format", "srt")
        command[1] = model
        self.assertEqual(json.loads(run(*command).stderr.splitlines()[0])["done"], 0)
        command[1] = MODEL + "/"
        self.assertEqual(json.loads(run(*command).stderr.splitlines()[0])["done"], 0)
        command[1] = MODEL
        self.assertEqual(json.loads(run(*command).stderr.splitlines()[0])["done"], 4)

    def begin_and_hold(self, *options):
        """Starts with a recording that does not come; returns the process and its pipe when the rest
        is done."""
        os.mkfifo(self.path("held.flac"))
        manifest = self.manifest([{"audio_filepath": "held.flac", "duration": 1000}] + [
            {"audio_filepath": os.path.join(SAMPLES, name), "duration": 2} for name in SHORT])
        process = subprocess.Popen([PROGRAM, *self.command(manifest, *options)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(os.path.join(self.results, "results.jsonl")) or len(self.whole_lines()) < len(SHORT):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return process, manifest

    def whole_lines(self):
        with open(os.path.join(self.results, "results.jsonl"), encoding="utf-8") as file:
            return [line for line in file if line.endswith("\n")]

    def test_a_process_that_was_killed_is_taken_up(self):
        for number, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130)):
            with self.subTest(number):
                process, manifest = self.begin_and_hold("--format", "srt")
                # Another one does not come between.
                result = self.transcribe(manifest, "--overwrite", "--format", "srt")
                self.assertIn("is being written by another process", result.stderr)
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=PATIENCE), code)
                before = self.whole_lines()
                os.remove(self.path("held.flac"))
                shutil.copy(OTHER, self.path("held.flac"))
                result = self.transcribe(manifest, "--resume", "--format", "srt")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                after = self.whole_lines()
                self.assertEqual(after[:len(SHORT)], before)
                self.assertEqual(len(after), len(SHORT) + 1)
                self.assertEqual(len(self.names()), len(SHORT) + 1)
                shutil.rmtree(self.results)
                os.remove(self.path("held.flac"))

    def test_progress_comes_as_lines(self):
        result = self.transcribe(self.samples(), "--progress", "json", "--shard", "1/2")
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertEqual([lines[0]["event"], lines[-1]["event"]], ["begin", "end"])
        self.assertEqual((lines[0]["shard"], lines[0]["shards"], lines[0]["files"], lines[0]["done"]), (1, 2, 2, 0))
        self.assertEqual((lines[-1]["done"], lines[-1]["failed"], lines[-1]["left_seconds"]), (2, 0, 0))
        self.assertGreater(lines[-1]["audio_seconds"], 2)
        missing = self.manifest(["missing.flac"])
        shutil.rmtree(self.results)
        result = self.transcribe(missing, "--progress", "json")
        events = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertEqual([event["event"] for event in events], ["begin", "failed", "end"])
        self.assertEqual(events[1]["file"], self.path("missing.flac"))

    def shard(self, manifest, *options, **environment):
        """Which recordings a shard takes: none can be read, so nothing is computed."""
        shutil.rmtree(self.results, ignore_errors=True)
        clean = {name: "" for name in ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "JOB_COMPLETION_INDEX")}
        # One after the other, so that the lines have their order.
        result = self.transcribe(manifest, "--parallel", "1", *options, **{**clean, **environment})
        files = [name for name in os.listdir(self.results) if name.startswith("results")] \
            if os.path.exists(self.results) else []
        return [line["audio_filepath"] for line in self.lines(files[0])] if files else result.stderr

    def test_shards_have_equal_parts_the_longest_first(self):
        durations = [5, 1, 9, 3, 3, 7, 2, 2]
        manifest = self.manifest([{"audio_filepath": f"{i}", "duration": d} for i, d in enumerate(durations)])
        parts = [self.shard(manifest, "--shard", f"{i}/3") for i in range(3)]
        self.assertEqual(parts, [["2", "7"], ["5", "4", "1"], ["0", "3", "6"]])
        plain = self.manifest([f"{i}" for i in range(5)], "list.txt")
        self.assertEqual([self.shard(plain, "--shard", f"{i}/2") for i in range(2)], [["0", "2", "4"], ["1", "3"]])

    def test_the_scheduler_says_which_shard_it_is(self):
        plain = self.manifest([f"{i}" for i in range(6)], "list.txt")
        for shard, environment, expected in (
                ("auto", {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "3"}, ["1", "4"]),
                ("auto", {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "5",
                          "SLURM_ARRAY_TASK_MAX": "7", "SLURM_ARRAY_TASK_STEP": "2"}, ["1", "3", "5"]),
                ("auto/3", {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "1"}, ["2", "5"]),
                ("auto/3", {"JOB_COMPLETION_INDEX": "0"}, ["0", "3"])):
            self.assertEqual(self.shard(plain, "--shard", shard, **environment), expected)
        for shard, environment, message in (
                ("auto", {}, "found neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"),
                ("auto", {"JOB_COMPLETION_INDEX": "0"}, "expected auto/N"),
                ("auto", {"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "1",
                          "SLURM_ARRAY_TASK_MAX": "4", "SLURM_ARRAY_TASK_STEP": "1"}, "expected one without gaps"),
                ("auto/2", {"JOB_COMPLETION_INDEX": "2"}, "found shard 2 of 2, expected 0 to 1"),
                ("3/3", {}, "found shard 3 of 3, expected 0 to 2"), ("1", {}, "expected I/N"),
                ("x/2", {}, "found x/2")):
            self.assertIn(message, self.shard(plain, "--shard", shard, **environment))

    def test_merged_shards_are_one_list_in_the_manifests_order(self):
        manifest = self.samples()
        merge = ["merge", manifest, self.results]
        self.assertIn("results: found no results of shards", run(*merge).stderr)
        self.assertEqual(self.transcribe(manifest, "--shard", "1/2").returncode, 0)
        result = run(*merge)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(json.loads(result.stdout)["missing"], 2)
        self.assertEqual([line["error"] for line in self.lines("failed.jsonl")], ["no shard has come to it"] * 2)
        self.assertEqual(self.transcribe(manifest, "--shard", "0/2").returncode, 0)
        result = run(*merge)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        summary = json.loads(result.stdout)
        self.assertEqual((summary["recognised"], summary["failed"], summary["missing"]), (4, 0, 0))
        self.assertEqual([os.path.basename(line["audio_filepath"]) for line in self.lines()], SHORT)
        self.assertEqual(self.lines("failed.jsonl"), [])
        # Another number of shards goes on from there.
        result = self.transcribe(manifest, "--shard", "0/3", "--resume", "--progress", "json")
        begin = json.loads(result.stderr.splitlines()[0])
        self.assertEqual((begin["done"], begin["files"] > 0), (begin["files"], True))
        self.assertEqual(run(*merge).returncode, 0)
        shutil.copy(os.path.join(self.results, "results-0-of-2.jsonl"),
                    os.path.join(self.results, "results-5-of-9.jsonl"))
        self.assertIn("expected each recording once", run(*merge).stderr)
        os.remove(os.path.join(self.results, "results-5-of-9.jsonl"))
        self.transcribe(manifest, "--shard", "0/2", "--overwrite", "--domain", "asr_is_en")
        self.assertIn("of another model or of other options", run(*merge).stderr)

    def test_the_command_line_is_checked(self):
        manifest = self.samples()
        for options, message in (
                (["--resume", "--overwrite"], "either --resume or --overwrite"),
                (["--format", "json,doc"], "found doc"), ([SAMPLE], "no FILE beside --manifest"),
                (["--output", "x"], "takes no --output"), (["--parallel", "0"], "--parallel"),
                (["--progress", "loud"], "--progress")):
            result = self.transcribe(manifest, *options)
            self.assertEqual(result.returncode, 2, options)
            self.assertIn(message, result.stderr)
        result = run("transcribe", MODEL, "--manifest", manifest)
        self.assertEqual((result.returncode, "--manifest needs --output-dir" in result.stderr), (2, True))
        result = run("transcribe", MODEL, SAMPLE, "--shard", "0/2")
        self.assertEqual((result.returncode, "--shard needs --manifest" in result.stderr), (2, True))
        twice = self.manifest([SAMPLE, SAMPLE], "twice.txt")
        self.assertIn("twice.txt:2: found " + SAMPLE + " again, as in " + twice + ":1",
                      self.transcribe(twice).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
