# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every recorded run, in float64, from the checkpoints as written; and how much each rule matters."""
import numpy as np
import reference

from generator import agreement
from generator.settings import RECORDINGS, report
from generator.weights import prepared

FOLDERS = ("hf-f32", "hf-window1", "hf-bf16")


def decode_run(settings, checkpoint, codes, forced, with_traces):
    """Tokens, logits and, at some positions, what every layer gives."""
    positions = (0, 1, 2, 3, settings.window + 2, settings.window + 9) if with_traces else ()
    traces = {position: {} for position in positions}
    tokens, logits, _ = reference.decode(checkpoint, codes, forced, None, np.float64, traces)
    best = np.sort(logits, 1)
    gap = (best[:, -1] - best[:, -2]) / (best[:, -1] - best[:, 0])
    return {"tokens": tokens, "logits": logits, "traces": traces, "margin": float(gap[len(forced):].min())}


def record(settings, folder, recording):
    checkpoint = reference.Checkpoint(settings.folder(folder))
    alignment = "hf_window1" if checkpoint.audio_window_size == 1 else "aligned"
    samples = prepared(settings, recording, checkpoint.delay, checkpoint.prefix)
    run = {"prepared": samples, "alignment": alignment}

    def codes(rule):
        return reference.frames_for(checkpoint, samples, alignment, np.float64, rule)[0]

    if folder == "hf-f32":
        run["trace"] = {}
    run["codes"], mimi = reference.frames_for(checkpoint, samples, alignment, np.float64, trace=run.get("trace"))
    run["code_margin"] = mimi.min_margin
    decoded = [("free", (), "codes"), ("forced", settings.forced, "codes")]
    if folder == "hf-f32":
        run["codes_ring2"], run["codes_none"] = codes("ring2"), codes("none")
        run["codes_drop_first"] = run["codes"][1:]
        decoded += [("free_ring2", (), "codes_ring2"), ("free_drop_first", (), "codes_drop_first")]
    if folder == "hf-window1":
        run["codes_frame"] = codes("frame")
        decoded += [("free_frame", (), "codes_frame")]
    for kind, forced, heard in decoded:
        run[kind] = decode_run(settings, checkpoint, run[heard], forced, kind == "free")
    return run


def record_runs(settings):
    """(folder, recording) -> run"""
    runs = {(folder, recording): record(settings, folder, recording) for folder in FOLDERS for recording in RECORDINGS}
    for (folder, recording), run in runs.items():
        report(f"{folder} {recording}: smallest (second - first) / second of the distances to codebook entries",
               round(run["code_margin"], 6))
        for kind in ("free", "forced", "free_ring2", "free_drop_first", "free_frame"):
            if kind in run:
                report(f"{folder} {recording}, {kind}: smallest (best - second) / (best - least) of the logits",
                       round(run[kind]["margin"], 6))
    return runs


def note_errors(errors, ours, exact):
    for name, value in ours.items():
        errors[name] = max(errors.get(name, 0), float(np.abs(value - exact[name]).max()))


def float32_errors(settings, runs):
    """The same in float32: nothing may turn over. Returns the greatest differences by name."""
    errors = {}
    for folder in (*FOLDERS, "hf-sharded"):
        checkpoint = reference.Checkpoint(settings.folder(folder))
        for recording in RECORDINGS:
            exact = runs["hf-f32" if folder == "hf-sharded" else folder, recording]
            trace, traces = {}, {position: {} for position in exact["free"]["traces"]}
            codes, _ = reference.frames_for(checkpoint, exact["prepared"], exact["alignment"], np.float32, trace=trace)
            tokens, logits, _ = reference.decode(checkpoint, codes, (), None, np.float32, traces)
            report(f"{folder} {recording} in float32",
                   f"codes {agreement.of_codes(codes, exact['codes'])}; "
                   f"tokens {agreement.of_tokens(tokens, exact['free']['tokens'])}; "
                   f"logits differ by {np.abs(logits - exact['free']['logits']).max():.1e}")
            if "trace" in exact:
                note_errors(errors, trace, exact["trace"])
            for position, layers in traces.items():
                note_errors(errors, layers, exact["free"]["traces"][position])
    return errors


def report_codec_sensitivity(settings, run, tag):
    """What the codes would be if a rule of the codec were not kept."""
    folder, samples = settings.folder("hf-f32"), run["prepared"]
    exact = reference.Checkpoint(folder)

    def compare(what, codes):
        report(f"{tag}{what}", agreement.of_codes(codes, run["codes"]))

    def encode(checkpoint, **options):
        return reference.frames_for(checkpoint, samples, dtype=np.float64, **options)[0]

    compare("codec without window", run["codes_none"])
    compare("codec with the two-at-once ring", run["codes_ring2"])
    compare("downsampling that starts from zeros", encode(exact, start="zeros"))
    unclamped = reference.Checkpoint(folder)
    for name, value in exact.t.items():
        if name.endswith("embed_sum"):
            usage = np.maximum(exact.t[name.replace("embed_sum", "cluster_usage")], 1e-12)
            unclamped.t[name] = value / usage[:, None].astype(np.float64)
        elif name.endswith("cluster_usage"):
            unclamped.t[name] = np.ones_like(value)
    compare("usage of codebook entries not clamped", encode(unclamped))
    exact_gelu = reference.gelu
    reference.gelu = lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))
    compare("tanh GELU", encode(exact))
    reference.gelu = exact_gelu
    other_rope = reference.Checkpoint(folder)
    other_rope.mimi_theta = 10 * settings.codec_rope_base
    compare("another rotary base of the codec", encode(other_rope))


def report_language_model_sensitivity(settings, run, tag):
    """The same of the language model and its tokens."""
    for what, codes, changes in (
            ("language model without window", "codes", {"lm_window": 10 ** 6}),
            ("window one longer", "codes", {"lm_window": settings.window + 1}),
            ("window one shorter", "codes", {"lm_window": settings.window - 1}),
            ("another rotary base of the language model", "codes", {"lm_theta": settings.rope_base / 10}),
            ("text start id beyond the text rows", "codes", {"text_bos": settings.high_text_start}),
            ("audio start id 0", "codes", {"audio_bos": 0}),
            ("codes of the ring2 rule", "codes_ring2", {})):
        checkpoint = reference.Checkpoint(settings.folder("hf-f32"))
        for name, value in changes.items():
            setattr(checkpoint, name, value)
        tokens, _, _ = reference.decode(checkpoint, run[codes], (), None, np.float64)
        report(f"{tag}{what}", "tokens " + agreement.of_tokens(tokens, run["free"]["tokens"]))


def report_sensitivity(settings, runs):
    """A rule that changes nothing would not be tested."""
    for recording in RECORDINGS:
        tag = f"{recording} if wrong: "
        report_codec_sensitivity(settings, runs["hf-f32", recording], tag)
        report_language_model_sensitivity(settings, runs["hf-f32", recording], tag)
