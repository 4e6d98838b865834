#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs examples/run-demo.sh against a finished build, its output going to a regular file.

    test_demo.py EXAMPLES BUILD
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

EXAMPLES, BUILD = sys.argv[1:]


class Demo(unittest.TestCase):
    def test_shows_cues_beside_the_reference(self):
        with open(os.path.join(EXAMPLES, "samples", "manifest.json"), encoding="utf-8") as file:
            clips = {clip["file"]: clip for clip in json.load(file)["clips"]}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GST_")}
        # A regular file, because a sink that seeks in it would overwrite what was there.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            result = subprocess.run([os.path.join(EXAMPLES, "run-demo.sh")], stdout=output,
                                    stderr=subprocess.STDOUT, check=False,
                                    env={**environment, "KYUTAISTT_BUILD": BUILD})
            output.seek(0)
            text = output.read()
        self.assertEqual(result.returncode, 0, text)
        plain = " ".join(text.split())
        for name in ("forecast-01.flac", "forecast-07.flac"):
            for domain, language in (("asr_is_is", "is"), ("asr_is_en", "en")):
                self.assertIn(f"== {name}, domain {domain}", text)
                self.assertIn(f"said {clips[name][language]}", plain)
        self.assertEqual(text.count("word error rate 0.00%"), 4)
        self.assertGreaterEqual(text.count(" --> "), 4)
        self.assertIn("All tokens and word error rates are the reference's.", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
