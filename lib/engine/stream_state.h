// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream: its options, its listener and its contexts of the model.
#pragma once

#include <utility>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/options.h>

#include "base/mutex.h"
#include "decode/speech_watch.h"
#include "engine/heard_audio.h"
#include "engine/relay.h"
#include "engine/stream_context.h"

namespace kyutaistt::engine {

struct StreamState {
  /// `model` must outlive the stream. `forced_tokens`: those of the first context.
  StreamState(const ModelState &model, StreamOptions stream_options, EventListener stream_listener,
              const std::vector<int32_t> &forced_tokens)
      : options(std::move(stream_options)),
        listener(std::move(stream_listener)),
        contexts(model, options, forced_tokens),
        relay(model.info),
        watch(model.info, options.flush_on_pause, options.watchdog && !forced_tokens.empty()) {
    if (options.relay) {
      relay.restart(forced_tokens);
    }
  }

  const StreamOptions options;

  /// Held while the listener is called, so that a reset or a close can wait for it.
  Mutex delivery;
  /// None once the stream is closed.
  EventListener listener KYUTAISTT_GUARDED_BY(delivery);

  // Only touched by the worker.

  StreamContexts contexts;
  Relay relay;
  decode::SpeechWatch watch;
  HeardAudio heard;
};

}  // namespace kyutaistt::engine
