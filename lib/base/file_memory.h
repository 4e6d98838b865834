// SPDX-License-Identifier: LGPL-2.1-or-later
/// Files in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

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
/// that are held, and for some that were: memory that has been used before is much faster to fill.
class FileMemory : public std::enable_shared_from_this<FileMemory> {
 public:
  /// Fails if it is missing, not a regular file, or empty; the message begins with the path.
  static Result<std::shared_ptr<const FileMemory>> open(const std::string &path,
                                                        FileAccess access = FileAccess::Copied);

  FileMemory(const FileMemory &) = delete;
  FileMemory &operator=(const FileMemory &) = delete;
  ~FileMemory();

  const std::string &path() const noexcept { return path_; }
  /// Places for all of the file's bytes, which stand for its parts. What is kept, and everything in
  /// a mapped file, is there; a multiple of 64 bytes in the file is one in memory.
  std::span<const std::byte> places() const noexcept { return {places_, size_}; }

  /// Bytes that are there as long as their owner lives.
  struct Held {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
  };
  /// Reads this part of `places()` into memory. `Corrupt` if the file has become shorter.
  Result<Held> hold(std::span<const std::byte> part) const;
  /// Reads it to its place, where it stays as long as this object lives.
  Status keep(std::span<const std::byte> part) const;

 private:
  class Buffer;

  FileMemory(std::string path, int descriptor, std::byte *places, size_t size, FileAccess access);

  std::unique_ptr<Buffer> take_buffer(size_t size) const;
  void give_back(std::unique_ptr<Buffer> buffer) const noexcept;

  const std::string path_;
  const int descriptor_;
  std::byte *const places_;
  const size_t size_;
  const FileAccess access_;
  mutable std::mutex mutex_;
  /// For the next parts. Protected by `mutex_`.
  mutable std::vector<std::unique_ptr<Buffer>> spare_;
  /// First bytes of what is kept. Protected by `mutex_`.
  mutable std::set<const std::byte *> kept_;
};

}  // namespace kyutaistt::base
