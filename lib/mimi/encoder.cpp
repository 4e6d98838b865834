// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/encoder.h"

namespace kyutaistt::mimi {

Encoder::Encoder(const ModelInfo &info, ops::WeightType weights, ops::Operations &operations,
                 ops::WeightLoader &loader)
    : operations_(operations),
      seanet_(info.codec, weights, operations, loader),
      transformer_(info.codec, info.codec_attention, weights, operations, loader),
      quantizer_(info.language_model.codebooks, weights, operations, loader) {}

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
  // Contexts (kernel - stride columns): the first convolution has kernel 7, a residual block's
  // first one 3, a strided one twice its stride, the last one 3, the downsampling one 4 and 2.
  int64_t contexts = 6;
  int64_t channels = codec.filters;
  for (const int64_t stride : codec.strides) {
    contexts += channels * (2 + stride);
    channels *= 2;
  }
  contexts += channels * 2 + codec.width * 2;
  return static_cast<uint64_t>(codec.layers) * cache +
         static_cast<uint64_t>(contexts) * sizeof(float);
}

Encoder::MultiplyAdds Encoder::multiply_adds(const ModelInfo &info) {
  const CodecInfo &codec = info.codec;
  int64_t time = samples_per_frame;
  int64_t channels = codec.filters;
  int64_t small = time * channels * 7;
  int64_t large = 0;
  for (size_t i = 0; i < codec.strides.size(); ++i) {
    const int64_t stride = codec.strides[i];
    small += time * (channels / 2) * channels * 3 + time * channels * (channels / 2);
    time /= stride;
    (Seanet::has_large_stride(i) ? large : small) +=
        time * (2 * channels) * channels * (2 * stride);
    channels *= 2;
  }
  large += time * codec.width * channels * 3 + codec.width * codec.width * 4;
  large += codec.layers * positions_per_frame *
           (4 * codec.width * codec.width + 2 * codec.width * codec.feed_forward);
  small += codec.layers * positions_per_frame * 2 * codec.window * codec.width;
  const LanguageModelInfo &model = info.language_model;
  large += 2 * codec.width * codec.codebook_dimension +
           model.codebooks * model.codebook_size * codec.codebook_dimension;
  return {static_cast<uint64_t>(small + large), static_cast<uint64_t>(large)};
}

}  // namespace kyutaistt::mimi
