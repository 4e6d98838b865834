// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where results are written.
#pragma once

#include <string>
#include <string_view>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// Standard output, or a file that is written as results arrive. Not thread-safe.
class Output {
 public:
  Output() = default;
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;
  /// Removes a file to which nothing was written.
  ~Output();

  /// Writes to this file from now on, instead of to standard output. Its old content stays until
  /// the first result is written.
  Status open(const std::string &path);
  /// Returns once the text has left the process.
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

/// The message about a file that must not be replaced.
Status already_there(const std::string &path);

/// A file that is either complete or absent: it has another name until it is complete. Makes the
/// folders of its path. Not thread-safe.
class WholeFile {
 public:
  /// Replaces an existing file only with `overwrite`. `writer` is part of the temporary name; empty
  /// for this process' id, which is not unique on shared file systems.
  explicit WholeFile(std::string path, bool overwrite, const std::string &writer = "");
  WholeFile(const WholeFile &) = delete;
  WholeFile &operator=(const WholeFile &) = delete;
  /// Removes what has not become complete.
  ~WholeFile();

  void write(std::string_view text);
  /// Gives the file its name once it is on the disk. Reports any failure until then.
  Status finish();

 private:
  const std::string path_;
  const bool overwrite_;
  std::string temporary_;
  int file_ = -1;
  /// Number of the first error.
  int error_ = 0;
};

/// Writes a `WholeFile` at once.
Status write_whole_file(const std::string &path, std::string_view text, bool overwrite,
                        const std::string &writer = "");

}  // namespace kyutaistt::program
