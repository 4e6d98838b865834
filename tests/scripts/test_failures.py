#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test that fails says what it found and expected, and ends the program, whatever goes on.

    test_failures.py FAILING FAILING_WITH_GSTREAMER PROGRAM EXAMPLES

The first two run tests that fail on purpose (failing.cpp); the others are what the tests of the
program are given.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

PLAIN, WITH_GSTREAMER, PROGRAM, EXAMPLES = sys.argv[1:5]
# Far more than any of them takes, far less than a program that waits for ever.
PATIENCE = 120

FAILING_SCRIPT = """
import sys
import unittest

sys.path.insert(0, {folder!r})
from program import Pipe

class Waiting(unittest.TestCase):
    def test_a_program_waits_for_audio(self):
        pipe = Pipe(self)
        self.assertEqual(pipe.process.poll(), 7)

unittest.main(argv=sys.argv[:1])
"""


def run(*command, **environment):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **environment})


class Failures(unittest.TestCase):
    def assert_fails(self, result, test, message):
        self.assertEqual(result.returncode, 1, result.stderr)
        pattern = rf"failing\.cpp:\d+:[FE]:{test}:{test}:0: {message}"
        self.assertRegex(result.stdout, pattern, result.stderr)

    def test_both_values_and_the_line_are_printed(self):
        result = run(PLAIN)
        self.assert_fails(
            result, "a_value_differs",
            re.escape("the codes: found [1, 2, 3], expected [1, 4, 3], "
                      "the first difference is at 1: 2, expected 4"))
        self.assertIn("0%: Checks: 3, Failures: 3, Errors: 0", result.stdout)

    def test_threads_do_not_hold_it_up(self):
        result = run(PLAIN)
        self.assert_fails(result, "a_thread_goes_on", r"found 0\.08 s, expected 2 s")
        self.assert_fails(result, "a_thread_fails", r"found 0\.5, expected 0\.25")

    def test_pipelines_do_not_hold_it_up(self):
        # With a process for each test, and without: then the end of the program would wait for them.
        for fork in ("yes", "no"):
            for test, message in (("a_pipeline_plays_on", "found 4, expected 2"),
                                  ("the_element_plays_on", "found 0, expected 7")):
                result = run(WITH_GSTREAMER, CK_FORK=fork, CK_RUN_CASE=test)
                self.assert_fails(result, test, message)

    def test_what_is_left_alive_fails_its_test(self):
        result = run(WITH_GSTREAMER, CK_RUN_CASE="an_object_is_left", GST_TRACERS="leaks",
                     GST_DEBUG="GST_TRACER:7")
        self.assertIn("object-alive", result.stderr)
        self.assertIn("left behind", result.stderr)
        self.assertIn("0%: Checks: 1, Failures: 0, Errors: 1", result.stdout)
        self.assertEqual(result.returncode, 1)

    def test_programs_do_not_hold_a_script_up(self):
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "program")
        with tempfile.TemporaryDirectory() as temporary:
            script = os.path.join(temporary, "failing.py")
            with open(script, "w", encoding="utf-8") as file:
                file.write(FAILING_SCRIPT.format(folder=folder))
            result = run(sys.executable, script, PROGRAM, EXAMPLES)
        self.assertEqual(result.returncode, 1)
        self.assertIn("AssertionError: None != 7", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
