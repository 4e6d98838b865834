#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Films: of their streams `transcribe` hears the sound and leaves the rest alone.

    test_films.py PROGRAM EXAMPLES
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from program import CLIPS, MODEL, SAMPLE, run

WORDS = CLIPS["forecast-03.flac"]["is"]
PICTURES = ("videotestsrc pattern=black num-buffers=50 ! "
            "video/x-raw,width=320,height=240,framerate=25/1 ! theoraenc ! mux.")
SOUND = f"filesrc location={SAMPLE} ! decodebin ! audioconvert ! flacenc ! mux."


class Films(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "film.mkv")

    def write(self, *streams):
        command = f"matroskamux name=mux ! filesink location={self.path} " + " ".join(streams)
        subprocess.run(["gst-launch-1.0", "--quiet", *command.split()], check=True)

    def rename_codec(self, name, other):
        """Matroska with a codec that nobody can decode."""
        with open(self.path, "rb") as file:
            film = file.read()
        self.assertEqual((film.count(name), len(name)), (1, len(other)))
        with open(self.path, "wb") as file:
            file.write(film.replace(name, other))

    def test_pictures_are_not_decoded(self):
        self.write(PICTURES, SOUND)
        result = run("transcribe", MODEL, self.path, GST_DEBUG="GST_ELEMENT_FACTORY:4")
        self.assertEqual((result.returncode, result.stdout.strip()), (0, WORDS))
        created = re.findall(r'creating element "(\w+)"', result.stderr)
        self.assertIn("flacdec", created)
        self.assertNotIn("theoradec", created)

    def test_pictures_that_nobody_can_decode(self):
        self.write(PICTURES, SOUND)
        self.rename_codec(b"V_THEORA", b"V_NOBODY")
        result = run("transcribe", MODEL, self.path)
        self.assertEqual((result.returncode, result.stdout.strip(), result.stderr), (0, WORDS, ""))

    def test_a_film_without_sound(self):
        self.write(PICTURES)
        for options in ((), ("--raw-samples",)):
            result = run("transcribe", MODEL, self.path, *options)
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn("film.mkv: no audio was found in it", result.stderr)
            self.assertNotIn("GStreamer", result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_sound_that_nobody_can_decode(self):
        self.write(PICTURES, SOUND)
        self.rename_codec(b"A_FLAC", b"A_NONE")
        result = run("transcribe", MODEL, self.path)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("film.mkv: no audio was found in it; GStreamer lacks: ", result.stderr)
        self.assertIn("audio/x-unknown", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
