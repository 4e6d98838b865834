#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Word error rates of a recording of hours, which must stay flat, beside those of the same speech cut into clips.

    long_streams.py BUILD [--hours H] [--seed N] [--plot SVG]    # a table as Markdown goes to standard output

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

COLOURS = {("pauses", "is"): "#4477aa", ("pauses", "en"): "#228833",
           ("dense", "is"): "#cc6677", ("dense", "en"): "#aa7722"}
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 720, 360, 60, 150, 45, 20


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
    """-> word error rate, that of each ten minutes, words"""
    whole = folder / "whole.wav"
    forecast.write_wave(str(whole), sound)
    # One stream, and not the pieces that a file is cut into.
    words = transcribe(build, [whole], "asr_is_" + language, ["--parallel", "1", *extra])[0]["words"]
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


def plot(lines, path):
    """The error rate of each ten minutes. `lines`: [(set, language, with relay, rates)]"""
    blocks = max(len(rates) for *_, rates in lines)
    highest = max(max(rates) for *_, rates in lines)

    def place(block, rate):
        x = LEFT + (WIDTH - LEFT - RIGHT) * (block + 0.5) / blocks
        # Below one percent nothing is drawn; each step of the scale doubles the rate.
        return x, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * np.log2(max(rate, 1)) / np.log2(highest)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    rate = 1
    while rate <= highest:
        _, y = place(0, rate)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{rate} %</text>'
                     f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#eee"/>')
        rate *= 2
    for block in range(blocks):
        x, y = place(block, 1)
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{(block + 1) * 10}</text>')
    labels = []
    for name, language, relay, rates in lines:
        points = [place(block, rate) for block, rate in enumerate(rates)]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = "" if relay else ' stroke-dasharray="4 4"'
        parts.append(f'<polyline points="{text}" fill="none" stroke="{COLOURS[name, language]}" '
                     f'stroke-width="2"{dashes}/>')
        labels.append((points[-1][1], f"{name}, {language}" + ("" if relay else ", no relay"), COLOURS[name, language]))
    lowest = 0
    for y, label, colour in sorted(labels):
        lowest = max(y, lowest + 14)
        parts.append(f'<text x="{WIDTH - RIGHT + 6}" y="{lowest + 4:.1f}" fill="{colour}">{label}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">minutes</text>'
                 f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
                 f'transform="rotate(-90 14 {HEIGHT / 2})">words wrong in ten minutes</text></svg>\n')
    path.write_text("\n".join(parts), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--plot", type=pathlib.Path, metavar="SVG", help="also measure without relay, and draw both")
    options = parser.parse_args()
    print("| speech | text | words | as clips | as one stream | without relay | each ten minutes |\n"
          "|---|---|---|---|---|---|---|")
    lines = []
    for name, pauses in SETS.items():
        sound, utterances = forecast.record(random.Random(options.seed), forecast.Speaker(), forecast.UNSEEN,
                                            options.hours * 3600, pauses)
        sound = sound / np.abs(sound).max() * 0.7
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            files = write_clips(folder, sound, utterances)
            for language in ("is", "en"):
                rate, rates, words = measure(options.build, sound, utterances, folder, language, [])
                lines.append((name, language, True, rates))
                without = ""
                if options.plot:
                    total, off, _ = measure(options.build, sound, utterances, folder, language, ["--no-relay"])
                    lines.append((name, language, False, off))
                    without = f"{total:.1f} %"
                clips = measure_clips(options.build, files, utterances, language)
                print(f"| {name} | {language} | {words} | {clips:.2f} % | {rate:.2f} % | {without} | "
                      + ", ".join(f"{r:.1f}" for r in rates) + " |", flush=True)
    if options.plot:
        plot(lines, options.plot)


if __name__ == "__main__":
    main()
