#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The subtitles of `kyutaistt transcribe` are those of the element.

    test_subtitles.py PROGRAM EXAMPLES
"""
import os
import subprocess
import sys
import tempfile
import unittest

from program import CLIPS, MODEL, SAMPLES, run
from recordings import decode, write_wave


def write_with_pause(path):
    """A recording whose speaker waits for a second in the middle of a sentence."""
    name = "forecast-01.flac"
    cut = 2 * int(24000 * CLIPS[name]["word_starts_is"][4])
    samples = decode(os.path.join(SAMPLES, name))
    write_wave(path, samples[:cut] + bytes(2 * 24000) + samples[cut:])


class Subtitles(unittest.TestCase):
    def test_are_those_of_the_element(self):
        with tempfile.TemporaryDirectory() as folder:
            pausing = os.path.join(folder, "pausing.wav")
            write_with_pause(pausing)
            by_element = os.path.join(folder, "subtitles.srt")
            for recording in [os.path.join(SAMPLES, name) for name in CLIPS] + [pausing]:
                subprocess.run(
                    ["gst-launch-1.0", "--quiet", "filesrc", f"location={recording}", "!",
                     "decodebin", "!", "kyutaistt", f"model={MODEL}", "!",
                     "application/x-subtitle", "!", "filesink", f"location={by_element}"],
                    check=True)
                with open(by_element, encoding="utf-8") as file:
                    expected = file.read()
                result = run("transcribe", MODEL, recording, "--format", "srt")
                self.assertEqual((result.returncode, result.stdout), (0, expected), recording)
                self.assertIn(" --> ", expected)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
