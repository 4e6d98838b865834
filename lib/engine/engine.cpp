// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>
#include <utility>

#include <kyutaistt/engine.h>

#include "base/guard.h"
#include "decode/prompt.h"
#include "engine/scheduler.h"

namespace kyutaistt {

namespace {

Status check(const StreamOptions &options) {
  if (options.queue_capacity < frame_duration) {
    return Status::invalid_argument("queue_capacity: found " +
                                    std::to_string(options.queue_capacity.count()) +
                                    " ns, expected at least one frame of 80 ms");
  }
  if (options.word_end_cap < Time::zero()) {
    return Status::invalid_argument("word_end_cap: found " +
                                    std::to_string(options.word_end_cap.count()) +
                                    " ns, expected none or more");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<Engine>> Engine::create(std::shared_ptr<const Model> model,
                                               EngineOptions options) {
  if (model == nullptr) {
    return Status::invalid_argument("an engine needs a model");
  }
  if (options.max_streams < 1) {
    return Status::invalid_argument("max_streams: found " + std::to_string(options.max_streams) +
                                    ", expected at least 1");
  }
  if (options.frames_at_once < 1) {
    return Status::invalid_argument("frames_at_once: found " +
                                    std::to_string(options.frames_at_once) +
                                    ", expected at least 1");
  }
  return base::guard("starting the engine", [&]() -> Result<std::shared_ptr<Engine>> {
    return std::make_shared<Engine>(
        std::make_shared<engine::Scheduler>(std::move(model), std::move(options)));
  });
}

Engine::Engine(std::shared_ptr<engine::Scheduler> scheduler) : scheduler_(std::move(scheduler)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Stream>> Engine::open_stream(const StreamOptions &options,
                                                    EventListener listener, int max_streams,
                                                    std::vector<Translation> translations) {
  return base::guard("opening a stream", [&]() -> Result<std::unique_ptr<Stream>> {
    KYUTAISTT_TRY(check(options));
    translations.insert(translations.begin(), {options.prompt, std::move(listener)});
    const ModelState &model = scheduler_->model().state();
    std::vector<engine::TextListener> listeners;
    decode::ForcedTokens forced;
    for (Translation &text : translations) {
      if (!text.listener) {
        return Status::invalid_argument("a stream needs a listener for each text");
      }
      KYUTAISTT_ASSIGN(tokens, decode::forced_tokens(model.info, text.prompt));
      const size_t number = listeners.size();
      listeners.push_back({number, std::move(text.listener)});
      forced.push_back({number, std::move(tokens)});
    }
    auto stream =
        std::make_shared<engine::StreamState>(model, options, std::move(listeners), forced);
    KYUTAISTT_TRY(scheduler_->add(stream, std::move(forced), max_streams));
    return std::make_unique<Stream>(scheduler_, std::move(stream));
  });
}

const Model &Engine::model() const noexcept {
  return scheduler_->model();
}

EngineStats Engine::stats() const {
  return scheduler_->stats();
}

}  // namespace kyutaistt
