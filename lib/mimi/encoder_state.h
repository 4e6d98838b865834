// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the codec remembers of one stream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ops/tensor.h"

namespace kyutaistt::mimi {

/// Made by `Encoder::make_state`. Setting `frame` to 0 starts a new stream: nothing else has to be
/// cleared, because everything is written before it is read.
struct EncoderState {
  /// Frames encoded so far.
  int64_t frame = 0;
  /// Of the convolutions, in the order in which they run; the downsampling one is the last.
  std::vector<std::unique_ptr<ops::ConvolutionContext>> contexts;
  /// Of the transformer's layers.
  std::vector<std::unique_ptr<ops::KeyValueCache>> caches;
};

/// The streams of one batch, in the order of their rows; one that occurs several times in
/// succession has as many frames there. Borrowed.
using EncoderBatch = std::span<EncoderState *const>;

}  // namespace kyutaistt::mimi
