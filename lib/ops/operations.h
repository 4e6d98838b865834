// SPDX-License-Identifier: LGPL-2.1-or-later
/// The operations that the model is written in. The codec and the language model are written once
/// against this interface; an implementation decides where and how to compute.
///
/// Threads: one at a time: it packs while the model is loaded, and computes afterwards (the
/// engine's worker). Only the states of streams may be made by other threads meanwhile.
/// Errors: these functions throw (libtorch does, allocation does); `base::guard` stops it at the
/// borders of the library. Shapes are the caller's duty: they were checked when the model was
/// loaded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "checkpoint/tensor_source.h"
#include "ops/tensor.h"
#include "ops/weight_type.h"

namespace kyutaistt::ops {

/// One stream's part in a convolution: its rows follow those of the stream before.
struct ConvolutionRow {
  ConvolutionContext *context = nullptr;
  /// True for the first input of a stream: the context is filled as `Convolution::start` says.
  bool first = false;
  /// How many frames of the stream the input has. All frames have the same number of rows, a
  /// multiple of the stride.
  int64_t frames = 1;
};

/// Of all streams, of which there is at least one.
inline int64_t count_frames(std::span<const ConvolutionRow> streams) {
  int64_t frames = 0;
  for (const ConvolutionRow &stream : streams) {
    frames += stream.frames;
  }
  return std::max<int64_t>(frames, 1);
}

/// What a convolution does with its input first.
enum class InputActivation {
  None,
  /// x > 0 ? x : exp(x) - 1.
  Elu,
};

/// Shape of an attention layer.
struct Attention {
  int64_t heads = 0;
  int64_t head_dimension = 0;
  double rope_base = 0;
};

/// One row of queries, keys and values: one position of one stream.
struct AttentionRow {
  KeyValueCache *cache = nullptr;
  /// Absolute position in the stream, from 0; also the angle of the rotary embedding.
  int64_t position = 0;
  /// Oldest position that this one sees; it sees all from there to itself.
  int64_t first_visible = 0;
};

/// Bytes allocated for a `KeyValueCache` on the CPU, including padding; other devices need less.
uint64_t cache_bytes(const Attention &attention, int64_t capacity, CachePrecision precision);

/// The most probable token of a row of logits.
struct Choice {
  int32_t token = 0;
  /// Softmax of the logits at that token; NaN if a logit is NaN.
  float probability = 0;
};

class Operations {
 public:
  Operations() = default;
  Operations(const Operations &) = delete;
  Operations &operator=(const Operations &) = delete;
  virtual ~Operations() = default;

  /// Description of what computes, for users, e.g. "libtorch 1.13.1, AVX512".
  virtual std::string description() const = 0;

  /// What `Precision::Auto` means for a model with this many parameters.
  virtual Precision default_precision(uint64_t parameters) const = 0;
  /// `Unsupported` if weights or caches cannot be held so. Both must be resolved.
  virtual Status check_precision(Precision precision, CachePrecision cache_precision) const = 0;

  // Weights. Views are floating point of any width; they are not needed after the call.

  /// Stacks [rows_i, columns] views to one matrix. Views of more than two
  /// dimensions count as [first, product of the others].
  virtual std::shared_ptr<const Matrix> pack_matrix(std::span<const checkpoint::TensorView> parts,
                                                    WeightType type) = 0;
  /// A matrix from the result of `packed_bytes` in another process. `bytes` are used in place where
  /// their alignment allows, and must then stay valid as long as the matrix. `Corrupt` if these are
  /// not the bytes of such a matrix, `Unsupported` if this implementation takes none.
  virtual Result<std::shared_ptr<const Matrix>> adopt_matrix(WeightType type, int64_t rows,
                                                             int64_t columns,
                                                             std::span<const std::byte> bytes) = 0;
  /// A packed matrix as bytes; empty if this implementation cannot provide them.
  virtual std::span<const std::byte> packed_bytes(const Matrix &matrix) = 0;
  /// A table whose rows are looked up, from a [rows, columns] view: f32 for `WeightType::F32`, else
  /// bf16.
  virtual std::shared_ptr<const Matrix> pack_table(const checkpoint::TensorView &table,
                                                   WeightType type) = 0;
  /// A convolution's weight from [outputs, inputs, kernel].
  virtual std::shared_ptr<const Matrix> pack_convolution(const checkpoint::TensorView &weight,
                                                         WeightType type) = 0;
  /// A vector as [1, columns], f32.
  virtual Tensor pack_vector(const checkpoint::TensorView &vector) = 0;
  /// Codebook entries from [entries, dimension] floats.
  virtual std::shared_ptr<const Codebook> pack_codebook(std::span<const float> entries,
                                                        int64_t dimension) = 0;

