// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/audio_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <kyutaistt/audio.h>
#include <kyutaistt/voice_level.h>

namespace kyutaistt::engine {

namespace {

constexpr auto frame_size = static_cast<size_t>(samples_per_frame);

/// A timestamp that is no further off than this belongs to the sample that it should.
constexpr Time one_sample = duration_of(1);

/// A number that the codec can compute with: one that is none, or too large for sums of squares,
/// would stay in the stream's state for good.
float sane(float sample) {
  return std::isfinite(sample) ? std::clamp(sample, -greatest_sample, greatest_sample) : 0.0F;
}

}  // namespace

Time AudioQueue::time_of(Time anchor, int64_t samples) {
  // Exact for whole frames, so a long run of audio never drifts.
  return anchor + duration_of(samples);
}

void AudioQueue::place(std::optional<Time> timestamp) {
  if (timestamp && std::chrono::abs(*timestamp - time_of(anchor_, offset_)) > one_sample) {
    anchor_ = *timestamp;
    offset_ = 0;
  }
  if (!pushing_context_) {
    pushing_context_ = true;
    const Time origin = time_of(anchor_, offset_);
    origins_.push_back(origin);
    if (shape_.prefix_samples > 0) {
      offset_ -= shape_.prefix_samples;
      const std::vector<float> silence(static_cast<size_t>(shape_.prefix_samples));
      items_.emplace_back(Run{silence, 0, anchor_, offset_, true});
      offset_ += shape_.prefix_samples;
    }
  }
}

void AudioQueue::append(std::span<const float> samples) {
  samples_ += static_cast<int64_t>(samples.size());
  auto *run = items_.empty() ? nullptr : std::get_if<Run>(&items_.back());
  const bool extends = run != nullptr && !run->injected && run->samples.size() < frame_size &&
                       run->anchor == anchor_ &&
                       run->offset + static_cast<int64_t>(run->samples.size()) == offset_;
  if (!extends) {
    items_.emplace_back(Run{{}, 0, anchor_, offset_, false});
    run = &std::get<Run>(items_.back());
  }
  std::transform(samples.begin(), samples.end(), std::back_inserter(run->samples), sane);
  offset_ += static_cast<int64_t>(samples.size());
}

void AudioQueue::push(std::span<const float> samples, std::optional<Time> timestamp) {
  if (samples.empty()) {
    return;
  }
  place(timestamp);
  append(samples);
}

void AudioQueue::push_dropped(int64_t samples, std::optional<Time> timestamp) {
  place(timestamp);
  const Time begin = time_of(anchor_, offset_);
  offset_ += samples;
  const Time end = time_of(anchor_, offset_);
  if (auto *last = items_.empty() ? nullptr : std::get_if<Dropped>(&items_.back());
      last != nullptr && last->position + last->duration == begin) {
    last->duration += end - begin;
    return;
  }
  items_.emplace_back(Dropped{begin, end - begin});
}

void AudioQueue::push_end(ContextEnd end) {
  items_.emplace_back(std::move(end));
  if (!pushing_context_) {
    // An empty context still is one: its end has to find its own origin.
    origins_.push_back(time_of(anchor_, offset_));
  }
  pushing_context_ = false;
}

void AudioQueue::put_prefix_first(Time origin) {
  if (shape_.prefix_samples > 0) {
    const std::vector<float> silence(static_cast<size_t>(shape_.prefix_samples));
    items_.emplace_front(Run{silence, 0, origin, -shape_.prefix_samples, true});
  }
}

void AudioQueue::put_end_first(Time origin, std::optional<Renewed> renewed) {
  ContextEnd end;
  end.is_seamless = true;
  end.renewed = renewed;
  items_.emplace_front(std::move(end));
  origins_.insert(origins_.begin() + 1, origin);
}

void AudioQueue::end_here() {
  if (!first_frame_) {
    const Time origin = time_of(taken_anchor_, taken_offset_);
    put_prefix_first(origin);
    put_end_first(origin, std::nullopt);
  }
}

void AudioQueue::end_here_and_wait() {
  if (!first_frame_) {
    put_end_first(time_of(taken_anchor_, taken_offset_), std::nullopt);
  }
}

QueuedFrame AudioQueue::leave_out_frame(std::span<float> samples) {
  QueuedFrame result;
  const size_t filled = take(samples, result);
  std::fill(samples.begin() + static_cast<std::ptrdiff_t>(filled), samples.end(), 0.0F);
  result.level = level_of(samples);
  return result;
}

void AudioQueue::begin_with(std::vector<float> samples, Time start) {
  items_.emplace_front(Run{std::move(samples), 0, start, 0, true});
  put_prefix_first(start);
  origins_.front() = start;
}

void AudioQueue::hear_again(std::vector<float> samples, const Renewed &renewed) {
  items_.emplace_front(Run{std::move(samples), 0, renewed.position, 0, true});
  put_prefix_first(renewed.position);
  put_end_first(renewed.position, renewed);
}

void AudioQueue::clear() {
  items_.clear();
  origins_.clear();
  samples_ = 0;
  pushing_context_ = false;
  filled_up_ = 0;
  first_frame_ = true;
}

AudioQueue::Next AudioQueue::next() const noexcept {
  size_t ready = 0;
  for (const Item &item : items_) {
    if (const auto *run = std::get_if<Run>(&item)) {
      ready += run->samples.size() - run->taken;
      if (ready >= frame_size) {
        return Next::Frame;
      }
    } else if (std::holds_alternative<ContextEnd>(item)) {
      return ready > 0 ? Next::Frame : Next::ContextEnd;
    }
  }
  return Next::Nothing;
}

size_t AudioQueue::take(std::span<float> frame, QueuedFrame &result) {
  size_t filled = 0;
  while (filled < frame.size() && !items_.empty()) {
    if (auto *dropped = std::get_if<Dropped>(&items_.front())) {
      result.dropped.push_back(*dropped);
      items_.pop_front();
      continue;
    }
    auto *run = std::get_if<Run>(&items_.front());
    if (run == nullptr) {
      break;
    }
    if (filled == 0) {
      result.start = time_of(run->anchor, run->offset + static_cast<int64_t>(run->taken));
    }
    const size_t count = std::min(frame.size() - filled, run->samples.size() - run->taken);
    std::copy_n(run->samples.begin() + static_cast<std::ptrdiff_t>(run->taken), count,
                frame.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += count;
    run->taken += count;
    samples_ -= run->injected ? 0 : static_cast<int64_t>(count);
    taken_anchor_ = run->anchor;
    taken_offset_ = run->offset + static_cast<int64_t>(run->taken);
    if (run->taken == run->samples.size()) {
      items_.pop_front();
    }
  }
  return filled;
}

QueuedFrame AudioQueue::pop_frame(std::span<float> samples) {
  QueuedFrame result;
  result.origin = origins_.front();
  result.start = time_of(taken_anchor_, taken_offset_);
  const size_t filled = take(samples, result);
  const size_t silence = samples.size() - filled;
  std::fill_n(samples.begin() + static_cast<std::ptrdiff_t>(filled), silence, 0.0F);
  if (silence > 0) {
    result.end = time_of(taken_anchor_, taken_offset_);
    filled_up_ = static_cast<int64_t>(silence);
    taken_offset_ += filled_up_;
  }
  result.level = level_of(samples);
  if (first_frame_ && shape_.repeat_first_frame) {
    // Put back in front, at the same time, to be heard once more.
    items_.emplace_front(Run{{samples.begin(), samples.end()}, 0, result.start, 0, true});
  }
  first_frame_ = false;
  return result;
}

ContextEnd AudioQueue::pop_end() {
  // Only dropped audio can be left before the end.
  std::vector<Dropped> dropped;
  while (const auto *item = std::get_if<Dropped>(&items_.front())) {
    dropped.push_back(*item);
    items_.pop_front();
  }
  ContextEnd end = std::get<ContextEnd>(std::move(items_.front()));
  end.dropped = std::move(dropped);
  if (!first_frame_) {
    const int64_t silence = end.renewed ? 0 : shape_.tail_samples - filled_up_;
    end.silent_frames = std::max<int64_t>(silence, 0) / samples_per_frame;
    end.silence_start = time_of(taken_anchor_, taken_offset_);
    if (filled_up_ == 0) {
      end.audio_end = end.silence_start;
    }
  }
  items_.pop_front();
  origins_.pop_front();
  first_frame_ = true;
  filled_up_ = 0;
  return end;
}

}  // namespace kyutaistt::engine
