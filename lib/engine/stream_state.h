// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream: its options, its listeners and its contexts of the model.
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

/// Who gets the events of one of a stream's texts.
struct TextListener {
  size_t text = 0;
  EventListener listener;
};

struct StreamState {
  /// `model` must outlive the stream. A listener and the tokens of the first context for each text.
  StreamState(const ModelState &model, StreamOptions stream_options,
              std::vector<TextListener> text_listeners, const decode::ForcedTokens &forced_tokens)
      : options(std::move(stream_options)),
        listeners(std::move(text_listeners)),
        contexts(model, options, forced_tokens),
        relay(model.info),
        watch(model.info, options.flush_on_pause,
              options.watchdog && !forced_tokens.front().tokens.empty()) {
    if (options.relay) {
      relay.restart(forced_tokens);
    }
  }

  const StreamOptions options;

  /// Held while a listener is called, so that a reset or a close can wait for it.
  Mutex delivery;
  /// One for each text; none once the stream is closed.
  std::vector<TextListener> listeners KYUTAISTT_GUARDED_BY(delivery);

  // Only touched by the worker.

  StreamContexts contexts;
  Relay relay;
  decode::SpeechWatch watch;
  HeardAudio heard;
};

}  // namespace kyutaistt::engine
