// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the operations work on. The model handles these as values and never looks inside.
#pragma once

#include <cstdint>
#include <memory>

namespace kyutaistt::ops {

/// Memory of an activation; each implementation of the operations has its own.
class Storage {
 public:
  Storage() = default;
  Storage(const Storage &) = delete;
  Storage &operator=(const Storage &) = delete;
  virtual ~Storage() = default;
};

/// Activations: [rows, columns] of f32 on the device of the operations that made them. A row is one
/// position of one stream; the rows of a stream lie together, in time order. Cheap to copy: copies
/// share the memory.
struct Tensor {
  int64_t rows = 0;
  int64_t columns = 0;
  std::shared_ptr<Storage> storage;
};

/// A matrix [rows, columns] of weights as an implementation packed it. Immutable.
class Matrix {
 public:
  Matrix(int64_t row_count, int64_t column_count) : rows(row_count), columns(column_count) {}
  Matrix(const Matrix &) = delete;
  Matrix &operator=(const Matrix &) = delete;
  virtual ~Matrix() = default;

  /// Bytes that one product with this matrix reads.
  virtual uint64_t bytes() const noexcept = 0;

  const int64_t rows;
  const int64_t columns;
};

/// A causal convolution's weights and shape. Immutable.
struct Convolution {
  /// [outputs, kernel * inputs], the kernel's oldest position first.
  std::shared_ptr<const Matrix> weight;
  /// [1, outputs], or empty.
  Tensor bias;
  int64_t inputs = 0;
  int64_t outputs = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  /// What precedes a stream's first sample.
  enum class Start { Zeros, Replicate } start = Start::Zeros;

  /// Columns of left context: kernel - stride.
  int64_t context() const noexcept { return kernel - stride; }
};

/// A codebook's entries [entries, dimension]. Immutable.
class Codebook {
 public:
  Codebook() = default;
  Codebook(const Codebook &) = delete;
  Codebook &operator=(const Codebook &) = delete;
  virtual ~Codebook() = default;
  virtual uint64_t bytes() const noexcept = 0;
};

/// The last columns of a convolution's input, of one stream.
class ConvolutionContext {
 public:
  ConvolutionContext() = default;
  ConvolutionContext(const ConvolutionContext &) = delete;
  ConvolutionContext &operator=(const ConvolutionContext &) = delete;
  virtual ~ConvolutionContext() = default;
};

/// Keys and values of one attention layer of one stream: a ring of `capacity` positions, of which
/// position p lies in slot p modulo capacity. Old content is never cleared: what may be seen is
/// given by positions.
class KeyValueCache {
 public:
  KeyValueCache() = default;
  KeyValueCache(const KeyValueCache &) = delete;
  KeyValueCache &operator=(const KeyValueCache &) = delete;
  virtual ~KeyValueCache() = default;
};

}  // namespace kyutaistt::ops
