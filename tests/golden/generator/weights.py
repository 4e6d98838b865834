# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random tensors under the names of the Hugging Face layout, and the plain reference around them."""
import numpy as np
import reference

CODEC = "codec_model."


class TensorMaker:
    """Adds random tensors to a dictionary. The order of the calls decides what each becomes."""

    def __init__(self, random):
        self.random = random
        self.tensors = {}

    def normal(self, *shape, std=1.0):
        return (self.random.standard_normal(shape) * std).astype(np.float32)

    def matrix(self, name, rows, columns, gain):
        """Outputs about `gain` times as large as inputs."""
        self.tensors[name] = self.normal(rows, columns, std=gain / np.sqrt(columns))

    def convolution(self, name, outputs, inputs, kernel, gain, transposed=False):
        shape = (inputs, outputs, kernel) if transposed else (outputs, inputs, kernel)
        self.tensors[CODEC + name + ".weight"] = self.normal(*shape, std=gain / np.sqrt(inputs * kernel))
        self.tensors[CODEC + name + ".bias"] = self.normal(outputs, std=0.1)

    def residual_block(self, name, channels):
        self.convolution(name + ".block.1.conv", channels // 2, channels, 3, 1.3)
        self.convolution(name + ".block.3.conv", channels, channels // 2, 1, 0.8)


def add_convolutions(make, settings):
    """The codec's encoder, and its decoder, which a checkpoint has too."""
    make.convolution("encoder.layers.0.conv", settings.codec_filters, 1, 7, 12.0)
    layer, channels = 1, settings.codec_filters
    for stride in settings.strides:
        make.residual_block(f"encoder.layers.{layer}", channels)
        make.convolution(f"encoder.layers.{layer + 2}.conv", 2 * channels, channels, 2 * stride, 1.4)
        layer, channels = layer + 3, 2 * channels
    make.convolution(f"encoder.layers.{layer + 1}.conv", settings.codec_hidden, channels, 3, 1.4)
    make.convolution("decoder.layers.0.conv", channels, settings.codec_hidden, 7, 1.2)
    layer = 1
    for stride in reversed(settings.strides):
        make.convolution(f"decoder.layers.{layer + 1}.conv", channels // 2, channels, 2 * stride, 1.2, transposed=True)
        channels //= 2
        make.residual_block(f"decoder.layers.{layer + 2}", channels)
        layer += 3
    make.convolution(f"decoder.layers.{layer + 1}.conv", 1, settings.codec_filters, 3, 1.0)


def add_codec_transformers(make, settings):
    hidden, feed_forward, tensors = settings.codec_hidden, settings.codec_feed_forward, make.tensors
    for side in ("encoder_transformer", "decoder_transformer"):
        for layer in range(settings.codec_layers):
            prefix = f"{CODEC}{side}.layers.{layer}."
            for projection, gain in (("q", 1.6), ("k", 1.6), ("v", 1.0), ("o", 1.6)):
                make.matrix(prefix + f"self_attn.{projection}_proj.weight", hidden, hidden, gain)
            make.matrix(prefix + "mlp.fc1.weight", feed_forward, hidden, 1.5)
            make.matrix(prefix + "mlp.fc2.weight", hidden, feed_forward, 1.5)
            for norm in ("input_layernorm", "post_attention_layernorm"):
                tensors[prefix + norm + ".weight"] = 1 + make.normal(hidden, std=0.2)
                tensors[prefix + norm + ".bias"] = make.normal(hidden, std=0.2)
            tensors[prefix + "self_attn_layer_scale.scale"] = 0.4 + make.normal(hidden, std=0.1)
            tensors[prefix + "mlp_layer_scale.scale"] = 0.3 + make.normal(hidden, std=0.1)
    tensors[CODEC + "downsample.conv.weight"] = make.normal(hidden, hidden, 4, std=1 / np.sqrt(4 * hidden))
    tensors[CODEC + "upsample.conv.weight"] = make.normal(hidden, 1, 4, std=0.5)


def quantizers(settings):
    """(prefix of the names, number of codebooks)"""
    for kind, books in (("semantic", 1), ("acoustic", settings.codebooks - 1)):
        yield f"{CODEC}quantizer.{kind}_residual_vector_quantizer.", books


def add_quantizers(make, settings):
    """With empty codebooks: `fit_codebooks` fills them."""
    hidden, dimension, entries = settings.codec_hidden, settings.codebook_dimension, settings.codebook_size
    for prefix, books in quantizers(settings):
        make.tensors[prefix + "input_proj.weight"] = make.normal(dimension, hidden, 1, std=1 / np.sqrt(hidden))
        make.tensors[prefix + "output_proj.weight"] = make.normal(hidden, dimension, 1, std=1 / np.sqrt(dimension))
        for book in range(books):
            usage = make.random.uniform(0.2, 40, entries).astype(np.float32)
            # Four entries are hardly used, so that it matters where usage is cut off.
            usage[make.random.permutation(entries)[:4]] = np.float32([0.0, 1e-7, 3e-6, 8e-6])
            codebook = f"{prefix}layers.{book}.codebook."
            make.tensors[codebook + "cluster_usage"] = usage
            make.tensors[codebook + "initialized"] = np.ones(1, np.float32)
            make.tensors[codebook + "embed_sum"] = np.zeros((entries, dimension), np.float32)


def add_language_model(make, settings):
    hidden, vocabulary, tensors = settings.hidden, settings.vocabulary, make.tensors
    tensors["model.embed_tokens.embed_tokens.weight"] = np.concatenate(
        [make.normal(vocabulary, hidden, std=1.2),
         make.normal(settings.codebooks * settings.codebook_rows, hidden, std=0.6),
         np.zeros((1, hidden), np.float32)])
    make.matrix("lm_head.weight", vocabulary, hidden, 3)
    tensors["lm_head.weight"][settings.text_start] = 0
    tensors["model.norm.weight"] = 1 + make.normal(hidden, std=0.1)
    for layer in range(settings.layers):
        prefix = f"model.layers.{layer}."
        for projection, gain in (("q", 1.6), ("k", 1.6), ("v", 1.0), ("o", 1.0)):
            make.matrix(prefix + f"self_attn.{projection}_proj.linear.weight", hidden, hidden, gain)
        make.matrix(prefix + "mlp.fc1.weight", settings.feed_forward, hidden, 1.2)
        make.matrix(prefix + "mlp.fc2.weight", hidden, settings.feed_forward // 2, 1.2)
        tensors[prefix + "input_layernorm.weight"] = 1 + make.normal(hidden, std=0.15)
        tensors[prefix + "post_attention_layernorm.weight"] = 1 + make.normal(hidden, std=0.15)


def random_weights(settings):
    make = TensorMaker(settings.random(2))
    add_convolutions(make, settings)
    add_codec_transformers(make, settings)
    add_quantizers(make, settings)
    add_language_model(make, settings)
    return make.tensors


def to_bf16(values):
    """Rounded to bfloat16, as float32."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return (((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) << 16).astype(np.uint32).view(np.float32)


def with_bf16_language_model(tensors):
    return {name: (value if name.startswith(CODEC) else to_bf16(value)) for name, value in tensors.items()}


def checkpoint_of(settings, tensors):
    """The reference's checkpoint around tensors in memory."""
    checkpoint = reference.Checkpoint.__new__(reference.Checkpoint)
    checkpoint.t = tensors
    checkpoint.vocab, checkpoint.codebooks = settings.vocabulary, settings.codebooks
    checkpoint.codebook_rows, checkpoint.audio_bos = settings.codebook_rows, settings.audio_start
    checkpoint.text_bos, checkpoint.lm_heads = settings.text_start, settings.heads
    checkpoint.lm_window, checkpoint.lm_theta = settings.window, settings.rope_base
    checkpoint.rms_eps, checkpoint.ln_eps = settings.norm_epsilon, settings.codec_norm_epsilon
    checkpoint.mimi_heads, checkpoint.mimi_window = settings.codec_heads, settings.codec_window
    checkpoint.mimi_theta, checkpoint.ratios = settings.codec_rope_base, list(settings.strides)
    checkpoint.delay, checkpoint.prefix, checkpoint.audio_window_size = settings.delay, 0.0, None
    return checkpoint


def prepared(settings, recording, delay, prefix=0.0):
    """A recording with the silence around it that a checkpoint wants."""
    return reference.prepare(reference.read_wav(settings.path("audio", recording + ".wav")), delay, prefix)
