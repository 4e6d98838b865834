// SPDX-License-Identifier: LGPL-2.1-or-later
/// Writing the results.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "program/output.h"
#include "program/recognise_jobs.h"

namespace kyutaistt::program {

/// Writes the results of files, and the messages of those that failed. Not thread-safe; `jobs` must
/// outlive it.
class Results {
 public:
  explicit Results(const Jobs &jobs) : jobs_(jobs) {}
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;
  virtual ~Results() = default;

  /// Writes what is final. Calls `before_writing` first if there is something.
  virtual void write_ready(const std::function<void()> &before_writing) = 0;
  /// Whether some file failed.
  bool some_failed() const { return some_failed_; }

 protected:
  /// Prints the message of a job that is done and has failed.
  void report(const std::string &error);
  /// Prints the other notices about a job that is done.
  static void report_notes(const Job &job);

  const Jobs &jobs_;

 private:
  bool some_failed_ = false;
};

/// All results in one output, in the order of the files: those of the first unfinished file as its
/// words come, those of the others when it is their turn.
class JoinedResults : public Results {
 public:
  /// `text`: which of the texts of each file; messages come with the first. `output` must outlive
  /// this.
  JoinedResults(const Jobs &jobs, size_t text, Output &output)
      : Results(jobs), text_(text), output_(output) {}

  void write_ready(const std::function<void()> &before_writing) override;

 private:
  void finish(const Job &job, const std::string &text);
  /// Writes the results that waited, then the text.
  void write(const std::string &text);

  const size_t text_;
  Output &output_;
  /// The first one that has not been written completely.
  size_t next_ = 0;
  /// Results of files in which nothing was heard, until something is heard in another.
  std::string held_;
  bool some_heard_ = false;
};

/// A file for each text of each recording, either complete or absent.
class SeparateResults : public Results {
 public:
  SeparateResults(const Jobs &jobs, bool overwrite)
      : Results(jobs), overwrite_(overwrite), is_written_(jobs.size()) {}

  void write_ready(const std::function<void()> &before_writing) override;

 private:
  void write(Job &job);

  const bool overwrite_;
  std::vector<bool> is_written_;
};

}  // namespace kyutaistt::program
