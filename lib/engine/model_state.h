// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a loaded model consists of.
#pragma once

#include <memory>

#include <kyutaistt/model.h>

#include "base/mutex.h"
#include "checkpoint/tensor_source.h"
#include "lm/language_model.h"
#include "mimi/encoder.h"
#include "ops/operations.h"
#include "text/tokenizer.h"

namespace kyutaistt {

struct ModelState {
  ModelInfo info;
  LoadedInfo loaded;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  /// What holds the packed weights, which are used in place; null for other folders.
  std::shared_ptr<const checkpoint::TensorSource> packed_weights;
  /// Outlives the codec and the language model, which borrow it.
  std::unique_ptr<ops::Operations> operations;
  std::unique_ptr<const mimi::Encoder> encoder;
  std::unique_ptr<const lm::LanguageModel> language_model;
  /// Held while computing: operations compute on one thread at a time, and several engines may
  /// share a model. No other lock is taken under it.
  mutable Mutex computing;
};

}  // namespace kyutaistt
