#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests/totals.py makes of the logs of Meson.

    test_totals.py TOTALS
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

TOTALS = sys.argv[1]
CHECK_GOOD = "Running suite(s): a\n100%: Checks: 7, Failures: 0, Errors: 0\n"
CHECK_BAD = "Running suite(s): b\n50%: Checks: 4, Failures: 1, Errors: 1\n"


def run(tests, *others):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "testlog.json")
        with open(log, "w", encoding="utf-8") as file:
            for test in tests:
                file.write(json.dumps({"name": "x", "stdout": "", "stderr": "", **test}) + "\n")
        return subprocess.run([sys.executable, TOTALS, log, *others], capture_output=True, text=True)


class Totals(unittest.TestCase):
    def assert_totals(self, result, expected, status):
        self.assertEqual(result.stdout.splitlines()[-1], expected, result.stderr)
        self.assertEqual(result.returncode, status)

    def test_adds_up_check_and_unittest(self):
        result = run([{"result": "OK", "stdout": CHECK_GOOD},
                      {"result": "OK", "stderr": "Ran 3 tests in 0.1s\n\nOK\n"}])
        self.assert_totals(result, "2 test programs, 0 skipped: 10 passed, 0 failed", 0)

    def test_counts_failures(self):
        result = run([{"result": "FAIL", "stdout": CHECK_BAD},
                      {"result": "FAIL",
                       "stderr": "Ran 3 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n"}])
        self.assert_totals(result, "2 test programs, 0 skipped: 3 passed, 4 failed", 1)

    def test_a_program_that_crashed_is_a_failure(self):
        for outcome in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT"):
            result = run([{"result": "OK", "stdout": CHECK_GOOD},
                          {"result": outcome, "stdout": "Running suite(s): c\n"}])
            self.assert_totals(result, "2 test programs, 0 skipped: 7 passed, 1 failed", 1)
            self.assertIn(f"failed: x ({outcome})", result.stdout)

    def test_what_else_failed_counts_too(self):
        result = run([{"result": "OK", "stdout": CHECK_GOOD}], "lint")
        self.assert_totals(result, "1 test programs, 0 skipped: 7 passed, 1 failed", 1)
        self.assertIn("failed: lint", result.stdout)

    def test_no_test_at_all_is_no_success(self):
        result = run([{"result": "SKIP"}])
        self.assert_totals(result, "0 test programs, 1 skipped: 0 passed, 0 failed", 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
