// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/early_input.h"

#include <algorithm>
#include <utility>

namespace kyutaistt::element {

void EarlyInput::reset(Time capacity) {
  clear();
  capacity_ = samples_in(capacity);
  dropped_frames_ = 0;
}

void EarlyInput::clear() {
  items_.clear();
  samples_ = 0;
  end_ = {};
}

void EarlyInput::put(AudioInput::Audio audio) {
  // Each piece has its own time, as the one before it may go.
  audio.timestamp = audio.timestamp.value_or(end_);
  end_ = *audio.timestamp + audio.duration();
  const auto count = static_cast<int64_t>(audio.samples.size());
  samples_ += count;
  items_.emplace_back(std::move(audio));
  while (samples_ > std::max(capacity_, count + samples_per_frame - 1)) {
    drop_frame();
  }
}

void EarlyInput::put(EventPointer event) {
  items_.emplace_back(std::move(event));
}

void EarlyInput::drop_frame() {
  int64_t left = samples_per_frame;
  samples_ -= left;
  ++dropped_frames_;
  for (size_t at = 0; left > 0; ++at) {
    auto *audio = std::get_if<AudioInput::Audio>(&items_[at]);
    if (audio == nullptr) {
      continue;
    }
    const int64_t count = std::min(left, static_cast<int64_t>(audio->samples.size()));
    left -= count;
    // What was lost before grows, else a note of it comes before the audio.
    if (at == 0 || !std::holds_alternative<Lost>(items_[at - 1])) {
      items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(at), Lost{*audio->timestamp, 0});
      ++at;
      audio = std::get_if<AudioInput::Audio>(&items_[at]);
    }
    std::get<Lost>(items_[at - 1]).samples += count;
    audio->samples.erase(audio->samples.begin(), audio->samples.begin() + count);
    *audio->timestamp += duration_of(count);
    if (audio->samples.empty()) {
      items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(at));
      --at;
    }
  }
}

std::optional<EarlyInput::Item> EarlyInput::take() {
  if (items_.empty()) {
    return std::nullopt;
  }
  Kept kept = std::move(items_.front());
  items_.pop_front();
  if (const auto *lost = std::get_if<Lost>(&kept)) {
    return Dropped{lost->position, duration_of(lost->samples)};
  }
  if (auto *event = std::get_if<EventPointer>(&kept)) {
    return std::move(*event);
  }
  auto &audio = std::get<AudioInput::Audio>(kept);
  samples_ -= static_cast<int64_t>(audio.samples.size());
  return std::move(audio);
}

}  // namespace kyutaistt::element
