#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which audio `transcribe` hears of a file: tracks, channels, parts, and all of it.

    test_tracks.py PROGRAM EXAMPLES
"""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

from program import CLIPS, MODEL, OTHER, SAMPLE, run
from recordings import decode, write_wave

WORDS = CLIPS["forecast-03.flac"]["is"]
OTHER_WORDS = CLIPS["forecast-08.flac"]["is"]


def wave(data, announced=None, code=1, bits=16, after=b"", pad=True):
    """A WAV file of mono samples at 24 kHz whose header announces as many bytes as it is told."""
    size = len(data) if announced is None else announced
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, code, 1, 24000, 24000 * bits // 8, bits // 8, bits) +
            b"data" + struct.pack("<I", size) + data + (b"\0" if pad and len(data) % 2 else b"") +
            after)


class Tracks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.samples = decode(SAMPLE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def make(self, pipeline):
        subprocess.run(["gst-launch-1.0", "--quiet", *pipeline.split()], check=True)

    def hears(self, path, words, *options):
        result = run("transcribe", MODEL, path, *options)
        self.assertEqual((result.returncode, result.stdout.strip()), (0, words), result.stderr)
        return result.stderr

    def test_wave_headers(self):
        samples = self.samples
        wide = b"".join(struct.pack("<i", sample << 16)[1:]
                        for (sample,) in struct.iter_unpack("<h", samples[:-2]))
        half = len(samples) // 4 * 2
        odd_wide = wide if len(wide) % 2 else wide[:-3]
        tag = b"LIST" + struct.pack("<I", 13) + b"INFOISFT\1\0\0\0x\0"
        for what, content in (
                ("as it should be", wave(samples)),
                ("says too little", wave(samples, announced=half)),
                ("says nothing", wave(samples, announced=0)),
                ("says more", wave(samples, announced=2 * len(samples))),
                ("odd", wave(odd_wide, bits=24)),
                ("odd, not padded", wave(odd_wide, bits=24, pad=False)),
                ("odd, with a tag", wave(odd_wide, bits=24, after=tag)),
                ("a tag after the data", wave(samples, after=tag)),
                ("a byte after the data", wave(samples, after=b"\0")),
                ("half a sample", wave(samples + b"\0", pad=False)),
                ("two data chunks", wave(samples[:half], after=b"data" +
                                         struct.pack("<I", len(samples) - half) + samples[half:]))):
            with self.subTest(what):
                self.hears(self.write("x.wav", content), WORDS)

    def test_nothing_heard_is_a_failure(self):
        result = run("transcribe", MODEL, self.write("x.wav", wave(b"")))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("x.wav: not one sample of audio was found in it", result.stderr)

    def test_no_words_are_reported(self):
        path = self.path("x.wav")
        write_wave(path, bytes(2 * 24000))
        result = run("transcribe", MODEL, path)
        self.assertEqual((result.returncode, result.stdout.strip()), (0, ""))
        self.assertIn("x.wav: no words were heard in it", result.stderr)

    def test_channels_without_positions(self):
        for channels in (3, 9, 64):
            with self.subTest(channels):
                samples = b"".join(self.samples[i:i + 2] * channels
                                   for i in range(0, len(self.samples), 2))
                write_wave(self.path("x.wav"), samples, channels=channels)
                self.hears(self.path("x.wav"), WORDS)

    def test_a_channel_is_chosen(self):
        def inverted(sample):
            return struct.pack("<h", max(-32767, -sample))
        both = b"".join(struct.pack("<h", sample) + inverted(sample)
                        for (sample,) in struct.iter_unpack("<h", self.samples))
        write_wave(self.path("x.wav"), both, channels=2)
        self.assertIn("cancel each other out", self.hears(self.path("x.wav"), ""))
        for channel in ("left", "right", "1", "2"):
            self.assertEqual(self.hears(self.path("x.wav"), WORDS, "--channel", channel), "")
        result = run("transcribe", MODEL, self.path("x.wav"), "--channel", "3")
        self.assertEqual(result.returncode, 1)
        self.assertIn("the audio has 2 channels, and channel 3 is not among them", result.stderr)
        result = run("transcribe", MODEL, self.path("x.wav"), "--channel", "middle")
        self.assertEqual(result.returncode, 2)

    def test_tracks_of_a_film(self):
        film = self.path("film.mkv")
        self.make(f"matroskamux name=mux ! filesink location={film} " +
                  " ".join(f"filesrc location={file} ! decodebin ! audioconvert ! "
                           f"taginject tags=language-code={language} ! flacenc ! queue ! mux."
                           for file, language in ((SAMPLE, "is"), (OTHER, "en"))))
        said = self.hears(film, WORDS)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn("film.mkv: 2 audio tracks: ", said)
        for track, words in (("1", WORDS), ("2", OTHER_WORDS)):
            self.assertEqual(self.hears(film, words, "--audio-track", track), "")
        result = run("transcribe", MODEL, film, "--audio-track", "3")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("audio track 3 was not found", result.stderr)

    def test_recordings_that_were_joined(self):
        for encoder in ("vorbisenc ! oggmux", "opusenc ! oggmux", "flacenc ! oggmux"):
            with self.subTest(encoder):
                parts = b""
                for recording, rate in ((SAMPLE, 48000), (OTHER, 24000)):
                    part = self.path("part")
                    self.make(f"filesrc location={recording} ! decodebin ! audioconvert ! "
                              f"audioresample ! audio/x-raw,rate={rate},channels=1 ! {encoder} ! "
                              f"filesink location={part}")
                    with open(part, "rb") as file:
                        parts += file.read()
                self.hears(self.write("joined.ogg", parts), WORDS + " " + OTHER_WORDS)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
