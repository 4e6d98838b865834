// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/encoder_transformer.h"

#include <algorithm>
#include <string>

namespace kyutaistt::mimi {

EncoderTransformer::EncoderTransformer(const CodecInfo &info,
                                       const checkpoint::CodecArchitecture &architecture,
                                       CodecAttention attention_rule, ops::WeightType weights,
                                       ops::Operations &operations, ops::WeightLoader &loader)
    : operations_(operations),
      attention_{info.heads, info.width / info.heads, info.rope_base},
      rule_(attention_rule),
      window_(info.window),
      capacity_(cache_capacity(info)),
      epsilon_(info.norm_epsilon) {
  for (const checkpoint::CodecLayer &spec : architecture.layers) {
    Layer layer;
    layer.attention_norm_weight = loader.vector(spec.attention_norm_weight);
    layer.attention_norm_bias = loader.vector(spec.attention_norm_bias);
    layer.query_key_value = loader.matrix(spec.query_key_value, weights);
    layer.attention_output = loader.matrix(spec.attention_output, weights);
    layer.attention_scale = loader.vector(spec.attention_scale);
    layer.feed_forward_norm_weight = loader.vector(spec.feed_forward_norm_weight);
    layer.feed_forward_norm_bias = loader.vector(spec.feed_forward_norm_bias);
    layer.feed_forward_in = loader.matrix(spec.feed_forward_in, weights);
    layer.feed_forward_out = loader.matrix(spec.feed_forward_out, weights);
    layer.feed_forward_scale = loader.vector(spec.feed_forward_scale);
    layers_.push_back(std::move(layer));
  }
}

int64_t EncoderTransformer::cache_capacity(const CodecInfo &info) {
  return info.window + positions_per_frame - 1;
}

void EncoderTransformer::make_caches(EncoderState &state) const {
  state.caches.clear();
  for (size_t i = 0; i < layers_.size(); ++i) {
    state.caches.push_back(operations_.make_cache(attention_, capacity_, CachePrecision::F32));
  }
}

int64_t EncoderTransformer::first_visible(int64_t position) const {
  // The last position of the frame that `position` is in.
  const int64_t newest = position | (positions_per_frame - 1);
  switch (rule_) {
    case CodecAttention::Frame:
      return newest - positions_per_frame + 1;
    case CodecAttention::Ring2:
      return std::max<int64_t>(0, newest - window_ + 1);
    case CodecAttention::Auto:
    case CodecAttention::Exact:
      break;
  }
  return std::max<int64_t>(0, position - window_ + 1);
}

void EncoderTransformer::run(ops::Tensor &x, EncoderBatch batch, const ops::Trace &trace) const {
  std::vector<ops::AttentionRow> rows;
  rows.reserve(batch.size() * positions_per_frame);
  int64_t frame = 0;
  const EncoderState *last = nullptr;
  for (const EncoderState *state : batch) {
    frame = state == last ? frame + 1 : state->frame;
    last = state;
    for (int64_t i = 0; i < positions_per_frame; ++i) {
      const int64_t position = frame * positions_per_frame + i;
      rows.push_back({nullptr, position, first_visible(position)});
    }
  }
  for (size_t index = 0; index < layers_.size(); ++index) {
    const Layer &layer = layers_[index];
    for (size_t row = 0; row < rows.size(); ++row) {
      rows[row].cache = batch[row / positions_per_frame]->caches[index].get();
    }
    ops::Tensor h =
        operations_.layer_norm(x, layer.attention_norm_weight, layer.attention_norm_bias, epsilon_);
    h = operations_.attend(operations_.linear(h, *layer.query_key_value), attention_, rows);
    operations_.add_linear(x, h, *layer.attention_output, layer.attention_scale);
    h = operations_.layer_norm(x, layer.feed_forward_norm_weight, layer.feed_forward_norm_bias,
                               epsilon_);
    h = operations_.gelu(operations_.linear(h, *layer.feed_forward_in));
    operations_.add_linear(x, h, *layer.feed_forward_out, layer.feed_forward_scale);
    if (trace) {
      trace("mimi.transformer." + std::to_string(index), x);
    }
  }
}

}  // namespace kyutaistt::mimi
