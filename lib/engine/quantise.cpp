// SPDX-License-Identifier: LGPL-2.1-or-later
/// Writing a model folder whose weights need no packing.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>

#include <kyutaistt/model.h>

#include "base/guard.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/packed_weights.h"
#include "lm/language_model.h"
#include "mimi/encoder.h"
#include "ops/load_operations.h"
#include "ops/weight_loader.h"

namespace kyutaistt {

namespace {

namespace fs = std::filesystem;

/// What a folder has beside its weights.
bool belongs_to_model(const fs::path &file) {
  const std::string name = file.filename().string();
  for (const std::string_view known :
       {"config.json", "generation_config.json", "preprocessor_config.json",
        "processor_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "kyutaistt.json"}) {
    if (name == known) {
      return true;
    }
  }
  return file.extension() == ".model" || name.starts_with("README") || name.starts_with("LICENSE");
}

Status prepare_output(const std::string &output) {
  std::error_code error;
  if (fs::exists(output, error) &&
      !(fs::is_directory(output, error) && fs::is_empty(output, error))) {
    return Status::invalid_argument(output + ": is there already, expected a new or empty folder");
  }
  fs::create_directories(output, error);
  return error ? Status::resource_exhausted(output + ": cannot be made: " + error.message())
               : Status();
}

Status copy_small_files(const std::string &folder, const std::string &output) {
  std::error_code error;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error) && belongs_to_model(entry.path())) {
      fs::copy_file(entry.path(), fs::path(output) / entry.path().filename(), error);
    }
    if (error) {
      return Status::resource_exhausted(entry.path().string() + ": cannot be copied to " + output +
                                        ": " + error.message());
    }
  }
  return {};
}

}  // namespace

Status quantise_model(const std::string &folder, const std::string &output,
                      const ModelOptions &options) {
  return base::guard("writing the model", [&]() -> Status {
    const Precision precision =
        options.precision == Precision::Auto ? Precision::Int8 : options.precision;
    if (precision == Precision::F32) {
      return Status::invalid_argument(
          "precision f32 is what the model has: expected bf16, int8 or "
          "int4");
    }
    KYUTAISTT_ASSIGN(opened, checkpoint::open_model_folder(folder, options));
    if (opened.info.packed_precision != Precision::Auto) {
      return Status::invalid_argument(folder + ": holds " +
                                      precision_name(opened.info.packed_precision) +
                                      " weights already: take the original");
    }
    KYUTAISTT_TRY(prepare_output(output));
    // Packing is the native operations' own.
    KYUTAISTT_ASSIGN(operations, ops::load_operations({"cpu", std::max(options.threads, 1)}));
    KYUTAISTT_TRY(operations->check_precision(precision, CachePrecision::Int8));

    checkpoint::PackedWriter writer(precision);
    ops::WeightLoader loader(*opened.tensors, *operations, options.progress, opened.info.parameters,
                             &writer);
    // Both are kept until everything is written: the writer borrows their weights.
    const mimi::Encoder encoder(opened.info, ops::codec_weight_type_of(precision), *operations,
                                loader);
    KYUTAISTT_TRY(loader.status());
    const lm::LanguageModel language_model(opened.info.language_model, precision,
                                           CachePrecision::Int8, *operations, loader);
    KYUTAISTT_TRY(loader.status());
    KYUTAISTT_TRY(writer.write(output + "/model.safetensors"));
    return copy_small_files(folder, output);
  });
}

}  // namespace kyutaistt
