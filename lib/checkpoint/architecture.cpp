// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/architecture.h"

#include <numeric>
#include <utility>

namespace kyutaistt::checkpoint {

namespace {

std::string codec_layer_name(int64_t index) {
  return "codec_model.encoder_transformer.layers." + std::to_string(index) + ".";
}

std::string language_model_layer_name(int64_t index) {
  return "model.layers." + std::to_string(index) + ".";
}

constexpr const char *feed_forward_in_name = "mlp.fc1.weight";

MatrixSpec matrix(std::string name, int64_t rows, int64_t columns) {
  return {{{std::move(name), {rows, columns}}}};
}

/// The codec's layers are numbered with the activations between them.
std::string seanet_layer_name(int64_t number) {
  return "codec_model.encoder.layers." + std::to_string(number);
}

CodecStage codec_stage(int64_t number, int64_t channels, int64_t stride, bool is_first) {
  const std::string block = seanet_layer_name(number) + ".block.";
  CodecStage stage;
  stage.block_number = number;
  stage.down_number = number + 2;
  stage.narrow = {
      .name = block + "1.conv", .outputs = channels / 2, .inputs = channels, .kernel = 3};
  stage.widen = {
      .name = block + "3.conv", .outputs = channels, .inputs = channels / 2, .kernel = 1};
  stage.down = {.name = seanet_layer_name(stage.down_number) + ".conv",
                .outputs = 2 * channels,
                .inputs = channels,
                .kernel = 2 * stride,
                .stride = stride,
                .large = !is_first};
  return stage;
}

CodecLayer codec_layer(const CodecInfo &info, int64_t index) {
  const std::string name = codec_layer_name(index);
  const std::string attention = name + "self_attn.";
  const int64_t width = info.width;
  CodecLayer layer;
  layer.attention_norm_weight = {name + "input_layernorm.weight", {width}};
  layer.attention_norm_bias = {name + "input_layernorm.bias", {width}};
  layer.query_key_value = {{{attention + "q_proj.weight", {width, width}},
                            {attention + "k_proj.weight", {width, width}},
                            {attention + "v_proj.weight", {width, width}}}};
  layer.attention_output = matrix(attention + "o_proj.weight", width, width);
  layer.attention_scale = {name + "self_attn_layer_scale.scale", {width}};
  layer.feed_forward_norm_weight = {name + "post_attention_layernorm.weight", {width}};
  layer.feed_forward_norm_bias = {name + "post_attention_layernorm.bias", {width}};
  layer.feed_forward_in = matrix(name + feed_forward_in_name, info.feed_forward, width);
  layer.feed_forward_out = matrix(name + "mlp.fc2.weight", width, info.feed_forward);
  layer.feed_forward_scale = {name + "mlp_layer_scale.scale", {width}};
  return layer;
}

QuantizerChain quantizer_chain(const std::string &kind, const CodecInfo &info, int64_t codebooks,
                               int64_t codebook_size) {
  const std::string name = "codec_model.quantizer." + kind + "_residual_vector_quantizer.";
  QuantizerChain chain;
  chain.kind = kind;
  // Stored as a convolution of kernel 1.
  chain.projection.parts = {{name + "input_proj.weight", {info.codebook_dimension, info.width, 1}}};
  for (int64_t i = 0; i < codebooks; ++i) {
    const std::string codebook = name + "layers." + std::to_string(i) + ".codebook.";
    chain.codebooks.push_back({{codebook + "embed_sum", {codebook_size, info.codebook_dimension}},
                               {codebook + "cluster_usage", {codebook_size}}});
  }
  return chain;
}

LanguageModelLayer language_model_layer(const LanguageModelInfo &info, int64_t index) {
  const std::string name = language_model_layer_name(index);
  const std::string attention = name + "self_attn.";
  const int64_t width = info.width;
  const int64_t inner = info.heads * info.head_dimension;
  LanguageModelLayer layer;
  layer.attention_norm = {name + "input_layernorm.weight", {width}};
  layer.query_key_value = {{{attention + "q_proj.linear.weight", {inner, width}},
                            {attention + "k_proj.linear.weight", {inner, width}},
                            {attention + "v_proj.linear.weight", {inner, width}}}};
  layer.attention_output = matrix(attention + "o_proj.linear.weight", width, inner);
  layer.feed_forward_norm = {name + "post_attention_layernorm.weight", {width}};
  layer.feed_forward_in = matrix(name + feed_forward_in_name, 2 * info.feed_forward, width);
  layer.feed_forward_out = matrix(name + "mlp.fc2.weight", width, info.feed_forward);
  return layer;
}

/// Collects tensors in the order in which they are added.
class List {
 public:
  void add(const TensorSpec &tensor) { tensors_.push_back(tensor); }
  void add(const MatrixSpec &matrix) {
    tensors_.insert(tensors_.end(), matrix.parts.begin(), matrix.parts.end());
  }
  void add(const ConvolutionSpec &convolution) {
    add(convolution.weight());
    if (convolution.has_bias) {
      add(convolution.bias());
    }
  }
  void add(const CodecArchitecture &codec);
  void add(const LanguageModelArchitecture &model);

  std::vector<TensorSpec> take() { return std::move(tensors_); }

