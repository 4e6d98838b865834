// SPDX-License-Identifier: LGPL-2.1-or-later
/// The reference fixtures in tests/golden, and the bundled model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <kyutaistt/model.h>
#include <kyutaistt/options.h>

#include "checkpoint/safetensors.h"

namespace kyutaistt::tests {

/// Path of a file or folder in tests/golden.
std::string golden(const std::string &name);
/// Path of a file or folder in examples.
std::string example(const std::string &name);

/// A 16-bit mono WAV file at 24 kHz, as sample / 32768. Fails the test if it is anything else.
std::vector<float> read_wav(const std::string &path);

/// Loads a model folder; fails the test if that fails.
std::shared_ptr<const Model> load_model(const std::string &folder,
                                        const ModelOptions &options = {});

/// What a reference checkpoint has to compute: expected/NAME.safetensors and .json.
class Expected {
 public:
  explicit Expected(const std::string &name);

  bool has(const std::string &tensor) const { return tensors_->find(tensor) != nullptr; }
  std::vector<float> floats(const std::string &tensor) const;
  std::vector<int32_t> integers(const std::string &tensor) const;
  std::vector<int64_t> shape(const std::string &tensor) const;
  double tolerance(const std::string &tensor) const;
  /// Names of all tensors.
  std::vector<std::string> names() const { return tensors_->names(); }
  /// The token ids that the "forced" runs of a recording begin with.
  std::vector<int32_t> forced(const std::string &recording) const;

 private:
  std::shared_ptr<const checkpoint::SafetensorsFile> tensors_;
  std::shared_ptr<const nlohmann::json> description_;
};

}  // namespace kyutaistt::tests
