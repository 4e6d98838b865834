#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recognises the sample recordings and compares the words with what was said, and the tokens with
what the original implementation makes of them.

    compare.py MANIFEST MODEL        # the program `kyutaistt` must be on PATH

Exits with 1 if a token or a word error differs from the reference.
"""
import json
import os
import subprocess
import sys

DOMAINS = {"asr_is_is": "is", "asr_is_en": "en"}
NAMES = {"is": "Icelandic", "en": "English"}


def word_errors(said, heard):
    """Least number of words to insert, delete or replace; case and punctuation count."""
    said, heard = said.split(), heard.split()
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != found))
    return row[-1]


def transcribe(model, domain, files):
    command = ["kyutaistt", "transcribe", model, *files, "--domain", domain, "--format", "json",
               "--tokens", "--raw-samples", "--precision", "f32"]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def compare_domain(clips, folder, model, domain):
    """Prints a clip after the other; returns (differences, {set: [errors, words]})."""
    language = DOMAINS[domain]
    results = transcribe(model, domain, [os.path.join(folder, clip["file"]) for clip in clips])
    differences, totals = 0, {}
    for clip, result in zip(clips, results):
        reference = clip["reference"][domain]
        said = clip[language]
        errors = word_errors(said, result["text"])
        # We say one token more: the reference stops before the last frame is heard.
        same_tokens = result["tokens"][:len(reference["tokens"])] == reference["tokens"]
        total = totals.setdefault(clip["set"], [0, 0])
        total[0] += errors
        total[1] += len(said.split())
        print(f"{clip['file']}")
        print(f"  said   {said}")
        print(f"  heard  {result['text']}")
        if errors:
            print(f"  {errors} of {len(said.split())} words differ")
        if errors != reference["errors"]:
            print(f"  DIFFERENT: the reference has {reference['errors']} word errors")
            differences += 1
        if not same_tokens:
            print("  DIFFERENT: the tokens are not the reference's")
            differences += 1
    return differences, totals


def main():
    manifest_path, model = sys.argv[1:]
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    folder = os.path.dirname(manifest_path)
    differences, summary = 0, []
    for domain, language in DOMAINS.items():
        print(f"\n== All samples, domain {domain}: {NAMES[language]}\n")
        found, totals = compare_domain(manifest["clips"], folder, model, domain)
        differences += found
        for name, (errors, words) in totals.items():
            expected = manifest["reference_wer"][name][language]
            summary.append((name, NAMES[language], errors, words, expected))
            differences += abs(errors / words - expected) > 1e-9
    print("\n== Word error rate\n")
    print(f"{'set':10}{'language':12}{'errors':>8}{'words':>8}{'rate':>9}{'reference':>11}")
    for name, language, errors, words, expected in summary:
        print(f"{name:10}{language:12}{errors:8}{words:8}{errors / words:9.2%}{expected:11.2%}")
    if differences:
        print(f"\n{differences} differences from the reference.")
        return 1
    print("\nAll tokens and word error rates are the reference's.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
