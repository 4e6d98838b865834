// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_streams.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// A piece and some of the next, so that a stream that waits for the file's reader has work.
constexpr Time piece_capacity = std::chrono::seconds(30);
/// Pushed at once: an interruption must not wait for more.
constexpr size_t max_push = sample_rate;

StreamOptions options_for(StreamOptions options, int max_streams) {
  if (max_streams > 1) {
    options.queue_capacity = piece_capacity;
  }
  return options;
}

}  // namespace

FileStreams::FileStreams(Engine &engine, const StreamOptions &options, int max_streams,
                         EventListener listener)
    : engine_(engine),
      options_(options_for(options, max_streams)),
      max_streams_(static_cast<size_t>(max_streams)),
      order_(std::move(listener)) {
  if (max_streams > 1) {
    cutter_.emplace();
  }
}

Status FileStreams::push(std::span<const float> samples, Time start) {
  if (!cutter_) {
    return hear(samples, start);
  }
  cutter_->push(samples, start);
  return hear_ready();
}

Status FileStreams::finish() {
  if (cutter_) {
    cutter_->finish();
    return hear_ready();
  }
  return running_ != nullptr ? end_piece() : Status();
}

bool FileStreams::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return order_.has_ended(); });
}

Time FileStreams::waiting() const {
  Time sum{};
  for (const auto &lane : lanes_) {
    sum += lane->stream->stats().queued;
  }
  return sum;
}

Status FileStreams::hear_ready() {
  for (const PieceCutter::Section &section : cutter_->take()) {
    if (Status status = hear(section.samples, section.start); !status.ok()) {
      return status;
    }
    if (section.ends_piece) {
      if (Status status = end_piece(); !status.ok()) {
        return status;
      }
    }
  }
  return {};
}

Status FileStreams::hear(std::span<const float> samples, Time start) {
  if (running_ == nullptr) {
    if (Status status = begin_piece(); !status.ok()) {
      return status;
    }
  }
  for (size_t first = 0; first < samples.size(); first += max_push) {
    if (interrupted()) {
      return Status::cancelled("interrupted");
    }
    const auto part = samples.subspan(first, std::min(max_push, samples.size() - first));
    const Time part_start = start + duration_of(static_cast<int64_t>(first));
    if (Status status = running_->stream->push(part, part_start); !status.ok()) {
      return end_with(std::move(status));
    }
  }
  return {};
}

Status FileStreams::end_piece() {
  // Returns at once: the next piece can begin on this stream or another.
  if (Status status = running_->stream->drain(0); !status.ok()) {
    return end_with(std::move(status));
  }
  running_ = nullptr;
  return {};
}

Status FileStreams::end_with(Status failure) {
  const std::lock_guard lock(mutex_);
  order_.add(running_->pieces.back(), Failure{failure});
  return failure;
}

Status FileStreams::begin_piece() {
  const bool has_idle = std::any_of(lanes_.begin(), lanes_.end(),
                                    [this](const auto &lane) { return is_idle(*lane); });
  if (!has_idle && lanes_.size() < max_streams_) {
    if (Status status = open_lane(); !status.ok()) {
      return status;
    }
  }
  running_ = &freest_lane();
  const std::lock_guard lock(mutex_);
  running_->pieces.push_back(order_.begin_piece());
  return {};
}

Status FileStreams::open_lane() {
  auto lane = std::make_unique<Lane>();
  auto stream = engine_.open_stream(options_, [this, lane = lane.get()](const Event &event) {
    const std::lock_guard lock(mutex_);
    if (lane->pieces.empty()) {
      // A failure between two pieces: the next push reports it.
      return;
    }
    order_.add(lane->pieces.front(), event);
    if (std::holds_alternative<Drained>(event)) {
      lane->pieces.pop_front();
    }
    changed_.notify_all();
  });
  if (!stream.ok()) {
    return stream.status();
  }
  lane->stream = std::move(stream).value();
  lanes_.push_back(std::move(lane));
  return {};
}

bool FileStreams::is_idle(const Lane &lane) {
  const std::lock_guard lock(mutex_);
  return lane.pieces.empty();
}

FileStreams::Lane &FileStreams::freest_lane() {
  const auto load_of = [this](const auto &lane) {
    // A stream that is still finishing its last piece has nothing in its queue either.
    return std::pair(!is_idle(*lane), lane->stream->stats().queued);
  };
  return **std::min_element(lanes_.begin(), lanes_.end(),
                            [&](const auto &a, const auto &b) { return load_of(a) < load_of(b); });
}

}  // namespace kyutaistt::program
