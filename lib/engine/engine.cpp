// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include <kyutaistt/engine.h>

#include "base/guard.h"
#include "decode/prompt.h"
#include "engine/engine_state.h"

namespace kyutaistt {

namespace {

/// Silence behind the model's delay that transformers' feature extractor appends.
constexpr double tail_margin_seconds = 1.0;

/// A word is shown no longer than this beyond its last piece, whatever the options say: longer
/// times would not fit when they are added up.
constexpr Time longest_word_end_cap = std::chrono::hours(24);

engine::AudioQueue::Shape queue_shape(const ModelInfo &info) {
  return {samples_in(seconds(info.silence_prefix_seconds)),
          samples_in(seconds(info.delay_seconds + tail_margin_seconds)),
          info.alignment == Alignment::Hf};
}

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
  return base::guard("starting the engine", [&]() -> Result<std::shared_ptr<Engine>> {
    return std::make_shared<Engine>(
        std::make_shared<EngineState>(std::move(model), std::move(options)));
  });
}

Engine::Engine(std::shared_ptr<EngineState> state) : state_(std::move(state)) {}

Engine::~Engine() = default;

Result<std::unique_ptr<Stream>> Engine::open_stream(const StreamOptions &options,
                                                    EventListener listener, int max_streams) {
  return base::guard("opening a stream", [&]() -> Result<std::unique_ptr<Stream>> {
    KYUTAISTT_TRY(check(options));
    if (!listener) {
      return Status::invalid_argument("a stream needs a listener");
    }
    const ModelState &model = state_->model->state();
    KYUTAISTT_ASSIGN(forced, decode::forced_tokens(model.info, options.prompt));
    auto stream = std::make_shared<StreamState>(
        options, std::move(listener), queue_shape(model.info),
        decode::Context(model.info, model.tokenizer,
                        std::min(options.word_end_cap, longest_word_end_cap), options.report_steps),
        model.info);
    stream->forced = std::make_shared<const std::vector<int32_t>>(forced);
    if (options.relay) {
      stream->relay.restart(forced);
    }
    stream->context.restart(std::move(forced));
    stream->state = engine::make_context_state(model);

    const std::lock_guard lock(state_->mutex);
    const int limit = std::min(max_streams, state_->options.max_streams);
    if (static_cast<int>(state_->streams.size()) >= limit) {
      return Status::resource_exhausted("all " + std::to_string(limit) +
                                        " streams of the engine are in use");
    }
    state_->streams.push_back(stream);
    return std::make_unique<Stream>(state_, std::move(stream));
  });
}

const Model &Engine::model() const noexcept {
  return *state_->model;
}

EngineStats Engine::stats() const {
  const std::lock_guard lock(state_->mutex);
  EngineStats stats = state_->stats;
  stats.open_streams = static_cast<int>(state_->streams.size());
  return stats;
}

}  // namespace kyutaistt
