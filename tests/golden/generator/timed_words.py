# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens to words with times. All times are in steps of 80 ms."""
import reference

from generator.settings import BOUNDARY, CONTROL_IDS, PAD

RULE = [
    "A token 0 is a boundary, 3 is a pad; both close the open word. Ids 1, 2 and ids beyond the tokenizer are ignored.",
    "A piece opens a new word when no word is open or when it begins with U+2581; otherwise it continues the word.",
    "start: if a boundary at index b stands before the word and no other word has used it: b + 1 - delay; "
    "otherwise i - delay with i the index of the word's first piece.",
    "last_piece: j + 1 - delay with j the index of the word's last piece.",
    "next_limit: the time of the next boundary (b + 1 - delay) or the start of the next word, whichever comes first in "
    "the stream; null if neither comes.",
    "end = min(last_piece + cap, next_limit), not before start. start is clamped to >= 0 and to the previous start.",
    "kyutai_events: what Kyutai's server emits, delay truncated to an integer: ignore index i while i + 1 < delay; "
    "0 or 3 after pieces emits the word with start = time of the previous 0; a 0 emits `end` for the word before it."]


def limit_words(words, time):
    """Something begins: words that know of nothing after them end there."""
    for word in words:
        word.setdefault("next_limit", time)


def collect_words(tokens, pieces, delay):
    """Words with unclamped times."""
    words, boundary, word = [], None, None
    for i, token in enumerate(tokens):
        if token in (BOUNDARY, PAD):
            word = None
            if token == BOUNDARY:
                boundary = i
                limit_words(words, i + 1 - delay)
            continue
        if token < CONTROL_IDS or token >= len(pieces):
            continue
        if word is None or pieces[token].startswith("\u2581"):
            start = boundary + 1 - delay if boundary is not None else i - delay
            limit_words(words, start)
            word = {"ids": [], "start": start}
            words.append(word)
            boundary = None
        word["ids"].append(token)
        word["last_piece"] = i + 1 - delay
    return words


def timed_words(tokens, pieces, delay, cap):
    """RULE, but for its last line."""
    result, floor = [], 0.0
    for word in collect_words(tokens, pieces, delay):
        start = max(word["start"], floor)
        end = word["last_piece"] + cap
        if "next_limit" in word:
            end = min(end, word["next_limit"])
        end = max(end, start)
        floor = start
        result.append({"text": reference.pieces_to_text(word["ids"], pieces), "ids": word["ids"], "start": start,
                       "end": end, "last_piece": word["last_piece"], "next_limit": word.get("next_limit")})
    return result


def kyutai_words(tokens, delay):
    """The last line of RULE: the state machine of Kyutai's server, for an integer delay."""
    events, word, unended, last_stop = [], [], False, 0
    for i, token in enumerate(tokens):
        if i + 1 < delay:
            continue
        if token not in (BOUNDARY, PAD):
            word.append(token)
            continue
        if word:
            events.append({"word": word, "start": last_stop})
            word, unended = [], True
        if token == BOUNDARY:
            stop = i + 1 - delay
            if unended:
                events.append({"end": stop})
                unended = False
            last_stop = stop
    return events


def word_cases(settings, pieces):
    """(what it is about, parts of the tokens, delay)"""
    encode = pieces.encode
    boundary = [BOUNDARY]

    def pads(count):
        return [PAD] * count

    return [
        ("usual stream: boundary before each word, pads between",
         [pads(8), boundary, encode("Það"), pads(2), boundary, encode("er"), pads(3), boundary, encode("gott"),
          pads(4), boundary, encode("veður"), pads(12)], 6.25),
        ("back to back words, no pad between",
         [pads(7), boundary, encode("Það"), boundary, encode("er"), boundary, encode("gott"), boundary,
          encode("veður"), pads(3), boundary, pads(4)], 6.0),
        ("several words after one boundary",
         [pads(9), boundary, encode("it is now"), pads(5), boundary, encode("good"), pads(9)], 6.25),
        ("no boundary is ever emitted: a word starts at its first piece",
         [pads(10), encode("good"), pads(2), encode("evening"), pads(20)], 6.0),
        ("long silence after a word: its end is capped",
         [pads(8), boundary, encode("Hún"), pads(30), boundary, encode("er"), pads(3)], 6.0),
        ("word open at the end of the stream", [pads(8), boundary, encode("sólin")], 6.0),
        ("byte pieces inside a word",
         [pads(8), boundary, [pieces.id_of("\u2581")] + pieces.byte_ids("þæð"), pads(2), boundary, encode("er"),
          pads(2)], 6.0),
        ("control ids and ids beyond the tokenizer do not open a word",
         [pads(8), [1], boundary, [settings.vocabulary - 1], encode("er"), [2], pads(3)], 6.0),
        ("words earlier than the delay are clamped to 0",
         [boundary, encode("er"), pads(2), boundary, encode("gott"), pads(12)], 62.5),
    ]


def write_timed_words(settings, pieces):
    cap = 8.0
    rows = []
    for about, parts, delay in word_cases(settings, pieces):
        tokens = [token for part in parts for token in part]
        rows.append({"about": about, "tokens": tokens, "delay_steps": delay, "cap_steps": cap,
                     "words": timed_words(tokens, pieces.names, delay, cap),
                     "kyutai_events": kyutai_words(tokens, int(delay))})
    settings.write_json({"unit": "steps of 80 ms; index = position of the token in `tokens`", "rule": RULE,
                         "cases": rows},
                        "tokenizer", "timed_words.json")
