#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/print_words.py with the element of a build.

    test_examples.py EXAMPLES
"""
import os
import subprocess
import sys
import unittest

EXAMPLES = sys.argv[1]
# The interpreter that Debian's python3-gi is made for.
PYTHON = "/usr/bin/python3"


def print_words(*arguments):
    return subprocess.run([PYTHON, os.path.join(EXAMPLES, "print_words.py"), *arguments],
                          capture_output=True, text=True, check=False)


class PrintWords(unittest.TestCase):
    def test_words_with_times_and_confidence(self):
        result = print_words(os.path.join(EXAMPLES, "samples", "forecast-01.flac"),
                             os.path.join(EXAMPLES, "model"), "asr_is_en")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line.split() for line in result.stdout.splitlines()]
        self.assertEqual(" ".join(line[3] for line in lines),
                         "Northwest three to five meters per second, mostly dry. "
                         "West two to four meters per second, bright weather.")
        starts = [float(line[0]) for line in lines]
        self.assertEqual(starts, sorted(starts))
        for start, end, confidence, _ in lines:
            self.assertLessEqual(float(start), float(end))
            self.assertTrue(0 < float(confidence) <= 1)
        self.assertIn("words=(guint64)18", result.stderr)

    def test_a_wrong_model_is_told(self):
        result = print_words(os.path.join(EXAMPLES, "samples", "forecast-01.flac"), "/nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere: there is no such model folder", result.stderr)


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import gi"], check=False).returncode != 0:
        print("python3-gi is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
