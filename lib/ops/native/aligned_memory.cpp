// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/aligned_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace kyutaistt::ops {

namespace {

constexpr size_t cache_line = 64;
constexpr size_t huge_page = size_t{2} << 20;
/// From this size on memory is mapped, not taken from the heap.
constexpr size_t min_mapped = 2 * huge_page;
/// How many blocks a pool keeps. More are never in use at the same time; the oldest sizes may
/// belong to an earlier batch.
constexpr size_t max_kept = 32;

size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Maps `bytes` that begin at a huge page's border.
std::byte *map_aligned(size_t bytes) {
  const size_t whole = bytes + huge_page;
  void *mapping = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    throw std::bad_alloc();
  }
  auto *begin = static_cast<std::byte *>(mapping);
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const size_t before = round_up(address, huge_page) - address;
  if (before > 0) {
    munmap(begin, before);
  }
  if (const size_t after = huge_page - before; after > 0) {
    munmap(begin + before + bytes, after);
  }
  // Only advice: without huge pages everything works, slower.
  static_cast<void>(madvise(begin + before, bytes, MADV_HUGEPAGE));
  return begin + before;
}

}  // namespace

size_t AlignedMemory::allocated(size_t bytes) noexcept {
  return round_up(bytes, bytes >= min_mapped ? huge_page : cache_line);
}

AlignedMemory::AlignedMemory(size_t bytes) : size_(bytes) {
  if (bytes == 0) {
    return;
  }
  if (bytes >= min_mapped) {
    mapped_ = allocated(bytes);
    data_ = map_aligned(mapped_);
    return;
  }
  const size_t whole = allocated(bytes);
  data_ = static_cast<std::byte *>(std::aligned_alloc(cache_line, whole));
  if (data_ == nullptr) {
    throw std::bad_alloc();
  }
  std::memset(data_, 0, whole);
}

AlignedMemory::AlignedMemory(AlignedMemory &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

AlignedMemory &AlignedMemory::operator=(AlignedMemory &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

AlignedMemory::~AlignedMemory() {
  if (mapped_ > 0) {
    munmap(data_, mapped_);
  } else {
    std::free(data_);  // NOLINT(cppcoreguidelines-no-malloc): as aligned_alloc wants it
  }
}

MemoryPool::MemoryPool() {
  free_.reserve(max_kept);
}

AlignedMemory MemoryPool::take(size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto fits = [bytes](const AlignedMemory &memory) {
      return memory.size() >= bytes && memory.size() / 2 <= bytes;
    };
    const auto found = std::find_if(free_.begin(), free_.end(), fits);
    if (found != free_.end()) {
      AlignedMemory memory = std::move(*found);
      *found = std::move(free_.back());
      free_.pop_back();
      return memory;
    }
  }
  return AlignedMemory(bytes);
}

void MemoryPool::give_back(AlignedMemory memory) noexcept {
  const std::lock_guard lock(mutex_);
  if (free_.size() >= max_kept) {
    free_.erase(free_.begin());
  }
  free_.push_back(std::move(memory));
}

}  // namespace kyutaistt::ops
