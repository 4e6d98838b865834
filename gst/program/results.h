// SPDX-License-Identifier: LGPL-2.1-or-later
/// The results' way out.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "program/file_recognition.h"

namespace kyutaistt::program {

/// Standard output or a file. Not thread-safe.
class Output {
 public:
  /// For what comes from now on, instead of standard output. What stands in the file stays until
  /// the first result is written.
  Status open(const std::string &path);
  /// Returns when it is out of the process' hands.
  void write(const std::string &result);
  /// Whether all of it could be written so far.
  bool ok() const { return !failed_; }

 private:
  std::string path_;
  std::ofstream file_;
  bool begun_ = false;
  bool failed_ = false;
};

/// Writes each file's result as soon as it and all before it are known. Not thread-safe.
class ResultWriter {
 public:
  /// `details` is what all results have in common. `jobs` and `output` must outlive this.
  ResultWriter(const std::vector<std::unique_ptr<Job>> &jobs, Format format, Details details,
               Output &output);

  /// Whether there is something to write.
  bool is_ready() const;
  /// Writes what is ready, and the messages of files that failed.
  void write_ready();
  /// Whether some file failed.
  bool some_failed() const { return some_failed_; }

 private:
  void write(const Job &job);

  const std::vector<std::unique_ptr<Job>> &jobs_;
  const Format format_;
  const Details details_;
  Output &output_;
  /// The first one that was not written.
  size_t next_ = 0;
  /// Results of files of which nothing was heard, until something is heard of another.
  std::string held_;
  bool some_heard_ = false;
  bool some_failed_ = false;
};

}  // namespace kyutaistt::program
