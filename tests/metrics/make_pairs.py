#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pairs of texts with their scores by jiwer and sacreBLEU, which test_metrics.cpp holds ours against.

    python3 -m venv venv && venv/bin/pip install jiwer==4.0.0 sacrebleu==2.6.0
    venv/bin/python make_pairs.py ../../examples/samples/manifest.json >pairs.jsonl

The real pairs are what was said in the samples and what the reference implementation makes of them,
in both languages; the random ones are spoiled sentences, and words of all scripts with punctuation,
numbers, entities and odd white space. The last line has the scores of all of them together.
"""
import json
import random
import sys

import jiwer
import sacrebleu

SEED = 7
RANDOM_PAIRS = 220
NORMAL = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation()])
ODD = ["ÞÓRÐUR", "Ægir", "İstanbul", "ΟΔΟΣ", "ß", "ﬁ", "Москва", "東京", "naïve", "e\u0301", "𝒜", "👍🏽",
       "3.5", "1,000", "10-12", "well-known", "don't", "„gæsalappir“", "«quoi»", "—", "…", "¿qué?", "&quot;",
       "&amp;lt;", "<skipped>", "a/b", "x@y.is", "100%", "+5°", "C++", "$9", "(já)", "end.", "U.S.", "a_b",
       "`code`", "~", "^", "=", "|", "\u200b", "-", "5-", "-5", "1.", ".5", ",", "þ.e.a.s."]
SPACES = [" "] * 20 + ["  ", "\t", "\u00a0", "\u3000", "\n", "-\n", "\u2028", "\x1f", "\x85"]


def squeezed(text):
    # jiwer's own transformations know ASCII's white space only.
    return " ".join(text.split())


def normalised(text):
    return squeezed(NORMAL(text))


def spoil(rng, words, vocabulary):
    result = []
    for word in words:
        kind = rng.random()
        if kind < 0.1:
            continue
        if kind < 0.2:
            result.append(rng.choice(vocabulary))
        elif kind < 0.25:
            result.append(word.lower())
        elif kind < 0.3:
            result.append(word[1:] or word)
        else:
            result.append(word)
        if rng.random() < 0.1:
            result.append(rng.choice(vocabulary))
    if rng.random() < 0.1:
        rng.shuffle(result)
    return result


def random_pair(rng, sentences):
    vocabulary = sorted({word for sentence in sentences for word in sentence.split()})
    if rng.random() < 0.5:
        vocabulary += ODD * 4
    # From a few words, many of them equal, to more than the 64 of a machine word.
    if rng.random() < 0.3:
        vocabulary = rng.sample(vocabulary, 4)
    if rng.random() < 0.6:
        said = [rng.choice(vocabulary) for _ in range(rng.choice([1, 2, 5, 12, 30, 63, 64, 65, 150]))]
    else:
        said = rng.choice(sentences).split()
    heard = [] if rng.random() < 0.03 else spoil(rng, said, vocabulary)

    def join(words):
        return "".join(word + rng.choice(SPACES) for word in words)
    return join(said), join(heard)


def words(said, heard):
    found = jiwer.process_words(said, heard)
    return [found.hits, found.substitutions, found.deletions, found.insertions]


def characters(said, heard):
    found = jiwer.process_characters(said, heard)
    return [found.substitutions + found.deletions + found.insertions,
            found.hits + found.substitutions + found.deletions]


def scores(pairs):
    """Of one or of several."""
    said, heard = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    plain = [[squeezed(text) for text in texts] for texts in (said, heard)]
    normal = [[normalised(text) for text in texts] for texts in (said, heard)]
    keep = [i for i, text in enumerate(plain[0]) if text]
    keep_normal = [i for i, text in enumerate(normal[0]) if text]
    return {
        "words": words(*[[texts[i] for i in keep] for texts in plain]),
        "characters": characters(*[[texts[i] for i in keep] for texts in plain]),
        "normal_words": words(*[[texts[i] for i in keep_normal] for texts in normal]) if keep_normal else None,
        "normal_characters":
            characters(*[[texts[i] for i in keep_normal] for texts in normal]) if keep_normal else None,
        "bleu": sacrebleu.BLEU().corpus_score(heard, [said]).score,
        "chrf": sacrebleu.CHRF().corpus_score(heard, [said]).score,
    }


def main():
    rng = random.Random(SEED)
    with open(sys.argv[1], encoding="utf-8") as file:
        clips = json.load(file)["clips"]
    pairs = [(clip[language], clip["reference"][domain]["text"])
             for domain, language in (("asr_is_is", "is"), ("asr_is_en", "en")) for clip in clips]
    sentences = [said for said, _ in pairs]
    pairs += [random_pair(rng, sentences) for _ in range(RANDOM_PAIRS)]
    for said, heard in pairs:
        line = {"said": said, "heard": heard, "normal": [normalised(said), normalised(heard)]}
        print(json.dumps({**line, **scores([(said, heard)])}, ensure_ascii=False))
    print(json.dumps(scores(pairs)))


if __name__ == "__main__":
    main()
