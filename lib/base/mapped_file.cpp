// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/mapped_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kyutaistt::base {

namespace {

/// Closes a descriptor when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (value_ >= 0) {
      close(value_);
    }
  }
  int get() const noexcept { return value_; }

 private:
  int value_;
};

Status failure(const std::string &path, const char *action, int error) {
  const std::string message =
      path + ": cannot be " + action + ": " + std::generic_category().message(error);
  return error == ENOENT ? Status::not_found(message) : Status::corrupt(message);
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string &path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
  const auto size = static_cast<size_t>(information.st_size);
  void *address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) {
    return failure(path, "mapped", errno);
  }
  return std::make_shared<const MappedFile>(path,
                                            std::span(static_cast<std::byte *>(address), size));
}

MappedFile::MappedFile(std::string path, std::span<const std::byte> bytes)
    : path_(std::move(path)), bytes_(bytes) {}

MappedFile::~MappedFile() {
  munmap(const_cast<std::byte *>(bytes_.data()), bytes_.size());
}

}  // namespace kyutaistt::base
