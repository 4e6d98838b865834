// SPDX-License-Identifier: LGPL-2.1-or-later
/// The safetensors format: a JSON header with names, types, shapes and places, then the bytes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/status.h>

#include "base/file_memory.h"
#include "checkpoint/packed_weights.h"
#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

/// One safetensors file. The whole header is checked when it is opened: every shape's product fits,
/// every tensor has exactly the bytes that its shape and type need (unless the type is unknown),
/// and the tensors cover the file without overlaps or holes. Threads: immutable.
class SafetensorsFile {
 public:
  static Result<std::shared_ptr<const SafetensorsFile>> open(
      const std::string &path, base::FileAccess access = base::FileAccess::Copied);

  const std::string &path() const noexcept { return file_->path(); }
  uint64_t bytes() const noexcept { return file_->places().size(); }
  std::vector<std::string> names() const;
  /// The header's free texts.
  const Metadata &metadata() const noexcept { return metadata_; }
  /// Null if the file has no such tensor. Valid as long as this object. The bytes are there only
  /// while they are held.
  const TensorView *find(std::string_view name) const;
  /// A tensor of this file with its bytes in memory as long as the result.
  Result<TensorView> read(const TensorView &tensor) const;
  /// Its bytes are in memory as long as this object.
  Status keep(const TensorView &tensor) const { return file_->keep(tensor.bytes); }

 private:
  SafetensorsFile() = default;

  std::shared_ptr<const base::FileMemory> file_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  Metadata metadata_;
};

/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names. Threads: immutable.
class SafetensorsFolder {
 public:
  static Result<SafetensorsFolder> open(const std::string &folder,
                                        base::FileAccess access = base::FileAccess::Copied);

  /// Null if no file has such a tensor. The bytes are there only while they are held.
  const TensorView *find(std::string_view name) const;
  /// The same with its bytes in memory as long as the result; `Corrupt` if there is none, or if the
  /// file has been cut off since.
  Result<TensorView> read(std::string_view name) const;
  /// Its bytes are in memory as long as this object. There must be such a tensor.
  Status keep(std::string_view name) const;
  /// Path of the file that holds the tensor, or that should.
  std::string location(std::string_view name) const;
  /// Of the only file; shards are never packed.
  Result<PackedIndex> packed_index() const;
  /// Bytes of all files.
  uint64_t bytes() const noexcept;

 private:
  Status open_shards(const std::string &folder, const std::string &index_path,
                     base::FileAccess access);
  /// Null if no file has such a tensor.
  const SafetensorsFile *file_of(std::string_view name) const;

  std::string folder_;
  std::vector<std::shared_ptr<const SafetensorsFile>> files_;
  /// Tensor name to index into `files_`; empty if there is only one file.
  std::map<std::string, size_t, std::less<>> places_;
};

}  // namespace kyutaistt::checkpoint
