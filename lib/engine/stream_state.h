// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream: its options, its listener and its context of the model.
#pragma once

#include <memory>
#include <utility>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>

#include "base/mutex.h"
#include "decode/context.h"
#include "engine/relay.h"

namespace kyutaistt::engine {

struct StreamState {
  StreamState(StreamOptions stream_options, EventListener stream_listener, decode::Context decoder,
              const ModelInfo &info)
      : options(std::move(stream_options)),
        listener(std::move(stream_listener)),
        context(std::move(decoder)),
        relay(info) {}

  const StreamOptions options;

  /// Held while the listener is called, so that a reset or a close can wait for it.
  Mutex delivery;
  /// None once the stream is closed.
  EventListener listener KYUTAISTT_GUARDED_BY(delivery);

  // Only touched by the worker.

  decode::Context context;
  ContextState state;
  Relay relay;
};

}  // namespace kyutaistt::engine
