// SPDX-License-Identifier: LGPL-2.1-or-later
/// The codec's transformer at 25 Hz: two positions a frame.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>

#include "checkpoint/architecture.h"
#include "mimi/encoder_state.h"
#include "ops/operations.h"
#include "ops/trace.h"
#include "ops/weight_loader.h"

namespace kyutaistt::mimi {

/// Positions of 25 Hz in one frame.
inline constexpr int64_t positions_per_frame = checkpoint::codec_positions_per_frame;

/// Pre-norm layers with layer scale over a ring cache. Threads and lifetime as `Encoder`.
class EncoderTransformer {
 public:
  /// `attention_rule` must be resolved.
  EncoderTransformer(const CodecInfo &info, const checkpoint::CodecArchitecture &architecture,
                     CodecAttention attention_rule, ops::WeightType weights,
                     ops::Operations &operations, ops::WeightLoader &loader);

  /// Fills `state.caches`.
  void make_caches(EncoderState &state) const;

  /// [streams * 2, width], in place.
  void run(ops::Tensor &x, EncoderBatch batch, const ops::Trace &trace) const;

  /// Slots of a layer's ring: the window of the newest position, and the other positions of its
  /// frame.
  static int64_t cache_capacity(const CodecInfo &info);

 private:
  struct Layer {
    ops::Tensor attention_norm_weight;
    ops::Tensor attention_norm_bias;
    std::shared_ptr<const ops::Matrix> query_key_value;
    std::shared_ptr<const ops::Matrix> attention_output;
    ops::Tensor attention_scale;
    ops::Tensor feed_forward_norm_weight;
    ops::Tensor feed_forward_norm_bias;
    std::shared_ptr<const ops::Matrix> feed_forward_in;
    std::shared_ptr<const ops::Matrix> feed_forward_out;
    ops::Tensor feed_forward_scale;
  };

  /// Oldest position that `position` sees.
  int64_t first_visible(int64_t position) const;

  ops::Operations &operations_;
  const ops::Attention attention_;
  const CodecAttention rule_;
  const int64_t window_;
  const int64_t capacity_;
  const double epsilon_;
  std::vector<Layer> layers_;
};

}  // namespace kyutaistt::mimi
