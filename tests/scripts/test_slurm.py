#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An archive of two hundred recordings on a Slurm of one node: tasks are killed and started again,
and the results are those of one process.

    test_slurm.py PROGRAM EXAMPLES
"""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from one_node_slurm import OneNodeSlurm, missing, wait_for

PROGRAM, EXAMPLES = sys.argv[1:3]
MODEL = os.path.join(EXAMPLES, "model")
SAMPLES = os.path.join(EXAMPLES, "samples")
SCRIPTS = os.path.join(EXAMPLES, "slurm")
RECORDINGS, SHARDS = 200, 4
# The longest by far: one each is the first of every shard. Of two the audio does not come until the
# test wants it to, so that their tasks are killed in the middle.
LONGEST = {0: 1003, 1: 1002, 2: 1001, 3: 1000}
HELD = (1, 2)
BROKEN = {40: b"", 90: b"no audio", 140: None}


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Archive(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.make_recordings()
        os.mkdir(os.path.join(self.folder, "slurm"))
        self.slurm = OneNodeSlurm(os.path.join(self.folder, "slurm"))
        self.addCleanup(self.slurm.stop)
        self.slurm.start()

    def recording(self, index):
        return os.path.join(self.folder, f"{index:03}.flac")

    def make_recordings(self):
        with open(os.path.join(SAMPLES, "manifest.jsonl"), encoding="utf-8") as file:
            samples = sorted((json.loads(line) for line in file), key=lambda sample: sample["duration"])[:8]
        self.manifest = os.path.join(self.folder, "manifest.jsonl")
        self.sources = {}
        with open(self.manifest, "w", encoding="utf-8") as file:
            for index in range(RECORDINGS):
                sample = samples[index % len(samples)]
                path = self.recording(index)
                self.sources[index] = os.path.join(SAMPLES, sample["audio_filepath"])
                if index not in BROKEN:
                    os.symlink(self.sources[index], path)
                elif BROKEN[index] is not None:
                    with open(path, "wb") as recording:
                        recording.write(BROKEN[index])
                file.write(json.dumps({"audio_filepath": path, "text": sample["text"], "index": index,
                                       "duration": LONGEST.get(index, sample["duration"])}) + "\n")

    def hold(self, index):
        os.remove(self.recording(index))
        os.mkfifo(self.recording(index))

    def release(self, index):
        os.remove(self.recording(index))
        os.symlink(self.sources[index], self.recording(index))

    def results(self, *names):
        return os.path.join(self.folder, "results", *names)

    def lines_of(self, shard):
        path = self.results(f"results-{shard}-of-{SHARDS}.jsonl")
        if not os.path.exists(path):
            return 0
        with open(path, "rb") as file:
            return file.read().count(b"\n")

    def wait_for_state(self, job, task, *states):
        wait_for(lambda: self.slurm.states(job).get(task) in states, f"{states} of task {task}")

    def log(self, name):
        paths = glob.glob(self.results("logs", name))
        self.assertEqual(len(paths), 1, name)
        with open(paths[0], encoding="utf-8") as file:
            return file.read()

    def kill_program(self, job, task):
        own_id = self.slurm.run("squeue", "--noheader", f"--jobs={job}_{task}", "--format=%A").strip()
        pids = self.slurm.run("scontrol", "listpids", own_id).splitlines()[1:]
        for pid in (int(line.split()[0]) for line in pids):
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read().strip() == os.path.basename(PROGRAM):
                    os.kill(pid, signal.SIGKILL)
                    return
        self.fail(f"no program in {pids}")

    def begins(self, job, task):
        return [json.loads(line) for line in self.log(f"{job}-{task}.log").splitlines() if '"event":"begin"' in line]

    def restart(self, job, task):
        """Slurm may fail to launch a task that has only just ended."""
        for _ in range(5):
            self.slurm.requeue(f"{job}_{task}")
            wait_for(lambda: len(self.begins(job, task)) == 2 or self.slurm.states(job)[task] == "FAILED",
                     f"another start of task {task}")
            if len(self.begins(job, task)) == 2:
                return
        self.fail(f"task {task} did not start again")

    def test_shards_that_are_killed_and_requeued_find_what_one_process_finds(self):
        alone = os.path.join(self.folder, "alone")
        result = subprocess.run([PROGRAM, "transcribe", MODEL, "--manifest", self.manifest, "--output-dir", alone],
                                stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)

        for index in HELD:
            self.hold(index)
        submitted = self.slurm.run(
            os.path.join(SCRIPTS, "submit.sh"), MODEL, self.manifest, self.results(), str(SHARDS),
            "--cpus-per-task=1", "--mem=1G", PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"],
            FORMATS="json,srt")
        job, merge = (int(part) for part in submitted.split())
        for shard in HELD:
            wait_for(lambda shard=shard: self.lines_of(shard) >= 10, f"the beginning of shard {shard}")
        # One task dies at once, the other is stopped by Slurm.
        self.kill_program(job, HELD[0])
        self.wait_for_state(job, HELD[0], "FAILED")
        before = [self.lines_of(shard) for shard in HELD]
        for index in HELD:
            self.release(index)
            self.restart(job, index)
        wait_for(lambda: self.slurm.states(merge)[None] in ("COMPLETED", "FAILED"),
                 lambda: "the end of " + self.slurm.run("scontrol", "show", "job", "--oneliner"))
        # Some recordings failed, so all but a shard without one of them did.
        self.assertLessEqual(set(self.slurm.states(job).values()), {"COMPLETED", "FAILED"})

        one = {line["index"]: line for line in read_lines(os.path.join(alone, "results.jsonl"))}
        merged = read_lines(self.results("results.jsonl"))
        self.assertEqual([line["index"] for line in merged], list(range(RECORDINGS)))
        for line in merged:
            expected = one[line["index"]]
            self.assertEqual(line["pred_text"], expected["pred_text"])
            self.assertEqual([word["text"] for word in line["words"]], [word["text"] for word in expected["words"]])
            self.assertEqual(line.get("error"), expected.get("error"))
        self.assertGreater(len([line for line in merged if line["pred_text"] == line["text"]]), 150)
        self.assertEqual([line["index"] for line in read_lines(self.results("failed.jsonl"))], sorted(BROKEN))
        self.assertIn('"recognised":197,"failed":3,"missing":0', self.log(f"merge-{merge}.log"))

        # Nothing twice: what was whole before is left out, and nothing half done is left behind.
        shards = [read_lines(self.results(f"results-{shard}-of-{SHARDS}.jsonl")) for shard in range(SHARDS)]
        self.assertEqual(sorted(line["index"] for lines in shards for line in lines), list(range(RECORDINGS)))
        for shard, count in zip(HELD, before):
            begins = self.begins(job, shard)
            self.assertEqual(len(begins), 2)
            self.assertEqual(begins[0]["done"], 0)
            failed = len([line for line in shards[shard] if "error" in line])
            self.assertGreaterEqual(begins[1]["done"], count - failed)
        outputs = sorted(os.listdir(self.results()))
        self.assertEqual([name for name in outputs if name.endswith(".part")], [])
        for extension in ("json", "srt"):
            found = [name for name in outputs if name.endswith("." + extension)]
            self.assertEqual(len(found), RECORDINGS - len(BROKEN))
            for name in found if extension == "json" else ():
                with open(self.results(name), "rb") as file, open(os.path.join(alone, name), "rb") as other:
                    self.assertEqual(file.read(), other.read())


if __name__ == "__main__":
    REASON = missing()
    if REASON:
        print("skipped: " + REASON)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
