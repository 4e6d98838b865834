// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/archive_progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <utility>

#include "program/commands.h"
#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

constexpr auto interval = std::chrono::seconds(10);

double rounded(double value) {
  constexpr double precision = 1e3;
  return std::round(value * precision) / precision;
}

}  // namespace

ArchiveProgress::ArchiveProgress(const ArchiveRequest &request, const Jobs &jobs,
                                 std::vector<double> durations, size_t done_before)
    : style_(request.progress),
      shard_(request.shard),
      jobs_(jobs),
      durations_(std::move(durations)),
      done_before_(done_before),
      all_durations_known_(std::all_of(durations_.begin(), durations_.end(),
                                       [](double duration) { return duration > 0; })) {}

ArchiveProgress::Sums ArchiveProgress::sums() const {
  Sums sums;
  double done = 0;
  double all = 0;
  for (size_t i = 0; i < jobs_.size(); ++i) {
    const Job &job = *jobs_[i];
    const double weight = all_durations_known_ ? durations_[i] : 1;
    all += weight;
    // Jobs that an interruption left out are done too.
    if (job.is_done && job.status.code() != StatusCode::Cancelled) {
      ++sums.done;
      sums.heard_seconds += in_seconds(job.duration);
      done += weight;
    } else {
      done += weight * std::clamp(job.share.load(), 0.0, 1.0);
    }
  }
  sums.share = all > 0 ? done / all : 1;
  return sums;
}

double ArchiveProgress::elapsed_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

nlohmann::ordered_json ArchiveProgress::describe(const char *event) const {
  const Sums now = sums();
  const double elapsed = elapsed_seconds();
  nlohmann::ordered_json line;
  line["event"] = event;
  line["shard"] = shard_.index;
  line["shards"] = shard_.count;
  line["files"] = jobs_.size() + done_before_;
  line["done"] = now.done + done_before_;
  line["failed"] = failed_;
  line["audio_seconds"] = rounded(now.heard_seconds);
  line["elapsed_seconds"] = rounded(elapsed);
  line["left_seconds"] = nullptr;
  if (now.share > 0) {
    line["left_seconds"] = rounded(elapsed * (1 - now.share) / now.share);
  }
  return line;
}

void ArchiveProgress::write(const nlohmann::ordered_json &line) {
  std::cerr << json_text(line) + "\n" << std::flush;
  written_ = std::chrono::steady_clock::now();
}

void ArchiveProgress::begin() {
  if (style_ == ProgressStyle::Json) {
    write(describe("begin"));
  }
}

void ArchiveProgress::update() {
  if (style_ == ProgressStyle::Json) {
    if (std::chrono::steady_clock::now() - written_ >= interval) {
      write(describe("progress"));
    }
  } else if (style_ == ProgressStyle::Bar) {
    const Sums now = sums();
    std::string label =
        std::to_string(now.done + done_before_) + "/" + std::to_string(jobs_.size() + done_before_);
    if (now.share > 0) {
      label += ", " + time_left_text(elapsed_seconds() * (1 - now.share) / now.share) + " left";
    }
    bar_.show(label, now.share);
  }
}

void ArchiveProgress::report_failure(const std::string &file, const std::string &error) {
  ++failed_;
  if (style_ == ProgressStyle::Json) {
    write({{"event", "failed"}, {"file", file}, {"error", error}});
  } else {
    bar_.clear();
    fail(error, FileFailed);
  }
}

void ArchiveProgress::report_note(const std::string &file, const std::string &note) {
  if (style_ == ProgressStyle::Json) {
    write({{"event", "note"}, {"file", file}, {"note", note}});
  } else {
    bar_.clear();
    fail(file + ": " + note, Success);
  }
}

void ArchiveProgress::end() {
  bar_.clear();
  if (style_ == ProgressStyle::Json) {
    write(describe("end"));
  }
}

std::string time_left_text(double seconds) {
  constexpr int64_t minute = 60;
  constexpr int64_t hour = 60 * minute;
  const auto whole = static_cast<int64_t>(std::min(std::ceil(seconds), 1e15));
  if (whole < minute) {
    return std::to_string(whole) + " s";
  }
  const std::string minutes = std::to_string(whole % hour / minute) + " min";
  return whole < hour ? minutes : std::to_string(whole / hour) + " h " + minutes;
}

}  // namespace kyutaistt::program
