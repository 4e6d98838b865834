#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Words that the bundled model writes in a minute of sounds that are no speech.

    sounds.py BUILD    # a table as Markdown goes to standard output

Without and with the voice gate. Needs python3-numpy, and what long_streams.py needs.
"""
import argparse
import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import long_streams  # noqa: E402
from long_streams import forecast  # noqa: E402

RATE = forecast.RATE
SECONDS = 60
GATE = ["--voice-gate", "1000"]
TIME = np.arange(SECONDS * RATE) / RATE


def sine(frequency):
    return np.sin(2 * np.pi * frequency * TIME)


def coloured_noise(random, exponent):
    spectrum = np.fft.rfft(random.standard_normal(len(TIME)))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** exponent
    spectrum[0] = 0
    return np.fft.irfft(spectrum, len(TIME))


def music(random, beat, decay, voices):
    """Notes of a minor scale, so many at once, that fade at `decay`."""
    scale = [220 * 2 ** (step / 12) for step in (0, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17)]
    sound = np.zeros(len(TIME))
    start = 0.0
    while start < SECONDS:
        for frequency in random.choice(scale, voices, replace=False):
            begin = int(start * RATE)
            time = TIME[:min(int(3 * beat * RATE), len(sound) - begin)]
            note = sum(np.sin(2 * np.pi * frequency * k * time) / k for k in range(1, 7))
            sound[begin:begin + len(time)] += note * np.exp(-time * decay)
        start += beat * random.choice([1, 1, 2])
    return sound


def applause(random):
    sound = np.zeros(len(TIME))
    clap = np.exp(-np.arange(480) / 80)
    for begin in random.integers(0, len(sound) - len(clap), SECONDS * 120):
        sound[begin:begin + len(clap)] += random.standard_normal(len(clap)) * clap * random.random()
    return sound


def sounds():
    """-> (name, samples) of each kind"""
    random = np.random.default_rng(3)
    yield "silence", np.zeros(len(TIME))
    yield "tone of 440 Hz", sine(440)
    yield "mains hum", sine(50) + sine(100) / 2 + sine(150) / 2
    yield "siren", np.sin(2 * np.pi * np.cumsum(700 + 300 * sine(1 / 3)) / RATE)
    yield "beeps, one a second", sine(1000) * (TIME % 1 < 0.3)
    yield "white noise", coloured_noise(random, 0)
    yield "pink noise", coloured_noise(random, 0.5)
    yield "brown noise", coloured_noise(random, 1)
    yield "applause", applause(random)
    yield "organ", music(random, 0.6, 0.3, 3)
    yield "piano", music(random, 0.3, 4, 3)
    yield "plucked strings", music(random, 0.25, 9, 1)


def words_of(build, file, language, extra):
    return len(long_streams.transcribe(build, [file], "asr_is_" + language, ["--parallel", "1", *extra])[0]["words"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    build = parser.parse_args().build
    print("| sound | Icelandic | English | Icelandic, with gate | English, with gate |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "sound.wav"
        for name, samples in sounds():
            forecast.write_wave(str(file), samples / max(np.abs(samples).max(), 1) * 0.3)
            counts = [words_of(build, file, language, gate)
                      for gate in ([], GATE) for language in ("is", "en")]
            print("| " + " | ".join([name, *map(str, counts)]) + " |", flush=True)


if __name__ == "__main__":
    main()
