// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <utility>

#include <kyutaistt/model.h>

#include "base/guard.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/synthetic.h"
#include "engine/model_state.h"
#include "engine/resolve_options.h"
#include "ops/load_operations.h"
#include "ops/weight_loader.h"

namespace kyutaistt {

namespace {

using Clock = std::chrono::steady_clock;

void add_tokenizer(const text::Tokenizer &tokenizer, ModelInfo &info) {
  info.tokenizer = tokenizer.kind();
  info.tokenizer_pieces = tokenizer.size();
}

void add_costs(CachePrecision precision, ModelInfo &info) {
  const auto codec = mimi::Encoder::multiply_adds(info);
  info.codec_multiply_adds = codec.all;
  info.codec_large_multiply_adds = codec.large;
  info.language_model_multiply_adds = lm::LanguageModel::multiply_adds(info.language_model);
  info.memory_per_stream_bytes = mimi::Encoder::state_bytes(info) +
                                 lm::LanguageModel::state_bytes(info.language_model, precision);
}

/// Loads the weights of an opened folder.
Result<std::unique_ptr<ModelState>> load_weights(checkpoint::ModelFolder folder,
                                                 std::shared_ptr<const text::Tokenizer> tokenizer,
                                                 ModelOptions options, Clock::time_point begin) {
  KYUTAISTT_ASSIGN(threads, engine::resolve_threads(options.threads));
  KYUTAISTT_TRY(engine::check_packed(folder.info, options));
  auto state = std::make_unique<ModelState>();
  state->info = std::move(folder.info);
  state->tokenizer = std::move(tokenizer);
  add_tokenizer(*state->tokenizer, state->info);
  KYUTAISTT_ASSIGN(operations, ops::load_operations({options.device, threads}));
  state->operations = std::move(operations);

  LoadedInfo &loaded = state->loaded;
  KYUTAISTT_TRY(engine::resolve_precisions(state->info, *state->operations, options));
  loaded.precision = options.precision;
  loaded.cache_precision = options.cache_precision;
  add_costs(loaded.cache_precision, state->info);
  loaded.threads = threads;
  loaded.device = options.device;
  loaded.instruction_set = state->operations->description();

  ops::WeightLoader loader(*folder.tensors, *state->operations, options.progress,
                           state->info.parameters);
  state->encoder = std::make_unique<mimi::Encoder>(
      state->info, ops::codec_weight_type_of(loaded.precision), *state->operations, loader);
  KYUTAISTT_TRY(loader.status());
  state->language_model =
      std::make_unique<lm::LanguageModel>(state->info.language_model, loaded.precision,
                                          loaded.cache_precision, *state->operations, loader);
  KYUTAISTT_TRY(loader.status());
  if (state->info.packed_precision != Precision::Auto) {
    state->packed_weights = folder.tensors;
  }
  loaded.weight_bytes = loader.packed_bytes();
  loaded.weight_bytes_per_step = state->language_model->weight_bytes_per_step();
  loaded.load_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return state;
}

}  // namespace

Result<ModelInfo> inspect_model(const std::string &folder, const ModelOptions &options) {
  return base::guard("reading the model", [&]() -> Result<ModelInfo> {
    KYUTAISTT_ASSIGN(opened, checkpoint::open_model_folder(folder, options));
    ModelInfo info = std::move(opened.info);
    KYUTAISTT_ASSIGN(tokenizer, text::Tokenizer::load(folder, info.language_model.text_vocabulary));
    add_tokenizer(*tokenizer, info);
    ModelOptions resolved = options;
    KYUTAISTT_TRY(engine::resolve_precisions(info, resolved));
    add_costs(resolved.cache_precision, info);
    return info;
  });
}

Result<std::shared_ptr<const Model>> Model::load(const std::string &folder,
                                                 const ModelOptions &options) {
  return base::guard("loading the model", [&]() -> Result<std::shared_ptr<const Model>> {
    const auto begin = Clock::now();
    const std::string identity = checkpoint::folder_identity(folder);
    KYUTAISTT_ASSIGN(opened, checkpoint::open_model_folder(folder, options));
    KYUTAISTT_ASSIGN(tokenizer,
                     text::Tokenizer::load(folder, opened.info.language_model.text_vocabulary));
    KYUTAISTT_ASSIGN(state, load_weights(std::move(opened), std::move(tokenizer), options, begin));
    KYUTAISTT_TRY(checkpoint::check_unchanged(folder, identity));
    return std::make_shared<const Model>(std::move(state));
  });
}

Result<std::shared_ptr<const Model>> Model::synthetic(std::string_view preset,
                                                      const ModelOptions &options) {
  return base::guard("making the model", [&]() -> Result<std::shared_ptr<const Model>> {
    const auto begin = Clock::now();
    KYUTAISTT_ASSIGN(made, checkpoint::make_synthetic_model(preset));
    checkpoint::apply_options(options, made.info);
    auto tokenizer = text::Tokenizer::synthetic(made.info.language_model.text_vocabulary);
    KYUTAISTT_ASSIGN(state, load_weights(std::move(made), std::move(tokenizer), options, begin));
    return std::make_shared<const Model>(std::move(state));
  });
}

Model::Model(std::unique_ptr<ModelState> state) : state_(std::move(state)) {}

Model::~Model() = default;

const ModelInfo &Model::info() const noexcept {
  return state_->info;
}

const LoadedInfo &Model::loaded() const noexcept {
  return state_->loaded;
}

}  // namespace kyutaistt
