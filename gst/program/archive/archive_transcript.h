// SPDX-License-Identifier: LGPL-2.1-or-later
/// The transcript of a recording in several formats at once.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "program/heard_words.h"
#include "program/transcribe_request.h"
#include "program/transcript.h"

namespace kyutaistt::program {

/// Costs next to nothing until the first event comes, so that there may be one for each of a
/// hundred thousand recordings.
class ArchiveTranscript : public Transcript {
 public:
  /// The results are named `details.result` and the extensions of the formats.
  ArchiveTranscript(const std::vector<Format> &formats, Details details)
      : formats_(formats), details_(std::move(details)) {}

  void hear(std::span<const float> samples, Time start) override {
    for (const auto &part : parts()) {
      part->hear(samples, start);
    }
  }

  void add(const Event &event) override {
    heard_.add(event);
    for (const auto &part : parts()) {
      part->add(event);
    }
  }

  void finish(const Ending &ending) override {
    for (const auto &part : parts()) {
      part->finish(ending);
    }
  }

  const HeardWords &heard() const { return heard_; }

  /// The final text of each format, in their order; only once the recording is done.
  std::vector<std::string> take_all() {
    std::vector<std::string> texts;
    for (const auto &part : parts()) {
      texts.push_back(part->take());
    }
    return texts;
  }

 private:
  const std::vector<std::unique_ptr<Transcript>> &parts() {
    for (size_t i = parts_.size(); i < formats_.size(); ++i) {
      Details details = details_;
      details.result += extension_of(formats_[i]);
      parts_.push_back(make_transcript(formats_[i], details));
    }
    return parts_;
  }

  /// Of the request, which outlives this.
  const std::vector<Format> &formats_;
  const Details details_;
  HeardWords heard_;
  std::vector<std::unique_ptr<Transcript>> parts_;
};

}  // namespace kyutaistt::program
