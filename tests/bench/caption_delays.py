#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures when a word that was said is on a viewer's screen, for each way of writing captions.

    caption_delays.py [--model FOLDER] [--seconds 600] [--seed N]    # a table as Markdown goes to standard output

Elements of all kinds hear the same made-up speech, whose words' true times are known, on a clock that is the audio's
(caption_modes.py): computing adds to the figures what docs/performance.md says.

Without synchronisation a text is seen when it comes. With it, as over a picture, all is seen later by the latency that
the element reports in a live pipeline; words that came later than that are counted.

Needs the plugin in GST_PLUGIN_PATH, python3-gi, gir1.2-gst-plugins-base-1.0, libespeak-ng1, python3-numpy and
python3-scipy.
"""
import argparse
import difflib
import pathlib
import random
import sys

import numpy as np

import caption_modes

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "examples"))
import forecast  # noqa: E402


def new_words(before, words):
    """Those that follow the words before, from whose lines some may have rolled away."""
    for known in range(min(len(before), len(words)), 0, -1):
        if before[-known:] == words[:known]:
            return words[known:]
    return words


def words_of(texts, rolls):
    """Each word that was seen, and the text that brought it."""
    before = []
    for text in texts:
        words = text.text.split()
        for word in new_words(before, words) if rolls else words:
            yield word, text
        before = words


def align(said, heard):
    """The words that were heard as they were said: when they began, and the text that brought them."""
    match = difflib.SequenceMatcher(None, [word for word, _ in said], [word for word, _ in heard], autojunk=False)
    for block in match.get_matching_blocks():
        for i in range(block.size):
            yield said[block.a + i][1], heard[block.b + i][1]


def report(name, captions, said):
    found = list(align(said, list(words_of(captions.texts, name == "line"))))
    delays = np.array([text.came - began for began, text in found])
    late = sum(text.came > text.start + captions.latency for _, text in found)
    median, p95 = np.percentile(delays, [50, 95])
    print(f"| {name} | {median:.2f} | {p95:.2f} | {delays.max():.2f} | {captions.latency:.2f} | {late} | "
          f"{len(found)} of {len(said)} | {len(captions.texts)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(ROOT / "examples" / "model"))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    caption_modes.Gst.init([])
    sound, utterances = forecast.record(random.Random(options.seed), forecast.Speaker(), forecast.UNSEEN,
                                        options.seconds)
    sound = (sound / np.abs(sound).max() * 0.7).astype(np.float32)
    said = [pair for utterance in utterances for pair in zip(utterance["is"].split(), utterance["word_starts"])]
    modes = {name: caption_modes.Captions(options.model, "asr_is_is", properties)
             for name, properties in caption_modes.MODES.items()}
    caption_modes.listen(modes.values(), sound)
    print("Seconds.\n\n| captions | median | p95 | longest | latency | words later | words found | texts |\n"
          "|---|---|---|---|---|---|---|---|")
    for name, captions in modes.items():
        report(name, captions, said)


if __name__ == "__main__":
    main()
