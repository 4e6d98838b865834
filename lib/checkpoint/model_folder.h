// SPDX-License-Identifier: LGPL-2.1-or-later
/// A model folder, read and checked, whatever its layout.
#pragma once

#include <memory>
#include <string>

#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

/// What a folder holds. `info` is complete but for the tokenizer and the memory of a stream.
struct ModelFolder {
  ModelInfo info;
  std::shared_ptr<const TensorSource> tensors;
};

/// Reads configs, sidecar and weight headers, and checks that every tensor which inference needs
/// is there with the expected shape and a floating-point type. Options win over the sidecar, the
/// sidecar over the built-in table, that over the model's own files. Values of weights are not
/// read.
Result<ModelFolder> open_model_folder(const std::string &folder, const ModelOptions &options);

/// A text that changes whenever a file that the folder's model consists of is changed or replaced.
std::string folder_identity(const std::string &folder);
/// `Corrupt` if the identity is another one now.
Status check_unchanged(const std::string &folder, const std::string &identity);

/// What options say in place of a model's own rules.
void apply_options(const ModelOptions &options, ModelInfo &info);

}  // namespace kyutaistt::checkpoint
