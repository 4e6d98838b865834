// SPDX-License-Identifier: LGPL-2.1-or-later
/// The codec's convolutional encoder: audio at 24 kHz to vectors at 25 Hz, and the downsampling to
/// 12.5 Hz after the transformer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kyutaistt/model_info.h>

#include "checkpoint/architecture.h"
#include "mimi/encoder_state.h"
#include "ops/operations.h"
#include "ops/trace.h"
#include "ops/weight_loader.h"

namespace kyutaistt::mimi {

/// Causal convolutions with a streaming context. Channels-last: a row is one point in time.
/// Threads and lifetime as `Encoder`.
class Seanet {
 public:
  /// `weights`: how the large convolutions are held; the others are f32.
  Seanet(const checkpoint::CodecArchitecture &architecture, ops::WeightType weights,
         ops::Operations &operations, ops::WeightLoader &loader);

  /// Fills `state.contexts`.
  void make_contexts(EncoderState &state) const;

  /// [streams * 1920, 1] samples -> [streams * 2, width].
  ops::Tensor encode(const ops::Tensor &samples, EncoderBatch batch, const ops::Trace &trace) const;

  /// [streams * 2, width] -> [streams, width].
  ops::Tensor downsample(const ops::Tensor &x, EncoderBatch batch) const;

 private:
  /// A residual block and the strided convolution after it.
  struct Stage {
    /// Numbers of block and convolution in the checkpoint.
    int64_t block_number = 0;
    int64_t convolution_number = 0;
    /// Indices into `convolutions_`.
    size_t narrow = 0;
    size_t widen = 0;
    size_t stride = 0;
  };

  size_t add(ops::Convolution convolution);
  /// Where a convolution's contexts are, for every stream.
  static std::vector<ops::ConvolutionRow> contexts(size_t index, EncoderBatch batch);
  ops::Tensor convolve(const ops::Tensor &x, ops::InputActivation activation, size_t index,
                       EncoderBatch batch) const;

  ops::Operations &operations_;
  /// All of them, in the order in which they run; `EncoderState::contexts` has the same order.
  std::vector<ops::Convolution> convolutions_;
  std::vector<Stage> stages_;
  const int64_t last_number_;
};

}  // namespace kyutaistt::mimi
