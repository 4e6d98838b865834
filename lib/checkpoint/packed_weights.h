// SPDX-License-Identifier: LGPL-2.1-or-later
/// Weight files whose matrices are stored as the native operations use them: what
/// `kyutaistt quantize` writes.
///
/// They are safetensors files. Matrices that lie together in memory are one tensor of bytes, named
/// "packed." and the first matrix' name; the file's metadata has, for every matrix by its name,
/// the type, the shape and the first matrix ("int8 2048,2048 model.layers.0..."), and for the whole
/// file `packed_format` and `precision`. All other tensors are stored as in any other file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// Name of the tensor that holds the bytes of these matrices.
std::string packed_name(std::string_view first);

/// What a file's metadata says of its packed matrices.
class PackedIndex {
 public:
  struct Part {
    /// As `ops::weight_type_name`.
    std::string type;
    std::vector<int64_t> shape;
    std::string first;
  };

  /// Empty if the file is not packed. `Corrupt` or `Unsupported` for metadata that is wrong or of
  /// another version; the message begins with `path`.
  static Result<PackedIndex> read(const Metadata &metadata, const std::string &path);

  /// `Auto` if the file is not packed.
  Precision precision() const noexcept { return precision_; }
  /// Null if the matrix is not packed.
  const Part *find(std::string_view name) const;

 private:
  Precision precision_ = Precision::Auto;
  std::map<std::string, Part, std::less<>> parts_;
};

/// Collects tensors and writes them to one file. Borrows their bytes until then.
class PackedWriter {
 public:
  explicit PackedWriter(Precision precision) : precision_(precision) {}

  /// A tensor as it is.
  void add(const std::string &name, TensorView view);
  /// Matrices that were packed together, in this order.
  void add_packed(std::span<const std::string> names, std::span<const TensorView> matrices,
                  const std::string &type, std::span<const std::byte> bytes);

  /// Writes a file of another name first and waits until it is on the disk, so that there is never
  /// half a file under this one.
  Status write(const std::string &path) const;

 private:
  struct Tensor {
    std::string name;
    TensorView view;
  };

  const Precision precision_;
  Metadata metadata_;
  std::vector<Tensor> tensors_;
};

}  // namespace kyutaistt::checkpoint
