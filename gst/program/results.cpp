// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/results.h"

#include <filesystem>
#include <iostream>
#include <utility>

#include "program/commands.h"

namespace kyutaistt::program {

Status Output::open(const std::string &path) {
  path_ = path;
  file_.open(path, std::ios::binary | std::ios::app);
  return file_ ? Status() : Status::not_found(path + ": cannot be written");
}

void Output::write(const std::string &result) {
  std::error_code error;
  if (!std::exchange(begun_, true) && std::filesystem::is_regular_file(path_, error)) {
    std::filesystem::resize_file(path_, 0, error);
    failed_ = bool(error);
  }
  std::ostream &out = path_.empty() ? std::cout : file_;
  out << result << std::flush;
  failed_ = failed_ || !out;
}

ResultWriter::ResultWriter(const std::vector<std::unique_ptr<Job>> &jobs, Format format,
                           Details details, Output &output)
    : jobs_(jobs), format_(format), details_(std::move(details)), output_(output) {}

bool ResultWriter::is_ready() const {
  return next_ < jobs_.size() && jobs_[next_]->is_done;
}

void ResultWriter::write_ready() {
  while (is_ready()) {
    write(*jobs_[next_++]);
  }
}

void ResultWriter::write(const Job &job) {
  const bool heard = job.status.ok() || job.duration > Time();
  const bool failed = !job.status.ok() && job.status.code() != StatusCode::Cancelled;
  if (failed) {
    some_failed_ = true;
    fail(job.status.message(), FileFailed);
  }
  if (!heard && !failed) {
    return;
  }
  Details details = details_;
  details.file = jobs_.size() > 1 ? job.path : "";
  details.duration = job.duration;
  details.error = failed ? job.status.message() : "";
  held_ += format_transcript(job.transcript, format_, details);
  // Who reads several results counts them, so a file that failed has one too; but not if there is
  // no other.
  some_heard_ = some_heard_ || heard;
  if (some_heard_) {
    output_.write(std::exchange(held_, {}));
  }
}

}  // namespace kyutaistt::program
