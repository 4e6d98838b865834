// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the fuzz targets share. A target is any input, read as a file of one kind: it must be read
/// or be refused with one line, and nothing else may happen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::fuzz {

/// A folder for the inputs of this process, in memory if the system has a place for that; removed
/// with the object.
class InputFolder {
 public:
  InputFolder() {
    for (const char *pattern : {"/dev/shm/kyutaistt-fuzz-XXXXXX", "/tmp/kyutaistt-fuzz-XXXXXX"}) {
      path_ = pattern;
      if (mkdtemp(path_.data()) != nullptr) {
        return;
      }
    }
    std::perror("mkdtemp");
    std::abort();
  }
  InputFolder(const InputFolder &) = delete;
  InputFolder &operator=(const InputFolder &) = delete;
  ~InputFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  const std::string &path() const noexcept { return path_; }

  /// Writes an input over the one before and returns its path.
  std::string write(const char *name, const uint8_t *data, size_t size) const {
    std::string file_path = path_ + "/" + name;
    std::ofstream file(file_path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(size));
    return file_path;
  }

 private:
  std::string path_;
};

/// Stops the run if a refusal is not one line, or was no refusal of the input.
inline void check_refusal(const Status &status) {
  if (!status.ok() && (status.message().empty() || status.code() == StatusCode::Internal ||
                       status.message().find('\n') != std::string::npos)) {
    std::fprintf(stderr, "bad refusal (%s): %s\n", status_code_name(status.code()),
                 status.message().c_str());
    std::abort();
  }
}

}  // namespace kyutaistt::fuzz
