// SPDX-License-Identifier: LGPL-2.1-or-later
/// A transcript as a page.
#pragma once

#include <span>
#include <vector>

#include <nlohmann/json.hpp>

#include "program/heard_cues.h"
#include "program/heard_words.h"
#include "program/transcript.h"
#include "program/waveform.h"

namespace kyutaistt::program {

/// One self-contained page when the recording has ended: the recording, its waveform, words that
/// light up, and what is needed to correct them and to save subtitles.
class HtmlTranscript : public Transcript {
 public:
  explicit HtmlTranscript(Details details);

  void hear(std::span<const float> samples, Time start) override { waveform_.add(samples, start); }
  void add(const Event &event) override;
  void finish(const Ending &ending) override;

 private:
  nlohmann::ordered_json describe(const Ending &ending) const;

  const Details details_;
  HeardWords words_;
  HeardCues shaped_;
  std::vector<captions::Cue> cues_;
  Waveform waveform_;
};

}  // namespace kyutaistt::program
