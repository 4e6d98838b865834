// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lm/language_model.h"

#include <algorithm>
#include <string>

#include "checkpoint/architecture.h"

namespace kyutaistt::lm {

LanguageModel::LanguageModel(const LanguageModelInfo &info, Precision precision,
                             CachePrecision cache_precision, ops::Operations &operations,
                             ops::WeightLoader &loader)
    : operations_(operations),
      info_(info),
      attention_{info.heads, info.head_dimension, info.rope_base},
      cache_precision_(cache_precision) {
  const ops::WeightType type = ops::weight_type_of(precision);
  const auto architecture = checkpoint::language_model_architecture(info);
  embedding_ = loader.table(architecture.embedding, type);
  for (const checkpoint::LanguageModelLayer &spec : architecture.layers) {
    Layer layer;
    layer.attention_norm = loader.vector(spec.attention_norm);
    layer.query_key_value = loader.matrix(spec.query_key_value, type);
    layer.attention_output = loader.matrix(spec.attention_output, type);
    layer.feed_forward_norm = loader.vector(spec.feed_forward_norm);
    layer.feed_forward_in = loader.matrix(spec.feed_forward_in, type);
    layer.feed_forward_out = loader.matrix(spec.feed_forward_out, type);
    layers_.push_back(std::move(layer));
  }
  output_norm_ = loader.vector(architecture.output_norm);
  // With 4 bits the head alone makes two fifths of the tokens that differ, with 2 % of the weights.
  head_ = loader.matrix(architecture.head,
                        type == ops::WeightType::Int4 ? ops::WeightType::Int8 : type);
}

int64_t LanguageModel::cache_capacity(const LanguageModelInfo &info) {
  return info.window + max_positions_ahead - 1;
}

std::unique_ptr<LanguageModelState> LanguageModel::make_state() const {
  auto state = std::make_unique<LanguageModelState>();
  for (size_t i = 0; i < layers_.size(); ++i) {
    state->caches.push_back(
        operations_.make_cache(attention_, cache_capacity(info_), cache_precision_));
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
  int64_t position = 0;
  const LanguageModelState *last = nullptr;
  for (const StepInput &input : inputs) {
    position = input.state == last ? position + 1 : input.state->position;
    last = input.state;
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
  const auto architecture = checkpoint::language_model_architecture(info);
  uint64_t sum = architecture.head.elements();
  for (const checkpoint::LanguageModelLayer &layer : architecture.layers) {
    // The position's query with the window's keys, and as many values.
    sum += layer.query_key_value.elements() + layer.attention_output.elements() +
           layer.feed_forward_in.elements() + layer.feed_forward_out.elements() +
           static_cast<uint64_t>(2 * info.window * info.heads * info.head_dimension);
  }
  return sum;
}

uint64_t LanguageModel::state_bytes(const LanguageModelInfo &info, CachePrecision precision) {
  const ops::Attention attention{info.heads, info.head_dimension, info.rope_base};
  return static_cast<uint64_t>(info.layers) *
         ops::cache_bytes(attention, cache_capacity(info), precision);
}

}  // namespace kyutaistt::lm
