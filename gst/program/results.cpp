// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/results.h"

#include <utility>

#include "program/commands.h"

namespace kyutaistt::program {

namespace {

/// Audio of the file has reached the engine.
bool was_heard(const Job &job) {
  return job.status.ok() || job.duration > Time();
}

}  // namespace

void Results::report(const std::string &error) {
  some_failed_ = true;
  fail(error, FileFailed);
}

void JoinedResults::write_ready(const std::function<void()> &before_writing) {
  for (; next_ < jobs_.size(); ++next_) {
    Job &job = *jobs_[next_];
    // Asked first: text that arrives in between is written by the next call.
    const bool is_done = job.is_done;
    const std::string text = job.take_text(text_);
    if (is_done || !text.empty()) {
      before_writing();
    }
    if (!is_done) {
      if (!text.empty()) {
        write(text);
      }
      return;
    }
    finish(job, text);
  }
}

void Results::report_notes(const Job &job) {
  if (!job.notes.empty()) {
    fail(job.path + ": " + job.notes, Success);
  }
}

void JoinedResults::finish(const Job &job, const std::string &text) {
  const std::string error = job.error();
  if (text_ == 0) {
    report_notes(job);
    if (!error.empty()) {
      report(error);
    }
  }
  if (was_heard(job) || (some_heard_ && !error.empty())) {
    write(text);
  } else if (!error.empty()) {
    // Readers of several results count them, so a file that failed has one too; but not if there is
    // no other.
    held_ += text;
  }
}

void JoinedResults::write(const std::string &text) {
  some_heard_ = true;
  output_.write(std::exchange(held_, {}) + text);
}

void SeparateResults::write_ready(const std::function<void()> &before_writing) {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (!is_written_[i] && jobs_[i]->is_done) {
      is_written_[i] = true;
      before_writing();
      write(*jobs_[i]);
    }
  }
}

void SeparateResults::write(Job &job) {
  report_notes(job);
  const std::string error = job.error();
  if (!error.empty()) {
    report(error);
  }
  for (size_t i = 0; i < job.texts.size() && job.status.ok(); ++i) {
    const Status status = write_whole_file(job.texts[i].result, job.take_text(i), overwrite_);
    if (!status.ok()) {
      report(status.message());
    }
  }
}

}  // namespace kyutaistt::program
