// SPDX-License-Identifier: LGPL-2.1-or-later
/// Passes weights from a checkpoint to the operations that will use them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "checkpoint/architecture.h"
#include "checkpoint/packed_weights.h"
#include "checkpoint/tensor_source.h"
#include "ops/operations.h"

namespace kyutaistt::ops {

/// Finds, checks and packs one weight after the other.
///
/// The first failure sticks: from then on every call returns an empty handle at once, so that a
/// model is built without a check at every line, and `status()` is asked once at the end. Every
/// value is checked to be finite: a checkpoint with one NaN would produce no text at all.
class WeightLoader {
 public:
  /// All must outlive the loader. `total_elements`: what will be loaded, for `progress`. `writer`,
  /// if given, is passed everything that is loaded; it borrows what the operations packed.
  WeightLoader(const checkpoint::TensorSource &tensors, Operations &operations,
               const LoadProgress &progress, uint64_t total_elements,
               checkpoint::PackedWriter *writer = nullptr);

  std::shared_ptr<const Matrix> matrix(const checkpoint::MatrixSpec &spec, WeightType type);
  /// A table of rows to be looked up.
  std::shared_ptr<const Matrix> table(const checkpoint::TensorSpec &spec, WeightType type);
  Tensor vector(const checkpoint::TensorSpec &spec);
  Convolution convolution(const checkpoint::ConvolutionSpec &spec, WeightType type);
  /// sums / max(usages, 1e-5).
  std::shared_ptr<const Codebook> codebook(const checkpoint::CodebookSpec &spec);

  const Status &status() const noexcept { return status_; }
  /// Bytes of all that was packed.
  uint64_t packed_bytes() const noexcept { return packed_bytes_; }

 private:
  /// Empty (and the failure noted) if it is missing or broken, or if loading was cancelled.
  checkpoint::TensorView find(const std::string &name);
  /// Counts what was loaded. False if the caller cancelled.
  bool report(int64_t elements);
  /// What the source has packed; null if it is not packed, or the failure was noted.
  std::shared_ptr<const Matrix> find_packed(std::span<const std::string> names, WeightType type);
  /// Counts a matrix' bytes, and notifies the writer. `views`: what it was packed from.
  void note(std::span<const std::string> names, std::span<const checkpoint::TensorView> views,
            WeightType type, const Matrix &matrix);

  const checkpoint::TensorSource &tensors_;
  Operations &operations_;
  const LoadProgress &progress_;
  const uint64_t total_elements_;
  uint64_t loaded_elements_ = 0;
  uint64_t packed_bytes_ = 0;
  checkpoint::PackedWriter *const writer_;
  Status status_;
};

}  // namespace kyutaistt::ops
