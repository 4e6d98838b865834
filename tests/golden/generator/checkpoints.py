# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints in the Hugging Face layout, written by transformers itself."""
import json
import os
import shutil
import tempfile

FOLDERS = ("hf-f32", "hf-window1", "hf-bf16", "hf-sharded")
# Loading fits them, but no speech is decoded to audio here.
UNUSED = ("codec_model.decoder", "codec_model.upsample")
SHARD_BYTES = 300000


def configuration(settings):
    from transformers import KyutaiSpeechToTextConfig, MimiConfig
    codec = MimiConfig(num_filters=settings.codec_filters, hidden_size=settings.codec_hidden,
                       upsampling_ratios=list(reversed(settings.strides)), codebook_size=settings.codebook_size,
                       codebook_dim=settings.codebook_dimension,
                       vector_quantization_hidden_dimension=settings.codebook_dimension,
                       num_quantizers=settings.codebooks, num_hidden_layers=settings.codec_layers,
                       num_attention_heads=settings.codec_heads, num_key_value_heads=settings.codec_heads,
                       intermediate_size=settings.codec_feed_forward, sliding_window=settings.codec_window,
                       upsample_groups=settings.codec_hidden, layer_scale_initial_scale=0.3, use_causal_conv=True,
                       rope_parameters={"rope_type": "default", "rope_theta": settings.codec_rope_base})
    return KyutaiSpeechToTextConfig(
        vocab_size=settings.vocabulary, hidden_size=settings.hidden, num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads, ffn_dim=settings.feed_forward, sliding_window=settings.window,
        num_codebooks=settings.codebooks, codebook_vocab_size=settings.codebook_rows,
        audio_bos_token_id=settings.audio_start, audio_pad_token_id=settings.audio_pad,
        bos_token_id=settings.text_start, max_position_embeddings=2 * settings.window, codec_config=codec,
        rope_parameters={"rope_type": "default", "rope_theta": settings.rope_base})


def load(folder, dtype=None, attention="eager"):
    import torch
    from transformers import KyutaiSpeechToTextForConditionalGeneration
    model, info = KyutaiSpeechToTextForConditionalGeneration.from_pretrained(
        folder, dtype=dtype or torch.float32, attn_implementation=attention, output_loading_info=True)
    missing = [name for name in info["missing_keys"] if not name.startswith("codec_model.decoder.")]
    assert not missing and not info["mismatched_keys"] and not info["unexpected_keys"], info
    return model.eval()


def size_in_bytes(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def write_shards(folder, tensors, shard_bytes):
    from safetensors.torch import save_file
    shards = [{}]
    for name in sorted(tensors):
        if shards[-1] and size_in_bytes([*shards[-1].values(), tensors[name]]) > shard_bytes:
            shards.append({})
        shards[-1][name] = tensors[name]
    files = [f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for file, shard in zip(files, shards):
        save_file(shard, os.path.join(folder, file), {"format": "pt"})
    index = {"metadata": {"total_parameters": sum(tensor.numel() for tensor in tensors.values()),
                          "total_size": size_in_bytes(tensors.values())},
             "weight_map": {name: file for file, shard in zip(files, shards) for name in shard}}
    with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
        json.dump(index, file, indent=1)


def strip_unused(folder, shard_bytes=None):
    """Leaves out the decoder half of the codec; writes one file, or shards and their index."""
    from safetensors.torch import load_file, save_file
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            tensors.update(load_file(os.path.join(folder, name)))
            os.remove(os.path.join(folder, name))
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(UNUSED)}
    if shard_bytes is None:
        save_file(tensors, os.path.join(folder, "model.safetensors"), {"format": "pt"})
    else:
        write_shards(folder, tensors, shard_bytes)


def save_models(settings, tensors):
    import torch
    from safetensors.torch import save_file
    with tempfile.TemporaryDirectory() as folder:
        save_file({name: torch.from_numpy(value.copy()) for name, value in tensors.items()},
                  folder + "/model.safetensors", {"format": "pt"})
        configuration(settings).save_pretrained(folder)
        model = load(folder)
        bf16_model = load(folder, torch.bfloat16)
    model.generation_config.bos_token_id = settings.text_start
    model.generation_config._from_model_config = False  # when true, transformers forgets audio_window_size at load
    model.save_pretrained(settings.folder("hf-f32"))
    model.save_pretrained(settings.folder("hf-sharded"), max_shard_size="300KB")
    assert bf16_model.codec_model.quantizer.semantic_residual_vector_quantizer.input_proj.weight.dtype == torch.float32
    assert bf16_model.lm_head.weight.dtype == torch.bfloat16
    bf16_model.save_pretrained(settings.folder("hf-bf16"))
    model.config.bos_token_id = model.generation_config.bos_token_id = settings.high_text_start
    model.generation_config.audio_window_size = 1
    model.generation_config.cache_implementation = "sliding_window"
    model.codec_model.generation_config.cache_implementation = "sliding_window"
    model.codec_model.generation_config._from_model_config = False
    model.codec_model.generation_config.use_cache = True
    model.save_pretrained(settings.folder("hf-window1"))


def save_processors(settings):
    from transformers import KyutaiSpeechToTextFeatureExtractor, KyutaiSpeechToTextProcessor, PreTrainedTokenizerFast
    for name in ("hf-f32", "hf-window1", "hf-sharded"):
        KyutaiSpeechToTextFeatureExtractor(audio_delay_seconds=settings.delay).save_pretrained(settings.folder(name))
    # hf-bf16 gets the files of the newer processor: processor_config.json instead of preprocessor_config.json
    KyutaiSpeechToTextProcessor(
        KyutaiSpeechToTextFeatureExtractor(audio_delay_seconds=settings.bf16_delay,
                                           audio_silence_prefix_seconds=settings.bf16_prefix),
        PreTrainedTokenizerFast.from_pretrained(settings.folder("tokenizer")),
    ).save_pretrained(settings.folder("hf-bf16"))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(settings.path("tokenizer", name), settings.path("hf-f32", name))
        for other in ("hf-window1", "hf-sharded"):
            os.symlink("../hf-f32/" + name, settings.path(other, name))


def age_configuration(settings):
    """Gives hf-sharded the config of an older transformers: theta on top level, torch_dtype, no derived fields."""
    with open(settings.path("hf-sharded", "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    for part in (config, config["codec_config"]):
        part["rope_theta"] = part.pop("rope_parameters")["rope_theta"]
    config["torch_dtype"] = config.pop("dtype")
    config["codec_config"]["frame_rate"] = 12.5
    config["codec_config"].pop("_frame_rate", None)
    config["transformers_version"] = "4.53.0"
    settings.write_json(config, "hf-sharded", "config.json")


def write_checkpoints(settings, tensors):
    import torch
    torch.set_num_threads(1)
    for name in FOLDERS:
        shutil.rmtree(settings.folder(name))
    save_models(settings, tensors)
    save_processors(settings)
    # The same weights, so one file; the decoder half of the codec is left out where space counts.
    os.remove(settings.path("hf-window1", "model.safetensors"))
    os.symlink("../hf-f32/model.safetensors", settings.path("hf-window1", "model.safetensors"))
    strip_unused(settings.folder("hf-bf16"))
    strip_unused(settings.folder("hf-sharded"), SHARD_BYTES)
    age_configuration(settings)
