// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>
#include <utility>

#include <kyutaistt/stream.h>

#include "base/guard.h"
#include "decode/prompt.h"
#include "engine/scheduler.h"

namespace kyutaistt {

namespace {

/// Half of what a time can be, so that no difference of two overflows; NTP's clock is at 127 years.
constexpr Time greatest_timestamp = std::chrono::hours(24 * 365 * 146);

Status check_timestamp(std::optional<Time> timestamp) {
  if (timestamp && (*timestamp > greatest_timestamp || *timestamp < -greatest_timestamp)) {
    return Status::invalid_argument("timestamp: found " + std::to_string(timestamp->count()) +
                                    " ns, expected at most 146 years before or after 0");
  }
  return {};
}

}  // namespace

Stream::Stream(std::shared_ptr<engine::Scheduler> scheduler,
               std::shared_ptr<engine::StreamState> state)
    : scheduler_(std::move(scheduler)), state_(std::move(state)) {}

Stream::~Stream() {
  scheduler_->remove(*state_);
}

Status Stream::push(std::span<const float> samples, std::optional<Time> timestamp) {
  return base::guard("pushing audio", [&]() -> Status {
    KYUTAISTT_TRY(check_timestamp(timestamp));
    return scheduler_->push(*state_, samples, timestamp);
  });
}

Status Stream::drain(uint64_t marker) {
  return base::guard("draining a stream", [&] { return scheduler_->end_context(*state_, marker); });
}

Status Stream::set_prompt(const Prompt &prompt, std::optional<uint64_t> marker, size_t text) {
  return base::guard("changing the prompt", [&]() -> Status {
    KYUTAISTT_ASSIGN(forced, decode::forced_tokens(scheduler_->model().info(), prompt));
    return scheduler_->change_prompt(*state_, text, std::move(forced), marker);
  });
}

Result<size_t> Stream::add_text(Translation text) {
  return base::guard("adding a text", [&]() -> Result<size_t> {
    if (!text.listener) {
      return Status::invalid_argument("a text needs a listener");
    }
    KYUTAISTT_ASSIGN(forced, decode::forced_tokens(scheduler_->model().info(), text.prompt));
    return scheduler_->add_text(*state_, std::move(forced), std::move(text.listener));
  });
}

void Stream::remove_text(size_t text) {
  if (text > 0) {
    scheduler_->remove_text(*state_, text);
  }
}

void Stream::reset() {
  scheduler_->reset(*state_);
}

StreamStats Stream::stats() const {
  return scheduler_->stats(*state_);
}

}  // namespace kyutaistt
