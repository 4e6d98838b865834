#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`kyutaistt transcribe` reports the times of a player, whatever the container's timestamps are.

    test_film_times.py PROGRAM EXAMPLES
"""
import json
import os
import sys
import tempfile
import unittest

from program import CLIPS, MODEL, SAMPLES, run
from recordings import decode, write_matroska, write_wave

RECORDING = os.path.join(SAMPLES, "forecast-01.flac")
RATE = 24000
# Between its two sentences, in milliseconds.
MIDDLE = int(1000 * CLIPS["forecast-01.flac"]["word_starts_is"][10]) - 100


def words_of(path, *options):
    result = run("transcribe", MODEL, path, "--format", "json", *options)
    assert result.returncode == 0, result.stderr
    return [(word["text"], word["start"]) for word in json.loads(result.stdout)["words"]]


class FilmTimes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "film.mkv")
        self.samples = decode(RECORDING)
        self.cut = 2 * RATE * MIDDLE // 1000
        self.halves = [self.samples[:self.cut], self.samples[self.cut:]]
        self.expected = words_of(RECORDING)

    def check_words(self, found, shift_of):
        self.assertEqual([text for text, _ in found], [text for text, _ in self.expected])
        for (text, start), (_, before) in zip(found, self.expected):
            self.assertAlmostEqual(start, before + shift_of(1000 * before), delta=0.05, msg=text)

    def test_words_after_lost_audio_are_where_they_were_said(self):
        write_matroska(self.path, self.halves, starts=[0, MIDDLE + 5000])
        for options in ((), ("--raw-samples",)):
            self.check_words(words_of(self.path, *options),
                             lambda start: 5 if start >= MIDDLE else 0)

    def test_a_little_lost_audio_is_heard_as_silence(self):
        write_matroska(self.path, self.halves, starts=[0, MIDDLE + 500])
        filled = self.path + ".wav"
        write_wave(filled, self.halves[0] + bytes(RATE) + self.halves[1])
        self.assertEqual(words_of(self.path), words_of(filled))

    def test_a_clock_that_begins_anew_goes_on(self):
        write_matroska(self.path, self.halves, starts=[0, 0])
        self.check_words(words_of(self.path), lambda start: 0)

    def test_a_clock_that_is_slower_or_faster_than_its_samples_is_followed(self):
        step = 2 * RATE // 10
        packets = [self.samples[i:i + step] for i in range(0, len(self.samples), step)]
        for share in (-0.01, -0.001, 0.001, 0.01):
            write_matroska(self.path, packets,
                           starts=[round(100 * i * (1 + share)) for i in range(len(packets))])
            found = words_of(self.path)
            self.assertEqual([text for text, _ in found], [text for text, _ in self.expected])
            for (text, start), (_, before) in zip(found, self.expected):
                self.assertAlmostEqual(start, before * (1 + share), delta=0.15, msg=text)

    def test_rounded_times_follow_each_other(self):
        # 41.67 ms each.
        size = 2 * 1000
        packets = [self.samples[i:i + size] for i in range(0, len(self.samples), size)]
        write_matroska(self.path, packets)
        self.assertEqual(words_of(self.path), self.expected)

    def test_audio_that_begins_after_the_film(self):
        # The empty packet stands for the pictures before.
        write_matroska(self.path, [b"", self.samples], starts=[0, 1000])
        self.check_words(words_of(self.path), lambda start: 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
