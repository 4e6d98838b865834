#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library for 64-bit Arm on a sample recording: the tokens are the reference's.

    test_aarch64.py PRINT_TOKENS EXAMPLES

PRINT_TOKENS runs under qemu, which Meson names in MESON_EXE_WRAPPER.
"""
import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
import unittest

PROGRAM, EXAMPLES = sys.argv[1:3]
SAMPLES = os.path.join(EXAMPLES, "samples")
CLIP = "forecast-01.flac"
DOMAIN = "asr_is_is"
EMULATOR = shlex.split(os.environ["MESON_EXE_WRAPPER"])
# For processors that qemu emulates, the instruction set that is chosen.
CHOSEN = {"cortex-a57": "plain", "neoverse-n1": "neon-dotprod", "max": "neon-i8mm"}
# What decodes the recording. Not every combination: each takes ten seconds or more under qemu.
DECODED = [("neon-i8mm", "f32"), ("neon-i8mm", "int8"), ("neon-dotprod", "int8")]


def raw_samples():
    """Of the recording, as 32-bit floats."""
    return subprocess.run(
        ["gst-launch-1.0", "-q", "filesrc", "location=" + os.path.join(SAMPLES, CLIP), "!", "flacparse", "!",
         "flacdec", "!", "audioconvert", "!", "audio/x-raw,format=F32LE,channels=1,rate=24000", "!",
         "filesink", "location=/dev/stdout"],
        stdout=subprocess.PIPE, check=True, timeout=60).stdout


def reference_tokens():
    with open(os.path.join(SAMPLES, "manifest.json"), encoding="utf-8") as file:
        clips = json.load(file)["clips"]
    return next(clip["reference"][DOMAIN]["tokens"] for clip in clips if clip["file"] == CLIP)


def recognise(samples, precision, **environment):
    """The instruction set that computed, and the tokens."""
    result = subprocess.run([*EMULATOR, PROGRAM, os.path.join(EXAMPLES, "model"), DOMAIN, precision],
                            input=samples, stdout=subprocess.PIPE, check=True, timeout=200,
                            env={**os.environ, **environment})
    instruction_set, tokens = result.stdout.decode().splitlines()
    return instruction_set, [int(token) for token in tokens.split()]


class Aarch64(unittest.TestCase):
    def test_tokens_are_those_of_the_reference(self):
        samples, expected = raw_samples(), reference_tokens()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [pool.submit(recognise, samples, precision, KYUTAISTT_INSTRUCTION_SET=instruction_set)
                    for instruction_set, precision in DECODED]
        for (instruction_set, precision), run in zip(DECODED, runs):
            with self.subTest(instruction_set=instruction_set, precision=precision):
                found, tokens = run.result()
                self.assertEqual(found, instruction_set)
                # One token more: the reference stops before the last frame is heard.
                self.assertEqual(tokens[:-1], expected)

    def test_the_processor_decides_the_instruction_set(self):
        for processor, instruction_set in CHOSEN.items():
            with self.subTest(processor=processor):
                self.assertEqual(recognise(b"", "f32", QEMU_CPU=processor)[0], instruction_set)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
