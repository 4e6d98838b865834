// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lm/language_model.h"

#include <algorithm>
#include <string>

namespace kyutaistt::lm {

LanguageModel::LanguageModel(const LanguageModelInfo &info, Precision precision,
                             CachePrecision cache_precision, ops::Operations &operations,
                             ops::WeightLoader &loader)
    : operations_(operations),
      info_(info),
      attention_{info.heads, info.head_dimension, info.rope_base},
      cache_precision_(cache_precision) {
  const ops::WeightType type = ops::weight_type_of(precision);
  embedding_ = loader.table("model.embed_tokens.embed_tokens.weight", type);
  for (int64_t i = 0; i < info.layers; ++i) {
    const std::string name = "model.layers." + std::to_string(i) + ".";
    const std::string attention = name + "self_attn.";
    Layer layer;
    layer.attention_norm = loader.vector(name + "input_layernorm.weight");
    layer.query_key_value =
        loader.matrix({attention + "q_proj.linear.weight", attention + "k_proj.linear.weight",
                       attention + "v_proj.linear.weight"},
                      type);
    layer.attention_output = loader.matrix({attention + "o_proj.linear.weight"}, type);
    layer.feed_forward_norm = loader.vector(name + "post_attention_layernorm.weight");
    layer.feed_forward_in = loader.matrix({name + "mlp.fc1.weight"}, type);
    layer.feed_forward_out = loader.matrix({name + "mlp.fc2.weight"}, type);
    layers_.push_back(std::move(layer));
  }
  output_norm_ = loader.vector("model.norm.weight");
  // With 4 bits the head alone makes two fifths of the tokens that differ, with 2 % of the weights.
  head_ = loader.matrix({"lm_head.weight"},
                        type == ops::WeightType::Int4 ? ops::WeightType::Int8 : type);
}

std::unique_ptr<LanguageModelState> LanguageModel::make_state() const {
  auto state = std::make_unique<LanguageModelState>();
  for (size_t i = 0; i < layers_.size(); ++i) {
    state->caches.push_back(operations_.make_cache(attention_, info_.window, cache_precision_));
  }
  return state;
}

ops::Tensor LanguageModel::embed(std::span<const StepInput> inputs) const {
  const int64_t entries = info_.codebook_size + 1;
  std::vector<int32_t> rows;
  rows.reserve(inputs.size() * static_cast<size_t>(1 + info_.codebooks));
  for (const StepInput &input : inputs) {
    rows.push_back(input.text);
    for (int64_t book = 0; book < info_.codebooks; ++book) {
      const int64_t code =
          input.codes.empty() ? info_.audio_start : input.codes[static_cast<size_t>(book)];
      rows.push_back(static_cast<int32_t>(info_.text_vocabulary + book * entries + code));
    }
  }
  return operations_.embed_sum(*embedding_, rows, 1 + info_.codebooks);
}

void LanguageModel::run_layer(ops::Tensor &x, const Layer &layer,
                              std::span<const ops::AttentionRow> rows) const {
  ops::Tensor h = operations_.rms_norm(x, layer.attention_norm, info_.norm_epsilon);
  h = operations_.attend(operations_.linear(h, *layer.query_key_value), attention_, rows);
  operations_.add_linear(x, h, *layer.attention_output, {});
  h = operations_.rms_norm(x, layer.feed_forward_norm, info_.norm_epsilon);
  h = operations_.gated_silu(operations_.linear(h, *layer.feed_forward_in));
  operations_.add_linear(x, h, *layer.feed_forward_out, {});
}

std::vector<ops::Choice> LanguageModel::step(std::span<const StepInput> inputs, Output output,
                                             const ops::Trace &trace) const {
  const auto record = [&trace](const std::string &name, const ops::Tensor &value) {
    if (trace) {
      trace("lm." + name, value);
    }
  };
  ops::Tensor x = embed(inputs);
  record("embedding", x);
  std::vector<ops::AttentionRow> rows;
  rows.reserve(inputs.size());
  for (const StepInput &input : inputs) {
    const int64_t position = input.state->position;
    rows.push_back({nullptr, position, std::max<int64_t>(0, position - info_.window + 1)});
  }
  for (size_t index = 0; index < layers_.size(); ++index) {
    for (size_t row = 0; row < rows.size(); ++row) {
      rows[row].cache = inputs[row].state->caches[index].get();
    }
    run_layer(x, layers_[index], rows);
    record("layer." + std::to_string(index), x);
  }
  for (const StepInput &input : inputs) {
    ++input.state->position;
  }
  if (output == Output::None) {
    return {};
  }
  x = operations_.rms_norm(x, output_norm_, info_.norm_epsilon);
  record("norm", x);
  x = operations_.linear(x, *head_);
  record("logits", x);
  return operations_.choose(x);
}

uint64_t LanguageModel::weight_bytes_per_step() const {
  uint64_t bytes = head_->bytes();
  for (const Layer &layer : layers_) {
    bytes += layer.query_key_value->bytes() + layer.attention_output->bytes() +
             layer.feed_forward_in->bytes() + layer.feed_forward_out->bytes();
  }
  return bytes;
}

uint64_t LanguageModel::multiply_adds(const LanguageModelInfo &info) {
  const int64_t inner = info.heads * info.head_dimension;
  const int64_t layer =
      4 * info.width * inner + 3 * info.width * info.feed_forward + 2 * info.window * inner;
  return static_cast<uint64_t>(info.layers * layer + info.text_vocabulary * info.width);
}

uint64_t LanguageModel::state_bytes(const LanguageModelInfo &info, CachePrecision precision) {
  const ops::Attention attention{info.heads, info.head_dimension, info.rope_base};
  return static_cast<uint64_t>(info.layers) * ops::cache_bytes(attention, info.window, precision);
}

}  // namespace kyutaistt::lm
