// SPDX-License-Identifier: LGPL-2.1-or-later
/// Memory for weights, caches and activations.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace kyutaistt::ops {

/// Zeroed memory that begins at a cache line; from a few megabytes on in huge pages, where the
/// system has them, because a step reads all weights and would spend much of its time on address
/// translation for small pages. Movable. Throws std::bad_alloc.
class AlignedMemory {
 public:
  AlignedMemory() = default;
  explicit AlignedMemory(size_t bytes);
  AlignedMemory(AlignedMemory &&other) noexcept;
  AlignedMemory &operator=(AlignedMemory &&other) noexcept;
  ~AlignedMemory();

  /// How many bytes are allocated for this request.
  static size_t allocated(size_t bytes) noexcept;

  size_t size() const noexcept { return size_; }
  std::byte *data() const noexcept { return data_; }
  template <typename Element>
  Element *as() const noexcept {
    return reinterpret_cast<Element *>(data_);
  }

 private:
  std::byte *data_ = nullptr;
  size_t size_ = 0;
  /// Bytes of the mapping that `data_` begins; 0 if it is from the heap.
  size_t mapped_ = 0;
};

/// Keeps the memory of destroyed activations for the next ones of about the same size.
/// Threads: all functions from any thread.
class MemoryPool {
 public:
  MemoryPool();

  /// At least this many bytes, with any content.
  AlignedMemory take(size_t bytes);
  /// Allocates nothing: it is called when activations are destroyed.
  void give_back(AlignedMemory memory) noexcept;

 private:
  std::mutex mutex_;
  std::vector<AlignedMemory> free_;
};

}  // namespace kyutaistt::ops
