// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/guard.h"
#include "base/parallel.h"

namespace kyutaistt::base {

namespace {

/// Closes a descriptor when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor &&other) noexcept : value_(other.release()) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (value_ >= 0) {
      close(value_);
    }
  }
  int get() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// Memory that waits for the next parts: less than what a layer takes in several matrices.
constexpr size_t max_spare = 4;
constexpr size_t max_spare_bytes = size_t{100} << 20;

struct OpenFile {
  Descriptor descriptor;
  size_t size = 0;
};

Status failure(const std::string &path, const char *action, int error) {
  const std::string message =
      path + ": cannot be " + action + ": " + std::generic_category().message(error);
  return error == ENOENT ? Status::not_found(message) : Status::corrupt(message);
}

Result<OpenFile> open_file(const std::string &path) {
  // Without waiting: a named pipe is refused below.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return failure(path, "opened", errno);
  }
  struct stat information {};
  if (fstat(file.get(), &information) != 0) {
    return failure(path, "examined", errno);
  }
  if (!S_ISREG(information.st_mode)) {
    return Status::corrupt(path + ": is not a regular file");
  }
  if (information.st_size == 0) {
    return Status::corrupt(path + ": is empty");
  }
  return OpenFile{std::move(file), static_cast<size_t>(information.st_size)};
}

Status read_bytes(int descriptor, const std::string &path, size_t offset,
                  std::span<std::byte> place) {
  for (size_t done = 0; done < place.size();) {
    const ssize_t count = pread(descriptor, place.data() + done, place.size() - done,
                                static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return failure(path, "read", errno);
    }
    if (count == 0) {
      return Status::corrupt(path + ": ends at byte " + std::to_string(offset + done) +
                             ", expected " + std::to_string(offset + place.size()) +
                             " or more: it was cut off while it was read");
    }
    done += static_cast<size_t>(count);
  }
  return {};
}

/// The same on several threads, for large parts.
Status read_quickly(int descriptor, const std::string &path, size_t offset,
                    std::span<std::byte> place) {
  // A huge page, so that no two threads wait for the same one.
  constexpr size_t least = size_t{2} << 20;
  std::mutex mutex;
  Status status;
  size_t failed = place.size();
  in_parts(place.size(), least, [&](size_t begin, size_t end) {
    Status part = guard("reading", [&] {
      return read_bytes(descriptor, path, offset + begin, place.subspan(begin, end - begin));
    });
    const std::lock_guard lock(mutex);
    if (!part.ok() && begin < failed) {
      failed = begin;
      status = std::move(part);
    }
  });
  return status;
}

}  // namespace

Result<std::string> read_file(const std::string &path, size_t max_bytes) {
  KYUTAISTT_ASSIGN(file, open_file(path));
  if (file.size > max_bytes) {
    return Status::corrupt(path + ": is too large: " + std::to_string(file.size) +
                           " bytes, at most " + std::to_string(max_bytes) + " are expected");
  }
  std::string content(file.size, '\0');
  KYUTAISTT_TRY(
      read_bytes(file.descriptor.get(), path, 0, std::as_writable_bytes(std::span(content))));
  return content;
}

Status sync_to_disk(const std::string &path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // Some file systems have nothing to sync: then there is nothing to wait for.
  if (file.get() >= 0 && (fsync(file.get()) == 0 || errno == EINVAL)) {
    return {};
  }
  return Status::resource_exhausted(
      path + ": cannot be written to the disk: " + std::generic_category().message(errno));
}

/// Memory for a part, in huge pages where the system has them.
class FileMemory::Buffer {
 public:
  explicit Buffer(size_t size)
      : size_(size),
        data_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) {
      throw std::bad_alloc();
    }
    static_cast<void>(madvise(data_, size, MADV_HUGEPAGE));
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { munmap(data_, size_); }

  size_t size() const noexcept { return size_; }
  std::byte *data() const noexcept { return static_cast<std::byte *>(data_); }

 private:
  const size_t size_;
  void *const data_;
};

Result<std::shared_ptr<const FileMemory>> FileMemory::open(const std::string &path,
                                                           FileAccess access) {
  KYUTAISTT_ASSIGN(file, open_file(path));
  const bool is_mapped = access == FileAccess::Mapped;
  void *places = mmap(nullptr, file.size, is_mapped ? PROT_READ : PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | (is_mapped ? 0 : MAP_ANONYMOUS | MAP_NORESERVE),
                      is_mapped ? file.descriptor.get() : -1, 0);
  if (places == MAP_FAILED) {
    return failure(path, "mapped", errno);
  }
  if (!is_mapped) {
    // Only advice. A step of the model reads all weights: with small pages it would spend much of
    // its time on address translation.
    static_cast<void>(madvise(places, file.size, MADV_HUGEPAGE));
  }
  return std::shared_ptr<const FileMemory>(new FileMemory(
      path, file.descriptor.release(), static_cast<std::byte *>(places), file.size, access));
}

FileMemory::FileMemory(std::string path, int descriptor, std::byte *places, size_t size,
                       FileAccess access)
    : path_(std::move(path)),
      descriptor_(descriptor),
      places_(places),
      size_(size),
      access_(access) {
  spare_.reserve(max_spare);
}

FileMemory::~FileMemory() {
  munmap(places_, size_);
  close(descriptor_);
}

Status FileMemory::keep(std::span<const std::byte> part) const {
  if (access_ == FileAccess::Mapped || part.empty()) {
    return {};
  }
  const auto offset = static_cast<size_t>(part.data() - places_);
  const std::lock_guard lock(mutex_);
  if (!kept_.contains(part.data())) {
    KYUTAISTT_TRY(read_quickly(descriptor_, path_, offset, {places_ + offset, part.size()}));
    kept_.insert(part.data());
  }
  return {};
}

Result<FileMemory::Held> FileMemory::hold(std::span<const std::byte> part) const {
  if (access_ == FileAccess::Mapped || part.empty()) {
    return Held{part, shared_from_this()};
  }
  const auto offset = static_cast<size_t>(part.data() - places_);
  std::shared_ptr<Buffer> buffer(take_buffer(part.size()).release(),
                                 [file = shared_from_this()](Buffer *used) {
                                   file->give_back(std::unique_ptr<Buffer>(used));
                                 });
  const std::span<std::byte> place(buffer->data(), part.size());
  KYUTAISTT_TRY(read_quickly(descriptor_, path_, offset, place));
  return Held{place, std::move(buffer)};
}

std::unique_ptr<FileMemory::Buffer> FileMemory::take_buffer(size_t size) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::ranges::find_if(spare_, [size](const auto &buffer) { return buffer->size() >= size; });
    if (found != spare_.end()) {
      auto buffer = std::move(*found);
      spare_.erase(found);
      return buffer;
    }
  }
  return std::make_unique<Buffer>(size);
}

void FileMemory::give_back(std::unique_ptr<Buffer> buffer) const noexcept {
  const std::lock_guard lock(mutex_);
  size_t bytes = buffer->size();
  for (const auto &spare : spare_) {
    bytes += spare->size();
  }
  if (bytes > max_spare_bytes || spare_.size() == max_spare) {
    return;
  }
  spare_.push_back(std::move(buffer));
}

}  // namespace kyutaistt::base
