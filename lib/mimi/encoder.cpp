// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/encoder.h"

namespace kyutaistt::mimi {

namespace {

checkpoint::CodecArchitecture architecture_of(const ModelInfo &info) {
  return checkpoint::codec_architecture(info.codec, info.language_model.codebooks,
                                        info.language_model.codebook_size);
}

/// Calls use(convolution, positions) for every convolution, with its output positions in a frame.
template <typename Use>
void for_each_convolution(const checkpoint::CodecArchitecture &codec, const Use &use) {
  int64_t positions = samples_per_frame;
  use(codec.first, positions);
  for (const checkpoint::CodecStage &stage : codec.stages) {
    use(stage.narrow, positions);
    use(stage.widen, positions);
    positions /= stage.down.stride;
    use(stage.down, positions);
  }
  use(codec.last, positions);
  use(codec.downsampling, positions / codec.downsampling.stride);
}

}  // namespace

Encoder::Encoder(const ModelInfo &info, ops::WeightType weights, ops::Operations &operations,
                 ops::WeightLoader &loader)
    : Encoder(info, architecture_of(info), weights, operations, loader) {}

Encoder::Encoder(const ModelInfo &info, const checkpoint::CodecArchitecture &architecture,
                 ops::WeightType weights, ops::Operations &operations, ops::WeightLoader &loader)
    : operations_(operations),
      seanet_(architecture, weights, operations, loader),
      transformer_(info.codec, architecture, info.codec_attention, weights, operations, loader),
      quantizer_(architecture, weights, operations, loader) {}

std::unique_ptr<EncoderState> Encoder::make_state() const {
  auto state = std::make_unique<EncoderState>();
  seanet_.make_contexts(*state);
  transformer_.make_caches(*state);
  return state;
}

std::vector<int32_t> Encoder::encode(EncoderBatch batch, std::span<const float> samples,
                                     const ops::Trace &trace) const {
  const auto rows = static_cast<int64_t>(batch.size()) * samples_per_frame;
  ops::Tensor x = seanet_.encode(operations_.upload(samples, rows, 1), batch, trace);
  transformer_.run(x, batch, trace);
  x = seanet_.downsample(x, batch);
  if (trace) {
    trace("mimi.downsample", x);
  }
  std::vector<int32_t> codes = quantizer_.quantize(x, trace);
  for (EncoderState *state : batch) {
    ++state->frame;
  }
  return codes;
}

uint64_t Encoder::state_bytes(const ModelInfo &info) {
  const CodecInfo &codec = info.codec;
  const ops::Attention attention{codec.heads, codec.width / codec.heads, codec.rope_base};
  const uint64_t cache =
      ops::cache_bytes(attention, EncoderTransformer::cache_capacity(codec), CachePrecision::F32);
  uint64_t contexts = 0;
  for_each_convolution(architecture_of(info),
                       [&](const checkpoint::ConvolutionSpec &spec, int64_t /*positions*/) {
                         contexts += static_cast<uint64_t>(spec.context() * spec.inputs);
                       });
  return static_cast<uint64_t>(codec.layers) * cache + contexts * sizeof(float);
}

Encoder::MultiplyAdds Encoder::multiply_adds(const ModelInfo &info) {
  const CodecInfo &codec = info.codec;
  const checkpoint::CodecArchitecture architecture = architecture_of(info);
  uint64_t small = 0;
  uint64_t large = 0;
  for_each_convolution(
      architecture, [&](const checkpoint::ConvolutionSpec &spec, int64_t positions) {
        (spec.large ? large : small) += static_cast<uint64_t>(positions) * spec.elements();
      });
  for (const checkpoint::CodecLayer &layer : architecture.layers) {
    large += positions_per_frame *
             (layer.query_key_value.elements() + layer.attention_output.elements() +
              layer.feed_forward_in.elements() + layer.feed_forward_out.elements());
    // Every position's query and the values that it mixes.
    small += static_cast<uint64_t>(positions_per_frame * 2 * codec.window * codec.width);
  }
  for (const checkpoint::QuantizerChain &chain : architecture.chains) {
    large += chain.projection.elements();
    for (const checkpoint::CodebookSpec &codebook : chain.codebooks) {
      large += codebook.sums.elements();
    }
  }
  return {small + large, large};
}

}  // namespace kyutaistt::mimi
