#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt quantize`: what it writes recognises as well as the original, and what it refuses.

    test_quantize.py PROGRAM EXAMPLES
"""
import json
import os
import shutil
import sys
import tempfile
import unittest

from program import CLIPS, EXAMPLES, LONG_SILENCE, MODEL, SAMPLE, SAMPLES, Pipe, run
from recordings import endless_wave_header

sys.path.insert(0, EXAMPLES)
from compare import DOMAINS, word_errors  # noqa: E402

# Words in a hundred that may be wrong beyond the original's errors.
MOST_MORE_ERRORS = {"bf16": 0.5, "int8": 0.5, "int4": 1.5}


def error_rates(model, *options):
    """Words in a hundred that are wrong, by domain."""
    files = [os.path.join(SAMPLES, name) for name in CLIPS]
    rates = {}
    for domain, language in DOMAINS.items():
        result = run("transcribe", model, *files, "--domain", domain, *options)
        assert result.returncode == 0, result.stderr
        heard = result.stdout.splitlines()
        said = [clip[language] for clip in CLIPS.values()]
        assert len(heard) == len(said)
        errors = sum(word_errors(*texts) for texts in zip(said, heard))
        rates[domain] = 100 * errors / sum(len(text.split()) for text in said)
    return rates


class Quantize(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def quantize(self, precision):
        path = self.path(precision)
        result = run("quantize", MODEL, path, "--precision", precision)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        return path

    def test_packed_folders_recognise_as_well_as_the_original(self):
        original = error_rates(MODEL, "--precision", "f32")
        for precision, most in MOST_MORE_ERRORS.items():
            packed = error_rates(self.quantize(precision))
            for domain, rate in packed.items():
                self.assertLessEqual(rate, original[domain] + most, (precision, domain))

    def test_packed_weights_are_mapped_if_asked(self):
        packed = self.quantize("int8")
        for model, options, in_place in ((packed, ["--packed-weights", "mapped"], True),
                                         (packed, [], False),
                                         (MODEL, ["--packed-weights", "mapped"], False)):
            weights = os.path.realpath(os.path.join(model, "model.safetensors"))
            pipe = Pipe(self, *options, model=model)
            pipe.write(endless_wave_header() + LONG_SILENCE)
            with open(f"/proc/{pipe.process.pid}/maps", encoding="utf-8") as file:
                self.assertEqual(weights in file.read(), in_place, model)

    def test_int8_is_the_default_and_info_tells_it(self):
        path = self.path("new")
        self.assertEqual(run("quantize", MODEL, path).returncode, 0)
        self.assertEqual(json.loads(run("info", path, "--json").stdout)["packed_precision"], "int8")
        self.assertIn("weights           packed as int8\n", run("info", path).stdout)
        self.assertIsNone(json.loads(run("info", MODEL, "--json").stdout)["packed_precision"])
        self.assertLess(os.path.getsize(os.path.join(path, "model.safetensors")),
                        os.path.getsize(os.path.join(MODEL, "model.safetensors")))

    def assert_refused(self, code, message, *arguments):
        result = run("quantize", *arguments)
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        self.assertIn(message, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_wrong_command_lines_exit_with_2(self):
        new = self.path("new")
        self.assert_refused(2, "expected a MODEL and a new folder", MODEL)
        for precision in ("f32", "auto", "int3"):
            self.assert_refused(2, f"found {precision}, expected bf16, int8 or int4", MODEL,
                                new, "--precision", precision)
        self.assertFalse(os.path.exists(new))

    def test_models_that_cannot_be_packed_exit_with_3(self):
        new = self.path("new")
        self.assert_refused(3, "there is no such model folder", self.path("nowhere"), new)
        self.assert_refused(3, "config.json", self.folder, new)
        self.assert_refused(3, "is a file, expected a model folder", SAMPLE, new)
        self.assert_refused(3, "holds int8 weights already", self.quantize("int8"), new)
        self.assertFalse(os.path.exists(new))
        broken = self.path("broken")
        shutil.copytree(MODEL, broken)
        with open(os.path.join(broken, "model.safetensors"), "r+b") as weights:
            weights.seek(-4, os.SEEK_END)
            weights.write(b"\xff" * 4)
        self.assert_refused(3, "is not a finite number", broken, new)

    def test_folders_that_cannot_be_written_exit_with_1(self):
        self.assert_refused(1, "expected a new or empty folder", MODEL, MODEL)
        self.assert_refused(1, "/proc/nothing: cannot be made", MODEL, "/proc/nothing")
        self.assert_refused(1, "expected a new or empty folder", MODEL, SAMPLE)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
