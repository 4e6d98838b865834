#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the cues of an SRT file beside what was said, with the word error rate.

    show_subtitles.py MANIFEST CLIP DOMAIN SRT

Exits with 1 if the cues have more word errors than the reference's text.
"""
import json
import sys
import textwrap

from compare import DOMAINS, word_errors

COLUMN = 46


def read_cues(path):
    """[(times, text)] of an SRT file."""
    with open(path, encoding="utf-8") as file:
        blocks = file.read().strip().split("\n\n")
    lines = [block.splitlines() for block in blocks if block]
    return [(block[1], " ".join(block[2:])) for block in lines]


def main():
    manifest_path, name, domain, srt = sys.argv[1:]
    with open(manifest_path, encoding="utf-8") as file:
        clip = next(clip for clip in json.load(file)["clips"] if clip["file"] == name)
    said = clip[DOMAINS[domain]]
    cues = read_cues(srt)
    left = []
    for times, text in cues:
        left += [times, *textwrap.wrap(text, COLUMN - 2), ""]
    right = ["said:", *textwrap.wrap(said, COLUMN)]
    print()
    for i in range(max(len(left), len(right))):
        row = f"{left[i] if i < len(left) else '':{COLUMN}}{right[i] if i < len(right) else ''}"
        print("   " + row.rstrip() if row.strip() else "")
    errors, words = word_errors(said, " ".join(text for _, text in cues)), len(said.split())
    print(f"   word error rate {errors / words:.2%}: {errors} of {words} words")
    return 1 if errors > clip["reference"][domain]["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
