# SPDX-License-Identifier: LGPL-2.1-or-later
"""Moves codebooks and the text head until no decision is close, so that float32 cannot turn one over."""
import numpy as np
import reference

from generator.settings import BOUNDARY, FRAME_SAMPLES, PAD, RECORDINGS, report
from generator.weights import checkpoint_of, prepared, quantizers, with_bf16_language_model


def whole_frames(samples):
    return samples[:len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]


def twice_first(samples):
    """The first frame comes twice, and the last is left out, as with audio_window_size 1."""
    count = len(whole_frames(samples))
    return np.concatenate([samples[:FRAME_SAMPLES], samples])[:count]


def all_latents(settings, tensors):
    """What the quantizers get in any of the recorded runs."""
    checkpoint, latents = checkpoint_of(settings, tensors), []

    def add(samples, rule="exact"):
        latents.append(reference.Mimi(checkpoint, np.float64, rule).latents(samples))

    for recording in RECORDINGS:
        samples = whole_frames(prepared(settings, recording, settings.delay))
        add(samples)
        add(twice_first(samples))
        add(samples, "ring2")
        add(twice_first(samples), "frame")
        add(whole_frames(prepared(settings, recording, settings.bf16_delay, settings.bf16_prefix)))
    return np.concatenate(latents)


def fit_codebook(settings, random, tensors, codebook, residuals):
    """Fills one codebook with residuals of real frames plus noise; returns what it leaves of the residuals."""
    clamp = np.maximum(tensors[codebook + "cluster_usage"], np.float32(1e-5))[:, None]
    entries, dimension = settings.codebook_size, settings.codebook_dimension
    book = residuals[random.permutation(len(residuals))[:entries]] * random.uniform(0.5, 0.9, (entries, 1)) \
        + random.standard_normal((entries, dimension)) * residuals.std() * 0.1
    for _ in range(20000):
        tensors[codebook + "embed_sum"] = (book * clamp).astype(np.float32)
        book = (tensors[codebook + "embed_sum"] / clamp).astype(np.float64)
        distances = np.sqrt(((residuals[:, None] - book[None]) ** 2).sum(-1))
        nearest = np.argsort(distances, 1)[:, :2]
        first, second = (np.take_along_axis(distances, nearest[:, i:i + 1], 1)[:, 0] for i in (0, 1))
        worst = int(((second - first) / second).argmin())
        if (second - first)[worst] / second[worst] > settings.code_margin:
            return residuals - book[nearest[:, 0]]
        near, far = nearest[worst]
        book = book.copy()
        book[near] += 0.004 * (residuals[worst] - book[near])
        book[far] -= 0.004 * (residuals[worst] - book[far])
    raise SystemExit("codebook margins not reached")


def fit_codebooks(settings, tensors):
    random = settings.random(3)
    latents = all_latents(settings, tensors)
    for prefix, books in quantizers(settings):
        residuals = latents @ tensors[prefix + "input_proj.weight"][:, :, 0].T.astype(np.float64)
        for book in range(books):
            residuals = fit_codebook(settings, random, tensors, f"{prefix}layers.{book}.codebook.", residuals)


def recorded_runs(settings, tensors):
    """Every decoding run that is recorded: (precision, codes, text start id, forced tokens)."""
    runs = []
    for recording in RECORDINGS:
        samples = prepared(settings, recording, settings.delay)
        prefixed = prepared(settings, recording, settings.bf16_delay, settings.bf16_prefix)

        def codes(alignment, rule="exact", audio=samples):
            return reference.frames_for(checkpoint_of(settings, tensors), audio, alignment, np.float64, rule)[0]

        aligned, window1, bf16_aligned = codes("aligned"), codes("hf_window1"), codes("aligned", audio=prefixed)
        start, high_start = settings.text_start, settings.high_text_start
        for forced in ((), settings.forced):
            # The last is written nowhere, but has its part in the fixtures as they are.
            runs += [("f32", aligned, start, forced), ("f32", window1, high_start, forced),
                     ("bf16", bf16_aligned, start, forced), ("bf16", aligned, start, forced)]
        runs += [("f32", codes("drop_first"), start, ()), ("f32", codes("aligned", "ring2"), start, ()),
                 ("f32", codes("hf_window1", "frame"), high_start, ())]
    return runs


def decode_with_hidden(settings, tensors, codes, text_start, forced):
    """(logits, what the head multiplies), both of every position"""
    checkpoint = checkpoint_of(settings, tensors)
    model = reference.LanguageModel(checkpoint, np.float64)
    rows, step = [], model.step

    def recording_step(*arguments, **options):
        result = step(*arguments, **options)
        rows.append(model.hidden)
        return result

    model.step = recording_step
    _, logits, _ = reference.decode(checkpoint, codes, forced, text_start, np.float64, lm=model)
    return logits, np.array(rows)


def favour_pads_and_boundaries(settings, tensors, runs):
    """So that there are words."""
    head = tensors["lm_head.weight"]
    hidden = np.concatenate([decode_with_hidden(settings, tensors, codes, start, forced)[1]
                             for precision, codes, start, forced in runs if precision == "f32"])
    mean = hidden.mean(0)
    unit = mean / (mean @ mean)
    head[PAD] += (7.0 * unit).astype(np.float32)
    head[BOUNDARY] += (5.0 * unit).astype(np.float32)
    random = settings.random(4)
    noise = random.standard_normal(settings.hidden).astype(np.float32)
    head[BOUNDARY] += noise * np.float32(2 / np.sqrt(settings.hidden))


def separate_run(settings, head, logits, hidden, forced, goal):
    """Moves the head's rows where the best two logits are too close; returns in how many places."""
    best = np.argsort(logits, 1)[:, -2:]
    values = np.take_along_axis(logits, best, 1)
    spread = logits.max(1) - logits.min(1)
    gap = (values[:, 1] - values[:, 0]) / spread
    gap[:len(forced)] = np.inf
    close = np.nonzero(gap < goal)[0][:4]
    for position in close:
        row = hidden[position]
        push = 0.6 * goal * spread[position] * row / (row @ row)
        for token, sign in ((best[position, 1], 1), (best[position, 0], -1)):
            if token != settings.text_start:
                head[token] += (sign * push).astype(np.float32)
    return len(close)


def fit_head(settings, tensors):
    runs = recorded_runs(settings, tensors)
    favour_pads_and_boundaries(settings, tensors, runs)
    for iteration in range(300):
        moved = 0
        weights = {"f32": tensors, "bf16": with_bf16_language_model(tensors)}
        for precision, codes, start, forced in runs:
            logits, hidden = decode_with_hidden(settings, weights[precision], codes, start, forced)
            goal = settings.logit_margin * (1 if precision == "f32" else 3)
            moved += separate_run(settings, tensors["lm_head.weight"], logits, hidden, forced, goal)
        if moved == 0:
            report("rounds until the text head was separated", iteration)
            return
    raise SystemExit("text head margins not reached")
