// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/tensor_list.h"

namespace kyutaistt::checkpoint {

namespace {

class List {
 public:
  void add(const std::string &name, std::vector<int64_t> shape) {
    specs_.push_back({name, std::move(shape)});
  }

  void add_convolution(const std::string &name, int64_t outputs, int64_t inputs, int64_t kernel) {
    add(name + ".weight", {outputs, inputs, kernel});
    add(name + ".bias", {outputs});
  }

  void add_seanet(const CodecInfo &codec) {
    const auto layer = [](int number) {
      return "codec_model.encoder.layers." + std::to_string(number);
    };
    // Kernels as every Mimi has them; a strided convolution's is twice its stride.
    add_convolution(layer(0) + ".conv", codec.filters, 1, 7);
    int number = 1;
    int64_t channels = codec.filters;
    for (const int64_t stride : codec.strides) {
      add_convolution(layer(number) + ".block.1.conv", channels / 2, channels, 3);
      add_convolution(layer(number) + ".block.3.conv", channels, channels / 2, 1);
      add_convolution(layer(number + 2) + ".conv", 2 * channels, channels, 2 * stride);
      channels *= 2;
      number += 3;
    }
    add_convolution(layer(number + 1) + ".conv", codec.width, channels, 3);
    add("codec_model.downsample.conv.weight", {codec.width, codec.width, 4});
  }

  void add_encoder_layer(const std::string &name, int64_t width, int64_t feed_forward) {
    for (const char *norm : {"input_layernorm", "post_attention_layernorm"}) {
      add(name + norm + ".weight", {width});
      add(name + norm + ".bias", {width});
    }
    for (const char *projection : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      add(name + "self_attn." + projection + ".weight", {width, width});
    }
    add(name + "mlp.fc1.weight", {feed_forward, width});
    add(name + "mlp.fc2.weight", {width, feed_forward});
    add(name + "self_attn_layer_scale.scale", {width});
    add(name + "mlp_layer_scale.scale", {width});
  }

  void add_quantizer(const std::string &kind, int64_t codebooks, const CodecInfo &codec,
                     int64_t entries) {
    const std::string name = "codec_model.quantizer." + kind + "_residual_vector_quantizer.";
    add(name + "input_proj.weight", {codec.codebook_dimension, codec.width, 1});
    for (int64_t i = 0; i < codebooks; ++i) {
      const std::string codebook = name + "layers." + std::to_string(i) + ".codebook.";
      add(codebook + "embed_sum", {entries, codec.codebook_dimension});
      add(codebook + "cluster_usage", {entries});
    }
  }

  void add_language_model(const LanguageModelInfo &info) {
    const int64_t embeddings = info.text_vocabulary + info.codebooks * (info.codebook_size + 1) + 1;
    const int64_t inner = info.heads * info.head_dimension;
    add("model.embed_tokens.embed_tokens.weight", {embeddings, info.width});
    for (int64_t i = 0; i < info.layers; ++i) {
      const std::string name = "model.layers." + std::to_string(i) + ".";
      add(name + "input_layernorm.weight", {info.width});
      for (const char *projection : {"q_proj", "k_proj", "v_proj"}) {
        add(name + "self_attn." + projection + ".linear.weight", {inner, info.width});
      }
      add(name + "self_attn.o_proj.linear.weight", {info.width, inner});
      add(name + "post_attention_layernorm.weight", {info.width});
      add(name + "mlp.fc1.weight", {2 * info.feed_forward, info.width});
      add(name + "mlp.fc2.weight", {info.width, info.feed_forward});
    }
    add("model.norm.weight", {info.width});
    add("lm_head.weight", {info.text_vocabulary, info.width});
  }

  std::vector<TensorSpec> take() { return std::move(specs_); }

 private:
  std::vector<TensorSpec> specs_;
};

}  // namespace

uint64_t TensorSpec::elements() const noexcept {
  uint64_t product = 1;
  for (const int64_t dimension : shape) {
    product *= static_cast<uint64_t>(dimension);
  }
  return product;
}

uint64_t count_parameters(const std::vector<TensorSpec> &tensors) noexcept {
  uint64_t sum = 0;
  for (const TensorSpec &tensor : tensors) {
    sum += tensor.elements();
  }
  return sum;
}

std::vector<TensorSpec> required_tensors(const ModelInfo &info) {
  const CodecInfo &codec = info.codec;
  const LanguageModelInfo &language_model = info.language_model;
  List list;
  list.add_seanet(codec);
  for (int64_t i = 0; i < codec.layers; ++i) {
    list.add_encoder_layer("codec_model.encoder_transformer.layers." + std::to_string(i) + ".",
                           codec.width, codec.feed_forward);
  }
  list.add_quantizer("semantic", 1, codec, language_model.codebook_size);
  if (language_model.codebooks > 1) {
    list.add_quantizer("acoustic", language_model.codebooks - 1, codec,
                       language_model.codebook_size);
  }
  list.add_language_model(language_model);
  return list.take();
}

}  // namespace kyutaistt::checkpoint
