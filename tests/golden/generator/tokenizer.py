# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sentencepiece model, the tokenizer.json made from it, and what ids mean as text."""
import os
import shutil
import tempfile

import reference

from generator.settings import report
from generator.timed_words import write_timed_words

LINES = """Það er gott veður í dag og sólin skín.
Hvað er klukkan núna? Hún er hálf átta.
Ég heiti Þórður og ég bý á Akureyri með fjölskyldunni minni.
Við förum út á morgun ef veðrið verður gott.
Þetta er íslenska og þetta er enska.
Forsætisráðherra sagði að þingið kæmi saman á morgun.
The weather is good today and the sun is shining.
What time is it now? It is half past seven.
This is a test of the speech recogniser, and it is only a test.
We will go out tomorrow if the weather is good.
Good evening, and welcome to the evening news.
She said that the meeting would be held in the morning.
"""

SPACE = "\u2581"


class Pieces:
    """The pieces of a tokenizer, and the ids of some of them."""

    def __init__(self, processor):
        self.processor = processor
        self.names = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
        self._bytes = {piece: i for i, piece in enumerate(self.names) if piece.startswith("<0x")}

    def encode(self, text):
        return self.processor.encode(text)

    def byte_ids(self, text):
        """The text in byte pieces."""
        return [self._bytes[f"<0x{byte:02X}>"] for byte in text.encode()]

    def id_of(self, piece):
        return self.processor.piece_to_id(piece)

    def word(self, length):
        """A piece that begins a word and is longer than so many characters."""
        return next(i for i, piece in enumerate(self.names)
                    if i > 260 and piece.startswith(SPACE) and len(piece) > length)


def train(settings):
    """Writes tokenizer/tokenizer.model."""
    import sentencepiece
    target, here = os.path.abspath(settings.path("tokenizer", "tokenizer.model")), os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the model file records these names
        with open("lines.txt", "w", encoding="utf-8") as file:
            file.write(LINES)
        sentencepiece.SentencePieceTrainer.train(
            input="lines.txt", model_prefix="tok", vocab_size=settings.pieces, model_type="unigram",
            byte_fallback=True, character_coverage=0.985, unk_id=0, bos_id=1, eos_id=2, pad_id=3,
            normalization_rule_name="identity", num_threads=1, minloglevel=2)
        os.chdir(here)
        shutil.copy(os.path.join(folder, "tok.model"), target)
    return Pieces(sentencepiece.SentencePieceProcessor(model_file=target))


def convert(settings, pieces):
    """Writes tokenizer/tokenizer.json as transformers' conversion of a checkpoint does."""
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import MoshiConverter
    converted = MoshiConverter(settings.path("tokenizer", "tokenizer.model")).converted()
    fast = PreTrainedTokenizerFast(tokenizer_object=converted, chat_template=None, unk_token="<unk>",
                                   model_input_names=["input_ids", "attention_mask"],
                                   clean_up_tokenization_spaces=False, bos_token="<s>", eos_token="</s>",
                                   pad_token="<pad>")
    fast.save_pretrained(settings.folder("tokenizer"))
    assert pieces.names[:4] == ["<unk>", "<s>", "</s>", "<pad>"] and len(pieces.names) < settings.vocabulary
    assert [fast.convert_ids_to_tokens(i) for i in range(len(pieces.names))] == pieces.names
    return fast


def text_cases(settings, pieces):
    """(what it is about, ids)"""
    encode, byte_ids, word = pieces.encode, pieces.byte_ids, pieces.word
    thorn = byte_ids("þ")
    return [
        ("Icelandic sentence", encode("Það er gott veður í dag.")),
        ("English sentence with punctuation", encode("What time is it now? It is half past seven.")),
        ("characters outside the pieces become byte pieces", encode("Ýmsir xylófónar, Q & Z!")),
        ("thorn, eth, ae as bytes only", byte_ids("þæð")),
        ("emoji as four byte pieces", byte_ids("🙂")),
        ("byte pieces between normal pieces", [word(3)] + byte_ids("ð") + [word(2)]),
        ("a multi-byte character split by pads (pads are dropped before bytes are joined)",
         [word(3), thorn[0], 3, 3, thorn[1], word(2)]),
        ("a lone lead byte at the end: not valid UTF-8", [word(3), thorn[0]]),
        ("a lone continuation byte", [thorn[1], word(3)]),
        ("two bytes of an emoji, then a piece", byte_ids("🙂")[:2] + [word(2)]),
        ("a newline byte", [word(3), byte_ids("\n")[0], word(2)]),
        ("leading space of the first piece is dropped, once", encode("gott gott")),
        ("first piece without a space", [pieces.id_of("."), word(3)]),
        ("the space piece alone, twice, then a word", [pieces.id_of(SPACE)] * 2 + [word(2)]),
        ("control ids 0 1 2 3 are dropped", [3, 3, 0, word(3), 3, 1, 0, word(2), 2, 3]),
        ("ids beyond the tokenizer are dropped",
         [word(3), len(pieces.names), settings.vocabulary - 1, settings.vocabulary + 100, word(2)]),
        ("empty", []), ("only pads", [3, 3, 3, 0, 3]),
    ]


