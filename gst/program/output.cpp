// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kyutaistt::program {

namespace {

constexpr mode_t file_mode = 0666;

Status cannot_write(const std::string &path, int error) {
  return Status::not_found((path.empty() ? "standard output" : path) +
                           ": cannot be written: " + std::strerror(error));
}

/// Returns an error number, or 0.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return 0;
}

/// Gives a file its final name; returns an error number, or 0.
int give_name(const std::string &from, const std::string &to, bool overwrite) {
  if (overwrite) {
    return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  // The file system cannot do both at once.
  struct stat found {};
  if (lstat(to.c_str(), &found) == 0) {
    return EEXIST;
  }
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Output::~Output() {
  if (!path_.empty()) {
    close(file_);
    if (is_new_ && !begun_) {
      unlink(path_.c_str());
    }
  }
}

Status Output::open(const std::string &path) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
  int file = ::open(path.c_str(), flags);
  if (file < 0 && errno == ENOENT) {
    file = ::open(path.c_str(), flags | O_CREAT, file_mode);
    is_new_ = file >= 0;
  }
  if (file < 0) {
    return cannot_write(path, errno);
  }
  path_ = path;
  file_ = file;
  return {};
}

void Output::write(std::string_view text) {
  if (!status_.ok()) {
    return;
  }
  struct stat found {};
  const bool is_first = !std::exchange(begun_, true);
  const bool has_old = is_first && !path_.empty() && fstat(file_, &found) == 0 &&
                       S_ISREG(found.st_mode) && found.st_size > 0;
  int error = has_old && ftruncate(file_, 0) != 0 ? errno : 0;
  error = error != 0 ? error : write_all(file_, text);
  if (error != 0) {
    status_ = cannot_write(path_, error);
  }
}

bool Output::is_terminal() const {
  return isatty(file_) != 0;
}

Status already_there(const std::string &path) {
  return Status::invalid_argument(path + ": is there already (--overwrite replaces it)");
}

WholeFile::WholeFile(std::string path, bool overwrite, const std::string &writer)
    : path_(std::move(path)), overwrite_(overwrite) {
  const std::filesystem::path target(path_);
  std::error_code folder_error;
  if (target.has_parent_path()) {
    std::filesystem::create_directories(target.parent_path(), folder_error);
  }
  if (folder_error) {
    error_ = folder_error.value();
    return;
  }
  // Short, so that it fits whatever the file's own name is.
  temporary_ = (target.parent_path() /
                (".kyutaistt-" + (writer.empty() ? std::to_string(getpid()) : writer) + ".part"))
                   .string();
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
  error_ = file_ < 0 ? errno : 0;
}

WholeFile::~WholeFile() {
  if (file_ >= 0) {
    close(file_);
    unlink(temporary_.c_str());
  }
}

void WholeFile::write(std::string_view text) {
  error_ = error_ != 0 ? error_ : write_all(file_, text);
}

Status WholeFile::finish() {
  if (error_ == 0 && fsync(file_) != 0) {
    error_ = errno;
  }
  if (file_ >= 0 && close(std::exchange(file_, -1)) != 0 && error_ == 0) {
    error_ = errno;
  }
  error_ = error_ != 0 ? error_ : give_name(temporary_, path_, overwrite_);
  if (error_ == 0) {
    return {};
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
  return error_ == EEXIST && !overwrite_ ? already_there(path_) : cannot_write(path_, error_);
}

Status write_whole_file(const std::string &path, std::string_view text, bool overwrite,
                        const std::string &writer) {
  WholeFile file(path, overwrite, writer);
  file.write(text);
  return file.finish();
}

}  // namespace kyutaistt::program
