// SPDX-License-Identifier: LGPL-2.1-or-later
/// The encoder of the Mimi codec: one frame of audio to one code for each codebook.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/model_info.h>

#include "checkpoint/architecture.h"
#include "mimi/encoder_state.h"
#include "mimi/encoder_transformer.h"
#include "mimi/quantizer.h"
#include "mimi/seanet.h"
#include "ops/operations.h"
#include "ops/trace.h"
#include "ops/weight_loader.h"

namespace kyutaistt::mimi {

/// Threads: immutable; `encode` may run on one thread at a time.
/// Lifetime: borrows the operations.
class Encoder {
 public:
  /// Usable only if `loader.status()` is a success afterwards.
  /// `weights`: how the large matrices are held.
  Encoder(const ModelInfo &info, ops::WeightType weights, ops::Operations &operations,
          ops::WeightLoader &loader);

  std::unique_ptr<EncoderState> make_state() const;

  /// Encodes the next frames of the batch's streams. `samples`: [frames, 1920]; the result:
  /// [frames, codebooks], the same for several frames of a stream as for one after the other.
  /// Advances the states.
  std::vector<int32_t> encode(EncoderBatch batch, std::span<const float> samples,
                              const ops::Trace &trace = {}) const;

  /// Bytes of an `EncoderState` of this shape.
  static uint64_t state_bytes(const ModelInfo &info);
  /// See `ModelInfo::codec_multiply_adds` and `codec_large_multiply_adds`.
  struct MultiplyAdds {
    uint64_t all = 0;
    uint64_t large = 0;
  };
  static MultiplyAdds multiply_adds(const ModelInfo &info);

 private:
  Encoder(const ModelInfo &info, const checkpoint::CodecArchitecture &architecture,
          ops::WeightType weights, ops::Operations &operations, ops::WeightLoader &loader);

  ops::Operations &operations_;
  Seanet seanet_;
  EncoderTransformer transformer_;
  Quantizer quantizer_;
};

}  // namespace kyutaistt::mimi
