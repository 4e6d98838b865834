// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where results are written.
#pragma once

#include <string>
#include <string_view>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// Standard output, or a file that is written while results come. Not thread-safe.
class Output {
 public:
  Output() = default;
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;
  /// A file that was made for nothing is removed.
  ~Output();

  /// For what comes from now on, instead of standard output. What stands in the file stays until
  /// the first result is written.
  Status open(const std::string &path);
  /// Returns when it is out of the process' hands.
  void write(std::string_view text);
  /// Why something could not be written.
  const Status &status() const { return status_; }
  bool is_terminal() const;

 private:
  /// Empty for standard output.
  std::string path_;
  int file_ = 1;
  bool is_new_ = false;
  bool begun_ = false;
  Status status_;
};

/// What is said of a file that must not be replaced.
Status already_there(const std::string &path);

/// Writes a file that is whole or not there: under another name first. Never over a file that is
/// there, unless `overwrite`. Makes the folders that its name goes through.
Status write_whole_file(const std::string &path, std::string_view text, bool overwrite);

}  // namespace kyutaistt::program
