// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/speech_watch.h"

#include <algorithm>
#include <cmath>

#include "decode/voice.h"
#include "text/tokenizer.h"

namespace kyutaistt::decode {

namespace {

/// Speech is uneven in this share of its frames.
constexpr double uneven_share = 0.2;
/// And there is voice in this share of them.
constexpr double voice_share = 0.5;

/// Ten minutes.
constexpr int64_t max_patience = 7500;

}  // namespace

SpeechWatch::SpeechWatch(const ModelInfo &model, Time pause, bool finds_faults)
    : lead_(std::llround(model.delay_seconds * frames_per_second)),
      pause_frames_((pause + frame_duration - Time(1)) / frame_duration),
      finds_faults_(finds_faults),
      patience_(stalled_frames()) {}

void SpeechWatch::begin_context(std::optional<Renewed::Reason> renewed) {
  heard_voice_ = false;
  quiet_frames_ = 0;
  frames_without_text_ = 0;
  if (renewed == Renewed::Reason::NoText) {
    patience_ = std::min(2 * patience_, max_patience);
  }
  frames_.clear();
  for (RepeatWatch &repeats : repeats_) {
    repeats.begin_context(renewed == Renewed::Reason::Repetition);
  }
}

void SpeechWatch::hear(float level) {
  const bool is_loud = is_voice(level, voice_.hear(level));
  heard_voice_ = heard_voice_ || is_loud;
  quiet_frames_ = is_loud ? 0 : quiet_frames_ + 1;
  if (!finds_faults_) {
    return;
  }
  frames_.push_back({level, is_loud});
  if (static_cast<int64_t>(frames_.size()) > stalled_frames()) {
    frames_.pop_front();
  }
}

void SpeechWatch::write(std::span<const int32_t> tokens) {
  ++frames_without_text_;
  repeats_.resize(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == text::pad_token) {
      continue;
    }
    repeats_[i].write(tokens[i]);
    frames_without_text_ = 0;
    patience_ = stalled_frames();
  }
}

bool SpeechWatch::has_ended() const noexcept {
  return pause_frames_ > 0 && heard_voice_ && quiet_frames_ >= pause_frames_;
}

bool SpeechWatch::was_speech() const noexcept {
  int64_t voiced = 0;
  int64_t uneven = 0;
  for (size_t i = 0; i < static_cast<size_t>(speech_frames); ++i) {
    voiced += frames_[i].is_voice ? 1 : 0;
    uneven += i > 0 && is_uneven(frames_[i - 1].level, frames_[i].level) ? 1 : 0;
  }
  constexpr auto frames = static_cast<double>(speech_frames);
  return static_cast<double>(voiced) >= voice_share * frames &&
         static_cast<double>(uneven) >= uneven_share * frames;
}

bool SpeechWatch::has_stalled() const noexcept {
  return frames_without_text_ >= patience_ &&
         static_cast<int64_t>(frames_.size()) == stalled_frames() && was_speech();
}

std::optional<Renewed::Reason> SpeechWatch::fault() const noexcept {
  if (finds_faults_ && has_stalled()) {
    return Renewed::Reason::NoText;
  }
  if (finds_faults_ && std::ranges::any_of(repeats_, &RepeatWatch::repeats)) {
    return Renewed::Reason::Repetition;
  }
  return std::nullopt;
}

bool SpeechWatch::may_repeat_within(int64_t frames) const noexcept {
  return finds_faults_ && std::ranges::any_of(repeats_, [frames](const RepeatWatch &repeats) {
           return repeats.may_repeat_within(frames);
         });
}

}  // namespace kyutaistt::decode
