# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same recordings through transformers: prepared input, codes, tokens and logits."""
import numpy as np

from generator import agreement
from generator.checkpoints import load
from generator.settings import FRAME_SAMPLES, RECORDINGS, report


def generate(settings, model, folder, recording, forced=()):
    """transformers' own `generate`, and the codes that it asked its codec for."""
    import soundfile
    import torch
    from transformers import KyutaiSpeechToTextFeatureExtractor, LogitsProcessor, LogitsProcessorList

    class ForcePrefix(LogitsProcessor):
        def __call__(self, input_ids, scores):
            position = input_ids.shape[1] - 1
            if position < len(forced):
                scores = torch.full_like(scores, -float("inf"))
                scores[:, forced[position]] = 0
            return scores

    samples, rate = soundfile.read(settings.path("audio", recording + ".wav"), dtype="float32")
    extractor = KyutaiSpeechToTextFeatureExtractor.from_pretrained(settings.folder(folder))
    inputs = extractor(samples, sampling_rate=rate, return_tensors="pt")
    codes, encode = [], model.codec_model.encode

    def recording_encode(*arguments, **options):
        result = encode(*arguments, **options)
        codes.append(result.audio_codes[0].T.numpy().copy())
        return result

    model.codec_model.encode = recording_encode
    try:
        result = model.generate(**inputs, logits_processor=LogitsProcessorList([ForcePrefix()]), do_sample=False,
                                return_dict_in_generate=True, output_logits=True)
    finally:
        model.codec_model.encode = encode
    return {"input": inputs["input_values"][0, 0].numpy(), "tokens": result.sequences[0].numpy()[1:],
            "codes": np.concatenate(codes), "logits": torch.cat(result.logits).float().numpy()}


def compare_generation(settings, model, folder, recording, ours, tag):
    """Free and forced; returns what transformers made of both."""
    generated = {}
    for kind, forced in (("free", ()), ("forced", settings.forced)):
        theirs = generated[kind] = generate(settings, model, folder, recording, forced)
        if kind == "free":
            is_same = np.array_equal(theirs["input"], ours["prepared"])
            report(tag + "prepared input", "equal" if is_same else "DIFFERENT")
            report(tag + "tokens, frames", f"{len(theirs['tokens'])}, {len(theirs['input']) // FRAME_SAMPLES}")
            report(tag + "codes, exact window", agreement.of_codes(theirs["codes"], ours["codes"]))
        report(tag + kind + " tokens", agreement.of_tokens(theirs["tokens"], ours[kind]["tokens"]))
        count = len(theirs["logits"])
        if np.array_equal(theirs["tokens"], ours[kind]["tokens"][:count]):
            difference = np.abs(theirs["logits"] - ours[kind]["logits"][:count]).max()
            report(tag + kind + " logits, greatest difference", f"{difference:.2e}")
    return generated


def compare_without_codec_cache(settings, model, recording, ours, tag):
    model.codec_model.generation_config.use_cache = False
    theirs = generate(settings, model, "hf-window1", recording)
    model.codec_model.generation_config.use_cache = True
    report(tag + "codes without the codec's cache, exact window", agreement.of_codes(theirs["codes"], ours["codes"]))
    report(tag + "codes without the codec's cache, frame rule",
           agreement.of_codes(theirs["codes"], ours["codes_frame"]))
    report(tag + "tokens without the codec's cache, frame rule",
           agreement.of_tokens(theirs["tokens"], ours["free_frame"]["tokens"]))


def encode_in_frames(model, samples):
    import torch
    from transformers import DynamicCache
    cache, padding, codes = DynamicCache(config=model.codec_model.config), None, []
    for begin in range(0, samples.shape[-1] // FRAME_SAMPLES * FRAME_SAMPLES, FRAME_SAMPLES):
        with torch.no_grad():
            result = model.codec_model.encode(samples[..., begin:begin + FRAME_SAMPLES], encoder_past_key_values=cache,
                                              padding_cache=padding, use_streaming=True)
        cache, padding = result.encoder_past_key_values, result.padding_cache
        codes.append(result.audio_codes[0].T.numpy())
    return np.concatenate(codes)


def compare_stages(settings, model, ours, tag):
    """The codec in one call and in frames, the language model in one call."""
    import torch
    samples = torch.from_numpy(ours["prepared"])[None, None]
    with torch.no_grad():
        whole = model.codec_model.encode(samples).audio_codes[0].T.numpy()
    report(tag + "codes of one call, exact window", agreement.of_codes(whole, ours["codes"]))
    report(tag + "codes of one call, no window", agreement.of_codes(whole, ours["codes_none"]))
    report(tag + "codes in frames, exact window", agreement.of_codes(encode_in_frames(model, samples), ours["codes"]))
    count = len(ours["codes"])
    text = np.concatenate([[settings.text_start], ours["free"]["tokens"][:count]])
    audio = np.concatenate([np.full((1, settings.codebooks), settings.audio_start), ours["codes"]])
    ids = np.concatenate([text[:, None], audio], 1)
    with torch.no_grad():
        logits = model(input_ids=torch.from_numpy(ids)[None], use_cache=False).logits[0].numpy()
    difference = np.abs(logits - ours["free"]["logits"]).max(1)
    report(tag + "logits of one call, greatest difference within and beyond the window",
           f"{difference[:settings.window].max():.1e}, {difference[settings.window:].max():.1e}")


def compare_with_transformers(settings, results):
    """Returns what transformers makes of hf-bf16 in bfloat16: recording -> kind -> run."""
    import torch
    import transformers
    report("versions", f"transformers {transformers.__version__}, torch {torch.__version__}, numpy {np.__version__}")
    in_bf16 = {}
    for folder in ("hf-f32", "hf-sharded", "hf-window1", "hf-bf16"):
        for attention in ("eager", "sdpa"):
            dtype = torch.bfloat16 if folder == "hf-bf16" else torch.float32
            model = load(settings.folder(folder), dtype, attention)
            for recording in RECORDINGS:
                ours = results[folder if folder != "hf-sharded" else "hf-f32", recording]
                tag = f"{folder} {attention} {recording}: "
                generated = compare_generation(settings, model, folder, recording, ours, tag)
                if folder == "hf-bf16" and attention == "eager":
                    in_bf16[recording] = generated
                if folder == "hf-window1":
                    compare_without_codec_cache(settings, model, recording, ours, tag)
                if folder == "hf-f32":
                    compare_stages(settings, model, ours, tag)
    return in_bf16
