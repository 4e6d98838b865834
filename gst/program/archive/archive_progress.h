// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports the progress of a shard to people or to programs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "program/archive/archive_request.h"
#include "program/progress_bar.h"
#include "program/recognise_jobs.h"

namespace kyutaistt::program {

/// A bar, or JSON lines on standard error: `begin`, `progress` every ten seconds, `failed` and
/// `note` for a file, and `end`. Not thread-safe.
class ArchiveProgress {
 public:
  /// `durations` are the seconds of each job in the manifest, 0 where it has none. `done_before`
  /// counts the recordings that were left out. The request and the jobs must outlive this.
  ArchiveProgress(const ArchiveRequest &request, const Jobs &jobs, std::vector<double> durations,
                  size_t done_before);

  void begin();
  /// Draws the bar, or writes a line if it is time for one.
  void update();
  void report_failure(const std::string &file, const std::string &error);
  void report_note(const std::string &file, const std::string &note);
  void end();
  ProgressBar &bar() { return bar_; }

 private:
  struct Sums {
    size_t done = 0;
    double heard_seconds = 0;
    /// In [0, 1], of all that is to be done.
    double share = 0;
  };

  Sums sums() const;
  nlohmann::ordered_json describe(const char *event) const;
  void write(const nlohmann::ordered_json &line);
  double elapsed_seconds() const;

  const ProgressStyle style_;
  const Shard shard_;
  const Jobs &jobs_;
  const std::vector<double> durations_;
  const size_t done_before_;
  const bool all_durations_known_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point written_;
  size_t failed_ = 0;
  ProgressBar bar_;
};

/// "2 h 5 min", "3 min" or "12 s".
std::string time_left_text(double seconds);

}  // namespace kyutaistt::program
