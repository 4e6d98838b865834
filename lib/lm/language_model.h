// SPDX-License-Identifier: LGPL-2.1-or-later
/// The language model: the codes of a frame and the last text token to the next text token.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>

#include "ops/operations.h"
#include "ops/trace.h"
#include "ops/weight_loader.h"

namespace kyutaistt::lm {

/// What the language model remembers of one stream. Setting `position` to 0 starts a new stream:
/// nothing else has to be cleared, because everything is written before it is read.
struct LanguageModelState {
  /// Positions computed so far.
  int64_t position = 0;
  std::vector<std::unique_ptr<ops::KeyValueCache>> caches;
};

/// One stream's part in a step. Borrowed.
struct StepInput {
  LanguageModelState *state = nullptr;
  /// Row of the embedding table: the last token, or the start id at position 0.
  int32_t text = 0;
  /// One code for each codebook; empty at position 0: the audio's start id.
  std::span<const int32_t> codes;
};

/// Threads: immutable; `step` may run on one thread at a time. Lifetime: borrows the operations.
class LanguageModel {
 public:
  /// Usable only if `loader.status()` is a success afterwards. Both precisions must be resolved.
  LanguageModel(const LanguageModelInfo &info, Precision precision, CachePrecision cache_precision,
                ops::Operations &operations, ops::WeightLoader &loader);

  std::unique_ptr<LanguageModelState> make_state() const;

  /// Positions that may be computed at once on the chance that most of them are forgotten again.
  static constexpr int64_t max_positions_ahead = 8;

  /// Whether a step has to say which token comes next.
  enum class Output {
    Tokens,
    /// Not needed because all streams are forced: saves the product with the text head.
    None,
  };

  /// Computes the next position of every stream and advances the states. One choice for each input,
  /// or none with `Output::None`. Several inputs of one state are its next positions; they must be
  /// adjacent. Setting a state's position back by less than `max_positions_ahead` forgets what was
  /// computed since.
  std::vector<ops::Choice> step(std::span<const StepInput> inputs, Output output = Output::Tokens,
                                const ops::Trace &trace = {}) const;

  /// Bytes of the weights that one step reads.
  uint64_t weight_bytes_per_step() const;
  /// See `ModelInfo::language_model_multiply_adds`.
  static uint64_t multiply_adds(const LanguageModelInfo &info);
  /// Bytes of a `LanguageModelState` of this shape.
  static uint64_t state_bytes(const LanguageModelInfo &info, CachePrecision precision);

 private:
  struct Layer {
    ops::Tensor attention_norm;
    std::shared_ptr<const ops::Matrix> query_key_value;
    std::shared_ptr<const ops::Matrix> attention_output;
    ops::Tensor feed_forward_norm;
    /// Gate and value below each other.
    std::shared_ptr<const ops::Matrix> feed_forward_in;
    std::shared_ptr<const ops::Matrix> feed_forward_out;
  };

  /// Positions that a state keeps: the window, and what those that are forgotten again lie on.
  static int64_t cache_capacity(const LanguageModelInfo &info);

  ops::Tensor embed(std::span<const StepInput> inputs) const;
  void run_layer(ops::Tensor &x, const Layer &layer, std::span<const ops::AttentionRow> rows) const;

  ops::Operations &operations_;
  const LanguageModelInfo info_;
  const ops::Attention attention_;
  const CachePrecision cache_precision_;
  /// Rows: text ids, then every codebook's entries with its start entry, then one of zeros.
  std::shared_ptr<const ops::Matrix> embedding_;
  std::vector<Layer> layers_;
  ops::Tensor output_norm_;
  std::shared_ptr<const ops::Matrix> head_;
};

}  // namespace kyutaistt::lm
