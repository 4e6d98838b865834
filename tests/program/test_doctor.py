#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt doctor`: what it finds good, and what it says of what is wrong.

    test_doctor.py PROGRAM EXAMPLES PLUGIN-FOLDER
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PLUGIN_FOLDER = sys.argv.pop(3)
from program import MODEL, PROGRAM, run  # noqa: E402


class Doctor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def examine(self, *arguments, **environment):
        result = run("doctor", *arguments, GST_REGISTRY=os.path.join(self.folder, "registry.bin"),
                     GST_REGISTRY_FORK="no", **{"GST_PLUGIN_PATH": PLUGIN_FOLDER, **environment})
        self.assertEqual(result.stderr, "")
        rows = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
        return result.returncode, rows

    def test_a_machine_that_has_everything(self):
        code, rows = self.examine(MODEL)
        self.assertEqual((code, [row for row in rows if row[0] == "wrong"]), (0, []))
        found = {row[1]: row[2] for row in rows if row[0] == "ok"}
        self.assertEqual(found["plugin"], os.path.join(PLUGIN_FOLDER, "libgstkyutaistt.so"))
        self.assertIn("WAV", found["decoders"])
        self.assertIn("domains asr_is_en asr_is_is", found["model"])
        self.assertIn("each stream takes 2 MB", found["memory"])

    def test_threads_are_those_that_may_run(self):
        core = min(os.sched_getaffinity(0))
        result = subprocess.run(["taskset", "--cpu-list", str(core), PROGRAM, "doctor"], stdout=subprocess.PIPE,
                                text=True, check=False)
        row, = [line for line in result.stdout.splitlines() if " threads " in line]
        self.assertIn("1 on ", row)
        if os.cpu_count() > 1:
            self.assertIn("the affinity of the process allows no more", row)

    def test_the_instruction_set_is_the_one_that_computes(self):
        _, rows = self.examine(KYUTAISTT_INSTRUCTION_SET="plain")
        self.assertIn(["ok", "processor", "plain, as KYUTAISTT_INSTRUCTION_SET says"], rows)
        code, rows = self.examine(KYUTAISTT_INSTRUCTION_SET="sse9")
        self.assertEqual(code, 1)
        wrong, = [row for row in rows if row[0] == "wrong"]
        self.assertIn("sse9", wrong[2])

    def test_what_is_missing_is_said(self):
        code, rows = self.examine(GST_PLUGIN_PATH="", GST_PLUGIN_SYSTEM_PATH=self.folder)
        self.assertEqual(code, 1)
        texts = [row[2] for row in rows if row[0] == "wrong"]
        self.assertIn("no file can be read, expected at least WAV", texts)
        self.assertTrue([text for text in texts if "uridecodebin was not found" in text])
        notes = [row[2] for row in rows if row[0] == "note"]
        self.assertTrue([text for text in notes if text.startswith("the element kyutaistt was not found")])
        self.assertIn("FLAC cannot be read; on Debian: apt install gstreamer1.0-plugins-good", notes)

    def test_what_is_wrong_with_a_model_is_said(self):
        code, rows = self.examine(os.path.join(self.folder, "nothing"))
        self.assertEqual(code, 1)
        self.assertEqual([row[1] for row in rows if row[0] == "wrong"], ["model"])
        model = os.path.join(self.folder, "model")
        shutil.copytree(MODEL, model)
        os.remove(os.path.join(model, "tokenizer.json"))
        code, rows = self.examine(model)
        self.assertEqual(code, 1)
        wrong, = [row for row in rows if row[0] == "wrong"]
        self.assertIn(model, wrong[2])

    def test_the_command_line_is_checked(self):
        self.assertEqual(run("doctor", MODEL, MODEL).returncode, 2)
        self.assertEqual(run("doctor", "--all").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
