// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/codebook_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/native/native_types.h"
#include "ops/native/packing.h"

namespace kyutaistt::ops {

namespace {

class NativeCodebook final : public Codebook {
 public:
  NativeCodebook(std::span<const float> values, int64_t width, ThreadPool &pool)
      : dimension(width), exact(values.begin(), values.end()), rounded(pack(values, width, pool)) {
    double squares_of_greatest = 0;
    for (size_t i = 0; i < values.size(); i += static_cast<size_t>(width)) {
      float squares = 0;
      double precise = 0;
      for (const float value : values.subspan(i, static_cast<size_t>(width))) {
        squares += value * value;
        precise += static_cast<double>(value) * static_cast<double>(value);
      }
      negated_half_norms.push_back(-squares / 2);
      squares_of_greatest = std::max(squares_of_greatest, precise);
    }
    // A code is off by at most half a step, half of 1/16383 of the greatest value of its group; all
    // codes of an entry together by no more than this share of its length times the root of the
    // dimension. The same again accounts for the codes of the vector that is compared, and the last
    // part for the rounding of the sums.
    constexpr double step = 1.0 / int16_greatest;
    constexpr double sum_share = 1e-5;
    const double length = std::sqrt(squares_of_greatest);
    greatest_error =
        static_cast<float>(length * (step * std::sqrt(static_cast<double>(width)) + sum_share));
  }

  uint64_t bytes() const noexcept override {
    return rounded.bytes() + (exact.size() + negated_half_norms.size()) * sizeof(float);
  }

  const float *entry(int64_t index) const { return exact.data() + index * dimension; }

  const int64_t dimension;
  const std::vector<float> exact;
  const PanelMatrix rounded;
  /// -|entry|^2 / 2
  std::vector<float> negated_half_norms;
  /// By how much a product with the rounded entry may be off, for each unit of length of the other
  /// vector.
  float greatest_error = 0;

 private:
  static PanelMatrix pack(std::span<const float> values, int64_t width, ThreadPool &pool) {
    checkpoint::TensorView view;
    view.type = checkpoint::DataType::F32;
    view.bytes = std::as_bytes(values);
    view.shape = {static_cast<int64_t>(values.size()) / width, width};
    const PanelFormat format{WeightType::Int16, view.shape[0], width};
    return {format, pack_panels(format, {{&view, 1}, 1}, pool)};
  }
};

}  // namespace

std::shared_ptr<const Codebook> make_native_codebook(std::span<const float> entries,
                                                     int64_t dimension, ThreadPool &pool) {
  return std::make_shared<NativeCodebook>(entries, dimension, pool);
}

std::vector<int32_t> CodebookSearch::nearest_codes(
    std::span<const float> x, int64_t dimension,
    std::span<const std::shared_ptr<const Codebook>> codebooks) {
  const auto rows = static_cast<int64_t>(x.size()) / dimension;
  const auto levels = static_cast<int64_t>(codebooks.size());
  std::vector<int32_t> codes(static_cast<size_t>(rows * levels));
  residuals_.assign(x.begin(), x.end());
  std::vector<const float *> pointers;
  for (int64_t row = 0; row < rows; ++row) {
    pointers.push_back(residuals_.data() + row * dimension);
  }
  for (int64_t level = 0; level < levels; ++level) {
    const auto &book = static_cast<const NativeCodebook &>(*codebooks[static_cast<size_t>(level)]);
    const int64_t entries = book.rounded.rows;
    nearness_.resize(static_cast<size_t>(rows * entries));
    // |x - E|^2 / 2 = |x|^2 / 2 + |E|^2 / 2 - x E, of which the first term is the same for all: the
    // nearest entry has the greatest x E - |E|^2 / 2.
    multiplier_.multiply(
        book.rounded, pointers,
        {.values = nearness_.data(), .stride = entries, .bias = book.negated_half_norms.data()});
    for (int64_t row = 0; row < rows; ++row) {
      float *residual = residuals_.data() + row * dimension;
      const float *nearness = nearness_.data() + row * entries;
      const float best = nearness[kernels_.greatest_index(nearness, entries)];
      const float length = std::sqrt(kernels_.dot(residual, residual, dimension));
      // Both this one and the best may be off.
      const float least = best - 2 * length * book.greatest_error;
      int64_t code = 0;
      float greatest = -std::numeric_limits<float>::infinity();
      for (int64_t entry = 0; entry < entries; ++entry) {
        if (nearness[entry] < least) {
          continue;
        }
        const float exact = kernels_.dot(residual, book.entry(entry), dimension) +
                            book.negated_half_norms[static_cast<size_t>(entry)];
        if (exact > greatest) {
          greatest = exact;
          code = entry;
        }
      }
      codes[static_cast<size_t>(row * levels + level)] = static_cast<int32_t>(code);
      for (int64_t column = 0; column < dimension; ++column) {
        residual[column] -= book.entry(code)[column];
      }
    }
  }
  return codes;
}

}  // namespace kyutaistt::ops
