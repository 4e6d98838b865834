// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/result_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

bool is_result_file(const fs::path &path) {
  const std::string name = path.filename().string();
  return name == "results.jsonl" || (name.starts_with("results-") && name.ends_with(".jsonl") &&
                                     name.find("-of-") != std::string::npos);
}

/// Locks a file for this process. A process that is to end may hold its lock for a moment
/// while the next one has begun: `waits` gives it ten seconds. Returns an error number, or 0.
int lock(int file, bool waits) {
  constexpr auto interval = std::chrono::milliseconds(100);
  constexpr int tries = 100;
  for (int i = 0; flock(file, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK || !waits || i == tries) {
      return errno;
    }
    std::this_thread::sleep_for(interval);
  }
  return 0;
}

Status failure(const std::string &path, const char *what, int error) {
  return Status::not_found(path + ": " + what + ": " + std::strerror(error));
}

Status read_lines(const fs::path &path, const std::function<Status(ResultLine &line)> &take) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return failure(path.string(), "cannot be read", errno);
  }
  ResultLine line;
  line.file = path.filename().string();
  for (; std::getline(file, line.text) && !file.eof();
       line.offset += static_cast<int64_t>(line.text.size()) + 1) {
    line.json = OrderedJson::parse(line.text, nullptr, false);
    if (!line.json.is_object() || !line.json.contains(own_key) ||
        !line.json[own_key].contains("result")) {
      continue;
    }
    if (Status status = take(line); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace

std::string result_file_name(const Shard &shard, const std::string &kind) {
  return kind + (shard.count > 1 ? "-" + shard.name() : "") + ".jsonl";
}

Status for_each_result(const std::string &folder,
                       const std::function<Status(ResultLine &line)> &take) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (is_result_file(entry->path())) {
      files.push_back(entry->path());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Status::not_found(folder + ": cannot be read: " + error.message());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path &file : files) {
    if (Status status = read_lines(file, take); !status.ok()) {
      return status;
    }
  }
  return {};
}

bool is_trusted(const OrderedJson &line, const OrderedJson &settings, const std::string &folder) {
  const OrderedJson &own = line.at(own_key);
  const auto outputs = own.find("outputs");
  if (line.contains("error") || own.value("settings", OrderedJson()) != settings ||
      outputs == own.end() || !outputs->is_array()) {
    return false;
  }
  return std::all_of(outputs->begin(), outputs->end(), [&](const OrderedJson &output) {
    std::error_code error;
    return output.is_object() &&
           fs::file_size(fs::path(folder) / output.value("path", ""), error) ==
               output.value("bytes", uintmax_t{0}) &&
           !error;
  });
}

ResultFile::~ResultFile() {
  if (file_ >= 0) {
    close(file_);
  }
}

Status ResultFile::open(const std::string &path, bool keeps, bool replaces) {
  constexpr mode_t mode = 0666;
  path_ = path;
  file_ = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, mode);
  if (file_ < 0) {
    return failure(path, "cannot be written", errno);
  }
  if (const int error = lock(file_, keeps); error != 0) {
    return error == EWOULDBLOCK
               ? Status::invalid_argument(path + ": is being written by another process")
               : failure(path, "cannot be locked", error);
  }
  struct stat found {};
  if (fstat(file_, &found) != 0) {
    return failure(path, "cannot be read", errno);
  }
  if (found.st_size > 0 && !keeps && !replaces) {
    return Status::invalid_argument(
        path + ": is there already (--resume goes on from it, --overwrite begins anew)");
  }
  return {};
}

Status ResultFile::rewrite(const std::string &lines) {
  std::string beginning(lines.size(), 0);
  size_t size = 0;
  for (ssize_t count = 1; count > 0 && size < beginning.size();
       size += static_cast<size_t>(count)) {
    count = std::max(
        pread(file_, beginning.data() + size, beginning.size() - size, static_cast<off_t>(size)),
        ssize_t{0});
  }
  const bool keeps_beginning = beginning == lines;
  if (ftruncate(file_, keeps_beginning ? static_cast<off_t>(lines.size()) : 0) != 0) {
    return failure(path_, "cannot be written", errno);
  }
  // Whatever is lost if this is interrupted is recognised again.
  return keeps_beginning ? Status() : write(lines);
}

Status ResultFile::append(const OrderedJson &line) {
  return write(json_text(line) + "\n");
}

Status ResultFile::write(const std::string &text) const {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file_, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) {
      return failure(path_, "cannot be written", errno);
    }
    written += count < 0 ? 0 : static_cast<size_t>(count);
  }
  return fdatasync(file_) == 0 || errno == EINVAL ? Status()
                                                  : failure(path_, "cannot be written", errno);
}

}  // namespace kyutaistt::program