def write_texts(settings, fast, pieces):
    rows = []
    for about, ids in text_cases(settings, pieces):
        text = reference.pieces_to_text(ids, pieces.names)
        row = {"about": about, "ids": ids, "text": text}
        by_transformers = fast.decode(ids, skip_special_tokens=True)
        by_sentencepiece = pieces.processor.decode([i for i in ids if 3 < i < len(pieces.names)])
        if by_transformers != text:
            row["transformers_gives"] = by_transformers
        if by_sentencepiece != text:
            row["sentencepiece_gives"] = by_sentencepiece
        rows.append(row)
    settings.write_json(
        {"rule": "drop ids 0..3 and ids >= piece count; join; runs of <0xNN> are UTF-8 (an invalid run gives U+FFFD "
                 "for each byte); U+2581 is a space; drop one leading space. `transformers_gives` "
                 "(skip_special_tokens=True) and `sentencepiece_gives` (ids as filtered) appear only where they "
                 "differ from `text`.",
         "piece_count": len(pieces.names), "cases": rows}, "tokenizer", "tokens.json")
    for program in ("transformers", "sentencepiece"):
        report(f"texts equal to those of {program}",
               f"{sum(program + '_gives' not in row for row in rows)} of {len(rows)}")


def write_added_tokens(settings, pieces):
    """The same tokenizer.json with tokens appended in its `added_tokens` section, as in an extended vocabulary."""
    from tokenizers import AddedToken, Tokenizer
    tokenizer = Tokenizer.from_file(settings.path("tokenizer", "tokenizer.json"))
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (SPACE + "góðan", "daginn", "<is>")])
    tokenizer.add_special_tokens([AddedToken("<|end|>", normalized=False, special=True)])
    tokenizer.save(settings.path("tokenizer", "added", "tokenizer.json"))
    first = len(pieces.names)
    special = first + 3
    added = [tokenizer.id_to_token(first + k) for k in range(4)]
    thorn = pieces.byte_ids("þ")
    rows = []
    for about, ids in (
            ("added tokens decode like pieces", [pieces.word(3), first, first + 1, pieces.word(2)]),
            ("first of all", [first, first + 1]),
            ("a tag is ordinary text", [first + 2, first, first + 1]),
            ("an added token marked special is dropped", [first, special, first + 1]),
            ("byte pieces before an added token", [pieces.word(3), *thorn, first + 1]),
            ("an id beyond the added tokens is dropped", [first, first + 4, first + 1])):
        text = reference.pieces_to_text([i for i in ids if i != special], pieces.names + added)
        row = {"about": about, "ids": ids, "text": text}
        by_transformers = tokenizer.decode(ids, skip_special_tokens=True)
        if by_transformers != text:
            row["transformers_gives"] = by_transformers
        rows.append(row)
    settings.write_json(
        {"rule": "as in ../tokens.json; an added token with `special` true is dropped, another one is treated like "
                 "a piece",
         "piece_count": first, "added": added, "cases": rows}, "tokenizer", "added", "tokens.json")
    report("texts with added tokens equal to those of transformers",
           f"{sum('transformers_gives' not in row for row in rows)} of {len(rows)}")


def make_tokenizer(settings):
    """Writes the folder tokenizer/ and returns its pieces."""
    pieces = train(settings)
    fast = convert(settings, pieces)
    write_texts(settings, fast, pieces)
    write_added_tokens(settings, pieces)
    write_timed_words(settings, pieces)
    return pieces.names
