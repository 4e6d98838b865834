#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must cost next to nothing: a look at the element, and a stream that gets no audio.

    test_costs.py EXAMPLES
"""
import os
import resource
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from processor_time import idle_share, processor_seconds  # noqa: E402

MODEL = os.path.join(sys.argv[1], "model")
SECOND = bytes(4 * 24000)


def inspect(element, **environment):
    return subprocess.run(["gst-inspect-1.0", element], capture_output=True, text=True,
                          check=True, env={**os.environ, **environment})


def seconds_to_inspect(element):
    """Of a processor, at best."""
    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    inspect(element)  # writes the registry
    least = float("inf")
    for _ in range(10):
        before = used()
        inspect(element)
        least = min(least, used() - before)
    return least


class Inspection(unittest.TestCase):
    def test_takes_little_more_than_that_of_a_small_element(self):
        # libtorch alone would take forty times as much.
        self.assertLess(seconds_to_inspect("kyutaistt"), 4 * seconds_to_inspect("audioconvert"))

    def test_loads_neither_libtorch_nor_sentencepiece(self):
        result = inspect("kyutaistt", LD_DEBUG="files")
        self.assertIn("libgstkyutaistt", result.stderr)
        self.assertNotIn("libtorch", result.stderr)
        self.assertNotIn("libsentencepiece", result.stderr)


class IdleStream(unittest.TestCase):
    def test_uses_less_than_a_hundredth_of_a_processor(self):
        process = subprocess.Popen(
            ["gst-launch-1.0", "--quiet", "fdsrc", "!", "rawaudioparse", "use-sink-caps=false",
             "format=pcm", "pcm-format=f32le", "sample-rate=24000", "num-channels=1", "!",
             "kyutaistt", f"model={MODEL}", "!", "fakesink", "sync=false"],
            stdin=subprocess.PIPE)
        try:
            # More than queues and pipe hold: when it is written, the model is at work.
            for _ in range(10):
                process.stdin.write(SECOND)
            process.stdin.flush()
            self.assertGreater(processor_seconds(process.pid), 0.05)
            self.assertLess(idle_share(process.pid), 0.01)
            self.assertIsNone(process.poll())
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
