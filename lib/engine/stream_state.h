// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the engine knows of one stream.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>
#include <kyutaistt/stream.h>

#include "decode/context.h"
#include "engine/audio_queue.h"
#include "engine/relay.h"

namespace kyutaistt {

struct StreamState {
  StreamState(StreamOptions stream_options, EventListener stream_listener,
              const engine::AudioQueue::Shape &shape, decode::Context decoder,
              const ModelInfo &info)
      : options(std::move(stream_options)),
        queue(shape),
        listener(std::move(stream_listener)),
        context(std::move(decoder)),
        relay(info) {}

  const StreamOptions options;

  // Protected by `EngineState::mutex`.

  engine::AudioQueue queue;
  /// Tokens forced at the start of the next context to be pushed. Never null.
  std::shared_ptr<const std::vector<int32_t>> forced;
  /// What they were at the last reset: those of the first context after it.
  std::shared_ptr<const std::vector<int32_t>> forced_at_reset;
  /// Grows with every reset and with closing: what was taken from the queue before is stale.
  uint64_t generation = 0;
  /// Why the stream cannot go on; success while it can.
  Status failure;
  StreamStats stats;
  /// Samples still to be dropped of a frame whose drop has begun.
  int64_t dropping = 0;

  /// Held while the listener is called, so that a reset or a close can wait for it. Taken without
  /// `EngineState::mutex`; that one may be taken under it for a moment.
  std::mutex delivery;
  /// Protected by `delivery`; none once the stream is closed.
  EventListener listener;

  // Only touched by the worker.

  decode::Context context;
  engine::ContextState state;
  engine::Relay relay;
  /// Generation of the running context.
  uint64_t context_generation = 0;
};

}  // namespace kyutaistt
