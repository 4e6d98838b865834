// SPDX-License-Identifier: LGPL-2.1-or-later
/// Files of results: a JSON object in each line, for one recording.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <kyutaistt/status.h>

#include "program/archive/shard.h"

namespace kyutaistt::program {

/// The key of the program's own fields in a line, beside the keys of the manifest.
inline constexpr const char *own_key = "kyutaistt";

/// "results.jsonl" of a single process, "results-3-of-8.jsonl" of one of several.
std::string result_file_name(const Shard &shard, const std::string &kind = "results");

/// A line of a file of results.
struct ResultLine {
  /// Name of the file, and where in it the line begins.
  std::string file;
  int64_t offset = 0;
  /// Without the line break.
  std::string text;
  nlohmann::ordered_json json;
};

/// Calls `take` with the complete lines of all files of results in a folder, in the order of the
/// files' names, until it fails. The last line of a process that was killed may be incomplete, and
/// is left out. One line at a time is in memory.
Status for_each_result(const std::string &folder,
                       const std::function<Status(ResultLine &line)> &take);

/// Whether a line is of a recording that was recognised with these settings, and whose output files
/// exist in the size that the line has.
bool is_trusted(const nlohmann::ordered_json &line, const nlohmann::ordered_json &settings,
                const std::string &folder);

/// The file of one process, locked against others. Not thread-safe.
class ResultFile {
 public:
  ResultFile() = default;
  ResultFile(const ResultFile &) = delete;
  ResultFile &operator=(const ResultFile &) = delete;
  ~ResultFile();

  /// Opens the file, or makes it. Refuses a file with lines unless `keeps` or `replaces` is set,
  /// and one that another process writes; with `keeps` only if it still does after ten seconds.
  Status open(const std::string &path, bool keeps, bool replaces);
  /// Replaces all lines. Only removes the end of the file where that is enough.
  Status rewrite(const std::string &lines);
  /// Returns when the line is on the disk.
  Status append(const nlohmann::ordered_json &line);

 private:
  Status write(const std::string &text) const;

  std::string path_;
  int file_ = -1;
};

}  // namespace kyutaistt::program
