#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The completion for bash: commands, options and choices, as the program's help has them.

    test_completion.py PROGRAM EXAMPLES COMPLETION
"""
import shlex
import subprocess
import sys
import unittest

COMPLETION = sys.argv.pop(3)
from program import PROGRAM, run  # noqa: E402


def complete(*words):
    """What bash offers for the last of the words of a command line."""
    script = (f"source {shlex.quote(COMPLETION)}; COMP_WORDS=({shlex.join([PROGRAM, *words])}); "
              f"COMP_CWORD={len(words)}; _kyutaistt; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(complete("tr"), ["transcribe"])
        listed = run("--help").stdout.split("Commands:\n")[1].split("\n\n")[0]
        commands = [line.split()[0] for line in listed.splitlines()]
        self.assertEqual(complete(""), [*commands, "help", "--help", "--version"])

    def test_options_of_each_command(self):
        for command in complete("")[:-3]:
            offered = complete(command, "-")
            self.assertIn("--help", offered)
            text = run(command, "--help").stdout
            for option in offered:
                self.assertIn(f"  {option} ", text)
        self.assertEqual(complete("transcribe", "--cue-p"), ["--cue-preset"])

    def test_choices_of_an_option(self):
        self.assertEqual(complete("evaluate", "--format", ""), ["table", "json"])
        self.assertEqual(complete("transcribe", "--precision", "int"), ["int8", "int4"])
        # Files: bash's own completion follows.
        self.assertEqual(complete("transcribe", "--output", ""), [])
        self.assertEqual(complete("nothing", "-"), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
