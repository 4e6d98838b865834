#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The totals of a test run: Check's and unittest's own counts, added up.

    totals.py TESTLOG.JSON [FAILED...]

TESTLOG.JSON is what `meson test` leaves in meson-logs. A program that ended without its counts (a
crash, a time limit) is one failure more, and so is everything named after it. Exits with 1 if
anything failed.
"""
import json
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
UNITTEST_FAILED = re.compile(r"^FAILED \((.*)\)$", re.MULTILINE)
GOOD_RESULTS = ("OK", "EXPECTEDFAIL")


def count(test):
    """(passed, failed) of one entry of Meson's log."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    total = failed = 0
    for checks, failures, errors in CHECK.findall(output):
        total += int(checks)
        failed += int(failures) + int(errors)
    for ran in UNITTEST.findall(output):
        total += int(ran)
    for reasons in UNITTEST_FAILED.findall(output):
        failed += sum(int(number) for number in re.findall(r"(?:failures|errors)=(\d+)", reasons))
    if test["result"] not in GOOD_RESULTS and failed == 0:
        # It did not get as far as its counts.
        total, failed = total + 1, 1
    return total - failed, failed


def main():
    log, others = sys.argv[1], sys.argv[2:]
    with open(log, encoding="utf-8") as file:
        tests = [json.loads(line) for line in file]
    skipped = [test for test in tests if test["result"] == "SKIP"]
    ran = [test for test in tests if test["result"] != "SKIP"]
    passed = failed = 0
    for test in skipped:
        print(f"skipped: {test['name']} ({test.get('stdout', '').strip().removeprefix('skipped: ')})")
    for test in ran:
        good, bad = count(test)
        passed, failed = passed + good, failed + bad
        if bad:
            print(f"failed: {test['name']} ({test['result']})")
    for name in others:
        print(f"failed: {name}")
        failed += 1
    print(f"{len(ran)} test programs, {len(skipped)} skipped: {passed} passed, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
