// SPDX-License-Identifier: LGPL-2.1-or-later
/// Weights by name, whatever file they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/status.h>

namespace kyutaistt::checkpoint {

/// Element types that weights come in. `Unknown` is what a file may hold beside the weights that
/// are used (other integers, 8-bit floats).
enum class DataType { F64, F32, F16, Bf16, I64, I32, I16, I8, U8, Bool, Unknown };

/// Bytes of one element; 1 for `Unknown`.
size_t element_size(DataType type) noexcept;
/// The name that safetensors headers use, e.g. "BF16".
const char *data_type_name(DataType type) noexcept;

/// A tensor's elements in memory, row-major. Borrowed from its source.
struct TensorView {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  /// Exactly product(shape) * element_size(type) bytes, unless the type is unknown; alignment is
  /// not guaranteed.
  std::span<const std::byte> bytes;
  /// Keeps `bytes` alive where a source reads or makes them on demand.
  std::shared_ptr<const void> owner;

  int64_t elements() const noexcept;
};

/// Matrices as an implementation of the operations packed them.
struct PackedView {
  /// As `ops::weight_type_name`.
  std::string type;
  /// Of all together, the first dimensions below each other.
  std::vector<int64_t> shape;
  TensorView bytes;
};

/// Weights of one model under the names of the Hugging Face layout.
///
/// Threads: const methods may be called from any thread. Views are valid as long as the source.
class TensorSource {
 public:
  TensorSource() = default;
  TensorSource(const TensorSource &) = delete;
  TensorSource &operator=(const TensorSource &) = delete;
  virtual ~TensorSource() = default;

  virtual bool contains(std::string_view name) const = 0;
  /// The tensor, or `NotFound`/`Corrupt` with its name and file. Its bytes are there as long as the
  /// view and the source.
  virtual Result<TensorView> find(std::string_view name) const = 0;
  /// The bytes of these matrices, if they are stored packed together in this order; else nothing.
  /// They are there as long as the source.
  virtual Result<std::optional<PackedView>> find_packed(
      std::span<const std::string> /*names*/) const {
    return std::optional<PackedView>();
  }
  /// File that holds the tensor, for messages.
  virtual std::string location(std::string_view name) const = 0;
};

}  // namespace kyutaistt::checkpoint
