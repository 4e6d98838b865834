// SPDX-License-Identifier: LGPL-2.1-or-later
/// A file in memory, as its pages are wanted.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::base {

/// A read-only mapping of a whole regular file.
///
/// Threads: immutable. Lifetime: the bytes are valid as long as the object. If somebody shortens
/// the file meanwhile, reading behind its new end kills the process, as with every mapping: model
/// files are replaced, not rewritten.
class MappedFile {
 public:
  /// Fails if it is not there, no regular file, or empty; the message begins with the path.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string &path);

  MappedFile(std::string path, std::span<const std::byte> bytes);
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  const std::string &path() const noexcept { return path_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  const std::string path_;
  const std::span<const std::byte> bytes_;
};

}  // namespace kyutaistt::base
