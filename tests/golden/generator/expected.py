# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the folder expected/: tensors, and JSON files with the shape, meaning and tolerance of each."""
import numpy as np
import reference

from generator.runs import FOLDERS
from generator.settings import FRAME_SAMPLES, RECORDINGS

ABOUT = {
    "hf-f32": "Also the expectation for hf-sharded and kyutai (the same weights).",
    "hf-window1": "The double encoding of the first frame and the high text start id of this checkpoint's "
                  "generation_config.",
    "hf-bf16": "bfloat16 weights, all arithmetic in higher precision; `transformers_bf16` = bfloat16 arithmetic.",
}

ROWS_OF_CODES = {
    "aligned": "frame r feeds position r + 1",
    "hf_window1": "row r = r-th frame fed to the codec: frame 0, frame 0 again, frame 1, frame 2, ...",
}


class Tensors:
    """The expected tensors of one checkpoint, with what is said of them."""

    def __init__(self, errors):
        self.errors = errors
        self.values = {}
        self.descriptions = {}

    def add(self, name, value, meaning, tolerance=None):
        value = np.ascontiguousarray(value)
        self.values[name] = value
        self.descriptions[name] = {"shape": list(value.shape), "dtype": str(value.dtype), "meaning": meaning}
        if tolerance is not None:
            self.descriptions[name]["tolerance"] = tolerance

    def add_integers(self, name, value, meaning):
        self.add(name, np.asarray(value, np.int32), meaning)

    def add_floats(self, name, value, meaning, like):
        """With a tolerance of twenty times the error of float32 in `like`."""
        error = self.errors.get(like, self.errors.get("lm.logits", 0))
        self.add(name, np.asarray(value, np.float32), meaning, float(f"{max(20 * error, 1e-6):.0e}"))


def describe(settings, run, pieces):
    samples = run["prepared"]
    spoken = np.nonzero(samples)[0]
    return {
        "prepared_samples": len(samples), "frames": len(samples) // FRAME_SAMPLES,
        "samples_after_last_frame": len(samples) % FRAME_SAMPLES,
        "sum_of_squares": float(f"{(samples.astype(np.float64) ** 2).sum():.9g}"),
        "first_nonzero_sample": int(spoken[0]), "last_nonzero_sample": int(spoken[-1]),
        "values_at_10000_20000_50000": [float(samples[i]) for i in (10000, 20000, 50000)],
        "text_free": reference.pieces_to_text(run["free"]["tokens"], pieces),
        "text_forced_without_the_prefix": reference.pieces_to_text(run["forced"]["tokens"][len(settings.prompt):],
                                                                   pieces),
        "forced": settings.forced, "alignment": run["alignment"]}


def add_codes_and_tokens(tensors, recording, run):
    tensors.add_integers(f"{recording}.codes", run["codes"], f"codes, exact window; {ROWS_OF_CODES[run['alignment']]}")
    for kind, how in (("free", "greedy"), ("forced", "first 16 forced, then greedy")):
        tensors.add_integers(f"{recording}.{kind}.tokens", run[kind]["tokens"],
                             f"token of positions 0..frames, exact window, {how}")


def add_other_rules(tensors, recording, run):
    """Those of the runs that the checkpoint has."""
    for name, meaning in (
            ("codes_ring2", "codes, Kyutai's streaming ring (see README)"),
            ("codes_none", "codes without a codec window; wrong on purpose")):
        if name in run:
            tensors.add_integers(f"{recording}.{name}", run[name], meaning)
    for name, meaning in (
            ("free_ring2", "greedy tokens on codes_ring2"),
            ("free_drop_first", "greedy tokens, position p >= 1 gets frame p, frame 0 is dropped")):
        if name in run:
            tensors.add_integers(f"{recording}.{name}.tokens", run[name]["tokens"], meaning)
    if "codes_frame" in run:
        tensors.add_integers(f"{recording}.codes_frame", run["codes_frame"],
                             "codes when codec_use_cache is false: the codec's attention sees one frame only")
        tensors.add_integers(f"{recording}.free_frame.tokens", run["free_frame"]["tokens"],
                             "greedy tokens on codes_frame")


def add_logits(tensors, folder, recording, run):
    """All of one run; of others every tenth position, or none: they take space."""
    is_complete = (folder, recording) == ("hf-f32", "speech4")
    kinds = [kind for kind in ("free", "forced")
             if (kind == "free" and (folder == "hf-f32" or recording == "speech4"))
             or (folder == "hf-f32" and not is_complete)]
    for kind in kinds:
        step, suffix, where = (1, "", "") if is_complete else (10, "_every10", ", positions 0, 10, 20, ...")
        tensors.add_floats(f"{recording}.{kind}.logits{suffix}", run[kind]["logits"][::step],
                           "logits of the text head" + where, "lm.logits")


def add_bf16_arithmetic(tensors, recording, generated):
    for kind in ("free", "forced"):
        tensors.add_integers(f"{recording}.{kind}.transformers_bf16.tokens", generated[kind]["tokens"],
                             "tokens of transformers computing in bfloat16 (one fewer: it stops at `frames`)")
    if recording == "speech4":
        tensors.add(f"{recording}.free.transformers_bf16.logits_every10",
                    np.asarray(generated["free"]["logits"][::10], np.float32), "its logits, positions 0, 10, 20, ...",
                    0.5)


def add_language_model_stages(tensors, recording, run):
    for position, layers in run["free"]["traces"].items():
        for name, value in layers.items():
            if name == "lm.logits":
                continue
            what = {"lm.embedding": "sum of the input rows", "lm.norm": "after the last norm"}.get(
                name, "output of layer " + name[-1])
            tensors.add_floats(f"{recording}.free.p{position}.{name}", value, f"position {position}: {what}", name)


def add_codec_stages(tensors, recording, trace):
    frames = trace["mimi.downsample"].shape[0]
    meanings = {"mimi.downsample": "[frame, channel]", "mimi.quantizer.semantic": "[frame, dim] after input_proj",
                "mimi.quantizer.acoustic": "[frame, dim] after input_proj"}
    for name, value in trace.items():
        if name.endswith(".block.3"):
            continue
        meaning = meanings.get(name, "[25 Hz position, channel] after the layer")
        if ".seanet." in name:
            per_frame = value.shape[1] // frames
            count = per_frame + 64 if per_frame > 400 else 3 * per_frame
            value = value[:, :count]
            meaning = f"[channel, time], first {count} columns ({per_frame} for each frame)"
        tensors.add_floats(f"{recording}.{name}", value, meaning, name)


def write_expected(settings, runs, errors, in_bf16, pieces):
    """`in_bf16`: what transformers makes of hf-bf16 in bfloat16."""
    from safetensors.numpy import save_file
    for folder in FOLDERS:
        tensors, content = Tensors(errors), {}
        for recording in RECORDINGS:
            run = runs[folder, recording]
            content[recording] = describe(settings, run, pieces)
            add_codes_and_tokens(tensors, recording, run)
            add_other_rules(tensors, recording, run)
            add_logits(tensors, folder, recording, run)
            if folder == "hf-bf16":
                add_bf16_arithmetic(tensors, recording, in_bf16[recording])
            if (folder, recording) == ("hf-f32", "speech4"):
                add_language_model_stages(tensors, recording, run)
                add_codec_stages(tensors, recording, run["trace"])
        save_file(tensors.values, settings.path("expected", folder + ".safetensors"))
        settings.write_json({**content, "about": ABOUT[folder], "tensors": tensors.descriptions},
                            "expected", folder + ".json")
