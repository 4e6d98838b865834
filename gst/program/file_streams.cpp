// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_streams.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>
#include <variant>

#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// A piece, so that the reader goes on to the next one.
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
                         EventListener listener, std::vector<Translation> translations)
    : engine_(engine),
      options_(options_for(options, max_streams)),
      max_streams_(static_cast<size_t>(max_streams)) {
  orders_.emplace_back(std::move(listener));
  for (Translation &translation : translations) {
    further_prompts_.push_back(std::move(translation.prompt));
    orders_.emplace_back(std::move(translation.listener));
  }
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
    if (Status status = hear_ready(); !status.ok()) {
      return status;
    }
  }
  // With a cutter as well: it may have held nothing of the last piece.
  return running_ != nullptr ? end_piece() : Status();
}

bool FileStreams::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] {
    return std::all_of(orders_.begin(), orders_.end(),
                       [](const EventOrder &order) { return order.has_ended(); });
  });
}

Time FileStreams::waiting() const {
  Time sum{};
  for (const auto &piece : streams_) {
    sum += piece->stream->stats().queued;
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
  // Returns at once: the next piece has a stream of its own.
  if (Status status = running_->stream->drain(0); !status.ok()) {
    return end_with(std::move(status));
  }
  running_ = nullptr;
  return {};
}

Status FileStreams::end_with(Status failure) {
  const std::lock_guard lock(mutex_);
  for (EventOrder &order : orders_) {
    order.add(running_->number, Failure{failure});
  }
  return failure;
}

void FileStreams::take(PieceStream &piece, size_t text, const Event &event) {
  const std::lock_guard lock(mutex_);
  orders_[text].add(piece.number, event);
  if (const auto *failed = std::get_if<Failure>(&event)) {
    failure_ = failed->status;
  }
  piece.ended += std::holds_alternative<Drained>(event) ? 1 : 0;
  changed_.notify_all();
}

Status FileStreams::begin_piece() {
  if (Status status = wait_for_room(); !status.ok()) {
    return status;
  }
  auto piece = std::make_unique<PieceStream>();
  const auto listener = [this, piece = piece.get()](size_t text) {
    return [this, piece, text](const Event &event) { take(*piece, text, event); };
  };
  std::vector<Translation> translations;
  for (size_t i = 0; i < further_prompts_.size(); ++i) {
    translations.push_back({further_prompts_[i], listener(i + 1)});
  }
  auto stream = engine_.open_stream(options_, listener(0), std::numeric_limits<int>::max(),
                                    std::move(translations));
  if (!stream.ok()) {
    return stream.status();
  }
  piece->stream = std::move(stream).value();
  running_ = piece.get();
  streams_.push_back(std::move(piece));
  const std::lock_guard lock(mutex_);
  for (EventOrder &order : orders_) {
    running_->number = order.begin_piece();
  }
  return {};
}

Status FileStreams::wait_for_room() {
  constexpr auto patience = std::chrono::milliseconds(100);
  const auto is_over = [this](const auto &piece) { return has_ended(*piece); };
  std::vector<std::unique_ptr<PieceStream>> ended;
  std::unique_lock lock(mutex_);
  while (streams_.size() >= max_streams_ &&
         std::none_of(streams_.begin(), streams_.end(), is_over)) {
    if (interrupted()) {
      return Status::cancelled("interrupted");
    }
    if (!failure_.ok()) {
      return failure_;
    }
    changed_.wait_for(lock, patience);
  }
  const auto first = std::partition(streams_.begin(), streams_.end(), std::not_fn(is_over));
  std::move(first, streams_.end(), std::back_inserter(ended));
  streams_.erase(first, streams_.end());
  // Closing waits for a listener, which takes the lock.
  lock.unlock();
  return {};
}

}  // namespace kyutaistt::program
