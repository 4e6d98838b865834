#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is lost, doubled or wrong where a stream goes on in a fresh context, beside the rest of it and beside clips.

    hand_overs.py BUILD [--minutes M] [--seed N]    # a table as Markdown goes to standard output

The words that were written are aligned with those that were said. A word belongs to a handover if it was written
within two seconds of it, on either side. Doubled: a word too many that is the same as one of its neighbours. Speech
and what it needs as in long_streams.py.
"""
import argparse
import collections
import pathlib
import random
import tempfile

import numpy as np

import long_streams
from long_streams import forecast

NEAR_SECONDS = 2
FRAME_SECONDS = 0.08
COLUMNS = ("lost", "doubled", "inserted", "replaced")


def align(said, heard):
    """-> [(index in said, index in heard)] of a shortest way, None where one of them has no word"""
    places = np.arange(len(heard) + 1)
    table = np.zeros((len(said) + 1, len(heard) + 1), np.int32)
    table[0] = places
    words = np.array(heard, dtype=object)
    for i, word in enumerate(said, 1):
        row = table[i - 1]
        best = np.minimum(row[1:] + 1, row[:-1] + (words != word))
        table[i] = np.minimum.accumulate(np.concatenate(([i], best)) - places) + places
    i, j, pairs = len(said), len(heard), []
    while i or j:
        if i and j and table[i, j] == table[i - 1, j - 1] + (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and table[i, j] == table[i - 1, j] + 1:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def kinds_of(said, heard):
    """-> (kind, index of the word in `heard` that it is at) of every word: "right" or one of COLUMNS"""
    at = 0
    for i, j in align(said, heard):
        if i is None:
            neighbours = heard[max(0, j - 1):j] + heard[j + 1:j + 2]
            yield ("doubled" if heard[j] in neighbours else "inserted"), j
        elif j is None:
            yield "lost", min(at, len(heard) - 1)
        else:
            yield ("right" if said[i] == heard[j] else "replaced"), j
        at = at if j is None else j + 1


def print_row(speech, language, place, counts, handovers=""):
    words = counts["right"] + counts["replaced"] + counts["lost"]
    parts = [f"{100 * counts[kind] / words:.2f} %" for kind in COLUMNS]
    wrong = 100 * sum(counts[kind] for kind in COLUMNS) / words
    parts.append(f"{wrong:.2f} %")
    print(f"| {speech} | {language} | {place} | {handovers} | {words} | {' | '.join(parts)} |", flush=True)


def inspect(build, speech, sound, utterances, folder, language):
    whole = folder / "whole.wav"
    forecast.write_wave(str(whole), sound)
    transcript = long_streams.transcribe(build, [whole], "asr_is_" + language, ["--tokens"])[0]
    handovers = np.array(transcript["relays"]) * FRAME_SECONDS
    # A word is written a delay after it was said.
    written = np.array([word["start"] for word in transcript["words"]]) + transcript["delay"]
    said = " ".join(u[language] for u in utterances).split()
    near, far = collections.Counter(), collections.Counter()
    for kind, j in kinds_of(said, [word["text"] for word in transcript["words"]]):
        distance = np.abs(handovers - written[j]).min()
        (near if distance <= NEAR_SECONDS else far)[kind] += 1
    print_row(speech, language, "at handovers", near, len(handovers))
    print_row(speech, language, "elsewhere", far)


def inspect_clips(build, speech, files, utterances, language):
    counts = collections.Counter()
    clips = long_streams.transcribe(build, files, "asr_is_" + language, [])
    for utterance, clip in zip(utterances, clips):
        counts.update(kind for kind, _ in kinds_of(utterance[language].split(), clip["text"].split()))
    print_row(speech, language, "as clips", counts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=2027)
    options = parser.parse_args()
    print("| speech | text | where | handovers | words | " + " | ".join(COLUMNS) + " | wrong |")
    print("|---|---|---|---|---|" + "---|" * len(COLUMNS) + "---|")
    for speech, pauses in long_streams.SETS.items():
        sound, utterances = forecast.record(random.Random(options.seed), forecast.Speaker(), forecast.UNSEEN,
                                            options.minutes * 60, pauses)
        sound = sound / np.abs(sound).max() * 0.7
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            files = long_streams.write_clips(folder, sound, utterances)
            for language in ("is", "en"):
                inspect(options.build, speech, sound, utterances, folder, language)
                inspect_clips(options.build, speech, files, utterances, language)


if __name__ == "__main__":
    main()