 private:
  template <typename... Specs>
  void add_all(const Specs &...specs) {
    (add(specs), ...);
  }

  std::vector<TensorSpec> tensors_;
};

void List::add(const CodecArchitecture &codec) {
  add(codec.first);
  for (const CodecStage &stage : codec.stages) {
    add_all(stage.narrow, stage.widen, stage.down);
  }
  add_all(codec.last, codec.downsampling);
  for (const CodecLayer &layer : codec.layers) {
    add_all(layer.attention_norm_weight, layer.attention_norm_bias, layer.query_key_value,
            layer.attention_output, layer.attention_scale, layer.feed_forward_norm_weight,
            layer.feed_forward_norm_bias, layer.feed_forward_in, layer.feed_forward_out,
            layer.feed_forward_scale);
  }
  for (const QuantizerChain &chain : codec.chains) {
    add(chain.projection);
    for (const CodebookSpec &codebook : chain.codebooks) {
      add_all(codebook.sums, codebook.usages);
    }
  }
}

void List::add(const LanguageModelArchitecture &model) {
  add(model.embedding);
  for (const LanguageModelLayer &layer : model.layers) {
    add_all(layer.attention_norm, layer.query_key_value, layer.attention_output,
            layer.feed_forward_norm, layer.feed_forward_in, layer.feed_forward_out);
  }
  add_all(model.output_norm, model.head);
}

}  // namespace

uint64_t TensorSpec::elements() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), uint64_t{1},
                         [](uint64_t product, int64_t dimension) {
                           return product * static_cast<uint64_t>(dimension);
                         });
}

uint64_t MatrixSpec::elements() const noexcept {
  return count_parameters(parts);
}

std::vector<std::string> MatrixSpec::names() const {
  std::vector<std::string> names;
  names.reserve(parts.size());
  for (const TensorSpec &part : parts) {
    names.push_back(part.name);
  }
  return names;
}

TensorSpec ConvolutionSpec::weight() const {
  return {name + ".weight", {outputs, inputs, kernel}};
}

TensorSpec ConvolutionSpec::bias() const {
  return {name + ".bias", {outputs}};
}

uint64_t ConvolutionSpec::elements() const noexcept {
  return static_cast<uint64_t>(outputs * inputs * kernel);
}

int64_t embedding_rows(const LanguageModelInfo &info) {
  return info.text_vocabulary + info.codebooks * (info.codebook_size + 1) + 1;
}

CodecArchitecture codec_architecture(const CodecInfo &info, int64_t codebooks,
                                     int64_t codebook_size) {
  CodecArchitecture codec;
  codec.first = {
      .name = seanet_layer_name(0) + ".conv", .outputs = info.filters, .inputs = 1, .kernel = 7};
  int64_t number = 1;
  int64_t channels = info.filters;
  for (const int64_t stride : info.strides) {
    codec.stages.push_back(codec_stage(number, channels, stride, codec.stages.empty()));
    channels *= 2;
    number += 3;
  }
  codec.last_number = number + 1;
  codec.last = {.name = seanet_layer_name(codec.last_number) + ".conv",
                .outputs = info.width,
                .inputs = channels,
                .kernel = 3,
                .large = true};
  for (int64_t i = 0; i < info.layers; ++i) {
    codec.layers.push_back(codec_layer(info, i));
  }
  codec.downsampling = {.name = "codec_model.downsample.conv",
                        .outputs = info.width,
                        .inputs = info.width,
                        .kernel = 2 * codec_positions_per_frame,
                        .stride = codec_positions_per_frame,
                        .has_bias = false,
                        .large = true,
                        .starts_replicated = true};
  codec.chains.push_back(quantizer_chain("semantic", info, 1, codebook_size));
  if (codebooks > 1) {
    codec.chains.push_back(quantizer_chain("acoustic", info, codebooks - 1, codebook_size));
  }
  return codec;
}

LanguageModelArchitecture language_model_architecture(const LanguageModelInfo &info) {
  LanguageModelArchitecture model;
  model.embedding = {"model.embed_tokens.embed_tokens.weight", {embedding_rows(info), info.width}};
  for (int64_t i = 0; i < info.layers; ++i) {
    model.layers.push_back(language_model_layer(info, i));
  }
  model.output_norm = {"model.norm.weight", {info.width}};
  model.head = matrix("lm_head.weight", info.text_vocabulary, info.width);
  return model;
}

std::vector<TensorSpec> required_tensors(const ModelInfo &info) {
  const LanguageModelInfo &model = info.language_model;
  List list;
  list.add(codec_architecture(info.codec, model.codebooks, model.codebook_size));
  list.add(language_model_architecture(model));
  return list.take();
}

uint64_t count_parameters(const std::vector<TensorSpec> &tensors) noexcept {
  uint64_t sum = 0;
  for (const TensorSpec &tensor : tensors) {
    sum += tensor.elements();
  }
  return sum;
}

std::string codec_feed_forward_name() {
  return codec_layer_name(0) + feed_forward_in_name;
}

std::string language_model_feed_forward_name() {
  return language_model_layer_name(0) + feed_forward_in_name;
}

}  // namespace kyutaistt::checkpoint
