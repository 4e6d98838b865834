# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the fixtures are made of: sizes, seeds, margins, and where everything goes."""
import json
import os
from dataclasses import dataclass

import numpy as np

RECORDINGS = ("speech4", "long7")
FRAME_SAMPLES = 1920

# The ids of every tokenizer of the family.
BOUNDARY, PAD = 0, 3
CONTROL_IDS = 4


@dataclass(frozen=True)
class Settings:
    """Small shapes in which nothing is equal by chance."""
    out: str
    seed: int = 1

    vocabulary: int = 400
    pieces: int = 360
    hidden: int = 64
    layers: int = 3
    heads: int = 4
    feed_forward: int = 176
    window: int = 24
    rope_base: float = 100000.0
    norm_epsilon: float = 1e-8

    codebooks: int = 8
    codebook_size: int = 64
    codebook_dimension: int = 16
    codec_filters: int = 4
    codec_hidden: int = 32
    codec_layers: int = 2
    codec_heads: int = 4
    codec_feed_forward: int = 64
    codec_window: int = 20
    codec_rope_base: float = 10000.0
    codec_norm_epsilon: float = 1e-5
    # From the audio on.
    strides: tuple = (4, 5, 6, 8)

    delay: float = 0.5
    # hf-bf16 has a delay of its own, and silence before the audio.
    bf16_delay: float = 0.7
    bf16_prefix: float = 0.25

    # How far apart the nearest two codebook entries, and the best two logits, are at least.
    code_margin: float = 2e-3
    logit_margin: float = 4e-3

    @property
    def codebook_rows(self):
        """A codebook's rows in the embedding: its entries and the start entry."""
        return self.codebook_size + 1

    @property
    def text_start(self):
        return self.vocabulary - 1

    @property
    def audio_start(self):
        return self.codebook_size

    @property
    def audio_pad(self):
        return self.vocabulary + self.codebooks * self.codebook_rows

    @property
    def high_text_start(self):
        """A text start id beyond the text rows: it is an audio row of the embedding."""
        return self.vocabulary + 3 * self.codebook_rows + 17

    @property
    def prompt(self):
        """Stands for a domain's tokens; the first id is beyond the tokenizer."""
        return [self.vocabulary - 9, 330, 331, 371]

    @property
    def forced(self):
        return self.prompt + [PAD] * 12

    def random(self, purpose):
        """Random numbers of their own for every purpose."""
        return np.random.default_rng([self.seed, purpose])

    def path(self, *parts):
        """A file in the output, whose folder is there."""
        path = os.path.join(self.out, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def folder(self, name):
        path = os.path.join(self.out, name)
        os.makedirs(path, exist_ok=True)
        return path

    def write_json(self, content, *parts):
        with open(self.path(*parts), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.write("\n")


def report(what, outcome):
    print(f"{what}: {outcome}", flush=True)
