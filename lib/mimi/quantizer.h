// SPDX-License-Identifier: LGPL-2.1-or-later
/// The codec's split residual vector quantizer: one vector a frame to one code a codebook.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "ops/operations.h"
#include "ops/trace.h"
#include "ops/weight_loader.h"

namespace kyutaistt::mimi {

/// A semantic codebook and a chain of acoustic ones; both read the same vector. No state.
/// Threads and lifetime as `Encoder`.
class Quantizer {
 public:
  Quantizer(const checkpoint::CodecArchitecture &architecture, ops::WeightType weights,
            ops::Operations &operations, ops::WeightLoader &loader);

  /// [streams, width] -> codes [streams, codebooks], semantic first.
  std::vector<int32_t> quantize(const ops::Tensor &x, const ops::Trace &trace) const;

 private:
  struct Chain {
    std::string name;
    std::shared_ptr<const ops::Matrix> projection;
    std::vector<std::shared_ptr<const ops::Codebook>> codebooks;
  };

  ops::Operations &operations_;
  std::vector<Chain> chains_;
};

}  // namespace kyutaistt::mimi