  // State of one stream.

  virtual std::unique_ptr<ConvolutionContext> make_context(const Convolution &convolution) = 0;
  /// `precision` must be resolved.
  virtual std::unique_ptr<KeyValueCache> make_cache(const Attention &attention, int64_t capacity,
                                                    CachePrecision precision) = 0;

  // Computation.

  /// Copies host memory of rows * columns floats to a tensor, and back.
  virtual Tensor upload(std::span<const float> values, int64_t rows, int64_t columns) = 0;
  virtual std::vector<float> download(const Tensor &tensor) = 0;

  /// Row r = sum of the table's rows ids[r * per_row .. r * per_row + per_row - 1].
  virtual Tensor embed_sum(const Matrix &table, std::span<const int32_t> ids, int64_t per_row) = 0;

  /// x W^T: [rows, W.columns] -> [rows, W.rows].
  virtual Tensor linear(const Tensor &x, const Matrix &weight) = 0;
  /// residual += scale * (x W^T), in place; `scale` is a vector over columns, or empty for 1.
  virtual void add_linear(Tensor &residual, const Tensor &x, const Matrix &weight,
                          const Tensor &scale) = 0;
  /// x / sqrt(mean(x^2) + epsilon) * weight, over columns.
  virtual Tensor rms_norm(const Tensor &x, const Tensor &weight, double epsilon) = 0;
  /// (x - mean) / sqrt(variance + epsilon) * weight + bias, over columns.
  virtual Tensor layer_norm(const Tensor &x, const Tensor &weight, const Tensor &bias,
                            double epsilon) = 0;

  /// x / 2 * (1 + erf(x / sqrt 2)): the exact form.
  virtual Tensor gelu(const Tensor &x) = 0;
  /// silu(first half of the columns) * second half.
  virtual Tensor gated_silu(const Tensor &x) = 0;

  /// Causal convolution over time of every stream's rows: [frames * T, inputs] -> [frames * T /
  /// stride, outputs]. Advances each stream's context, which holds activated input. Several frames
  /// of a stream at once give exactly what one after the other does.
  virtual Tensor convolve(const Tensor &x, InputActivation activation,
                          const Convolution &convolution,
                          std::span<const ConvolutionRow> streams) = 0;
  /// residual += convolve(x), in place; the stride must be 1.
  virtual void add_convolution(Tensor &residual, const Tensor &x, InputActivation activation,
                               const Convolution &convolution,
                               std::span<const ConvolutionRow> streams) = 0;

  /// Rotates queries and keys (pairs i, i + head_dimension / 2), stores keys and values of all rows
  /// in their caches, then attends: softmax(q k / sqrt(head_dimension)) v over the visible
  /// positions. `qkv` is [rows, 3 * heads * head_dimension]; the result [rows, heads *
  /// head_dimension]. Rows of one cache lie together, and are as if computed one after the other.
  virtual Tensor attend(const Tensor &qkv, const Attention &attention,
                        std::span<const AttentionRow> rows) = 0;

  /// Residual vector quantization: for each codebook in turn the nearest entry (L2, ties to the
  /// lowest index), subtracted before the next. Returns [x.rows, codebooks] on the host.
  virtual std::vector<int32_t> nearest_codes(
      const Tensor &x, std::span<const std::shared_ptr<const Codebook>> codebooks) = 0;

  /// The best token of every row (ties to the lowest id).
  virtual std::vector<Choice> choose(const Tensor &logits) = 0;
};

}  // namespace kyutaistt::ops
