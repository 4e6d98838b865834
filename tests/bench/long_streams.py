#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Word error rates of a recording of hours, which must stay flat, beside those of the same speech cut into clips.

    long_streams.py BUILD [--hours H] [--seed N] [--no-relay]    # a table as Markdown goes to standard output

Two sets of made-up speech by voices that the bundled model never heard: with pauses of up to three seconds, and with
hardly any (under 0.1 s). Case and punctuation count as errors. Needs libespeak-ng1, python3-numpy and python3-scipy.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))
import forecast  # noqa: E402

BLOCK_SECONDS = 600
CLIP_MARGIN_SECONDS = 0.25
SETS = {"pauses": None, "dense": (0.02, 0.1)}


def word_errors(said, heard):
    """Least number of words to insert, delete or replace."""
    places = np.arange(len(heard) + 1)
    row = places.copy()
    heard = np.array(heard, dtype=object)
    for i, word in enumerate(said, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (heard != word))
        row = np.minimum.accumulate(np.concatenate(([i], best)) - places) + places
    return int(row[-1])


def transcribe(build, files, domain, extra):
    """-> the JSON of each file"""
    command = [build / "gst/program/kyutaistt", "transcribe", ROOT / "examples/model", *files, "--domain", domain,
               "--format", "json", *extra]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in out.stdout.decode().splitlines()]


def write_clips(folder, sound, utterances):
    files = []
    for number, utterance in enumerate(utterances):
        begin = max(0, int((utterance["start"] - CLIP_MARGIN_SECONDS) * forecast.RATE))
        end = int((utterance["end"] + CLIP_MARGIN_SECONDS) * forecast.RATE)
        before = utterances[number - 1]["end"] if number else 0
        after = utterances[number + 1]["start"] if number + 1 < len(utterances) else len(sound) / forecast.RATE
        begin, end = max(begin, int(before * forecast.RATE)), min(end, int(after * forecast.RATE))
        files.append(folder / f"{number:05}.wav")
        forecast.write_wave(str(files[-1]), sound[begin:end])
    return files


def blocks_of(utterances, words):
    """-> (said, heard) of every ten minutes, cut where an utterance begins"""
    cuts, next_cut = [0.0], BLOCK_SECONDS
    for utterance in utterances:
        if utterance["start"] >= next_cut:
            cuts.append(utterance["start"] - 0.1)
            next_cut += BLOCK_SECONDS
    cuts.append(float("inf"))
    for begin, end in zip(cuts, cuts[1:]):
        yield ([u for u in utterances if begin <= u["start"] < end],
               [w["text"] for w in words if begin <= w["start"] < end])


def measure(build, sound, utterances, folder, language, extra):
    whole = folder / "whole.wav"
    forecast.write_wave(str(whole), sound)
    words = transcribe(build, [whole], "asr_is_" + language, extra)[0]["words"]
    said = " ".join(u[language] for u in utterances).split()
    errors = word_errors(said, [w["text"] for w in words])
    rates = []
    for block, heard in blocks_of(utterances, words):
        block_said = " ".join(u[language] for u in block).split()
        rates.append(100 * word_errors(block_said, heard) / len(block_said))
    return 100 * errors / len(said), rates, len(said)


def measure_clips(build, files, utterances, language):
    clips = transcribe(build, files, "asr_is_" + language, [])
    errors = sum(word_errors(u[language].split(), clip["text"].split()) for u, clip in zip(utterances, clips))
    return 100 * errors / sum(len(u[language].split()) for u in utterances)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--no-relay", action="store_true")
    options = parser.parse_args()
    extra = ["--no-relay"] if options.no_relay else []
    print("| speech | text | words | as clips | as one stream | each ten minutes |\n|---|---|---|---|---|---|")
    for name, pauses in SETS.items():
        sound, utterances = forecast.record(random.Random(options.seed), forecast.Speaker(), forecast.UNSEEN,
                                            options.hours * 3600, pauses)
        sound = sound / np.abs(sound).max() * 0.7
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            files = write_clips(folder, sound, utterances)
            for language in ("is", "en"):
                rate, rates, words = measure(options.build, sound, utterances, folder, language, extra)
                clips = measure_clips(options.build, files, utterances, language)
                print(f"| {name} | {language} | {words} | {clips:.2f} % | {rate:.2f} % | "
                      + ", ".join(f"{r:.1f}" for r in rates) + " |", flush=True)


if __name__ == "__main__":
    main()
