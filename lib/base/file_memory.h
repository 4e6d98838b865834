// SPDX-License-Identifier: LGPL-2.1-or-later
/// Files in memory.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::base {

/// Reads a whole regular file. Fails if it is missing, not a regular file, empty, or larger than
/// `max_bytes`; the message begins with the path.
Result<std::string> read_file(const std::string &path, size_t max_bytes);

/// Returns once a file, or the names in a folder, have reached the disk.
Status sync_to_disk(const std::string &path);

/// How the bytes of a file get into memory.
enum class FileAccess {
  /// They are read into memory of this process: later changes of the file have no effect.
  Copied,
  /// The file's own pages, which processes share. If somebody overwrites the file meanwhile, the
  /// bytes change; if somebody shortens it, reading beyond its new end kills the process.
  Mapped,
};

/// A regular file whose parts are in memory while they are held.
///
/// Threads: any function from any thread. Cost: addresses for the whole file, memory for the parts
/// that are held.
class FileMemory : public std::enable_shared_from_this<FileMemory> {
 public:
  /// Fails if it is missing, not a regular file, or empty; the message begins with the path.
  static Result<std::shared_ptr<const FileMemory>> open(const std::string &path,
                                                        FileAccess access = FileAccess::Copied);

  FileMemory(const FileMemory &) = delete;
  FileMemory &operator=(const FileMemory &) = delete;
  ~FileMemory();

  const std::string &path() const noexcept { return path_; }
  /// Where all of the file's bytes are when they are held; a multiple of 64 bytes in the file is
  /// one in memory.
  std::span<const std::byte> places() const noexcept { return {places_, size_}; }

  /// Reads this part of `places()`, which stays in memory as long as the result lives. Parts that
  /// are held at the same time must be identical or disjoint. `Corrupt` if the file has become
  /// shorter.
  Result<std::shared_ptr<const void>> hold(std::span<const std::byte> part) const;
  /// The same, for as long as this object lives.
  Status keep(std::span<const std::byte> part) const;

 private:
  FileMemory(std::string path, int descriptor, std::byte *places, size_t size, FileAccess access);

  void release(std::span<const std::byte> part) const;

  const std::string path_;
  const int descriptor_;
  std::byte *const places_;
  const size_t size_;
  const FileAccess access_;
  mutable std::mutex mutex_;
  /// How often parts are held, by their first byte's place. Protected by `mutex_`.
  mutable std::map<size_t, size_t> holders_;
};

}  // namespace kyutaistt::base
