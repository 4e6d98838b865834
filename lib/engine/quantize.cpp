// SPDX-License-Identifier: LGPL-2.1-or-later
/// Writing a model folder whose weights need no packing.
#include <deque>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include <kyutaistt/model.h>
#include <kyutaistt/option_names.h>

#include "base/file_memory.h"
#include "base/guard.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/packed_weights.h"
#include "engine/resolve_options.h"
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

/// The folder that is written. Unless it is kept, what was written goes with this object, and
/// nothing else: half a model is worse than none.
class OutputFolder {
 public:
  explicit OutputFolder(std::string path) : path_(std::move(path)) {}
  OutputFolder(const OutputFolder &) = delete;
  OutputFolder &operator=(const OutputFolder &) = delete;
  ~OutputFolder() {
    std::error_code error;
    for (const fs::path &written : written_) {
      fs::remove(written, error);
    }
  }

  Status make() {
    std::error_code error;
    if (fs::exists(path_, error) &&
        !(fs::is_directory(path_, error) && fs::is_empty(path_, error))) {
      return Status::invalid_argument(path_.string() +
                                      ": is there already, expected a new or empty folder");
    }
    for (fs::path folder = path_; !folder.empty() && !fs::exists(folder, error);
         folder = folder.parent_path()) {
      written_.push_back(folder);
    }
    fs::create_directories(path_, error);
    return error
               ? Status::resource_exhausted(path_.string() + ": cannot be made: " + error.message())
               : Status();
  }

  /// Path of a file that is going to be written.
  std::string add(const fs::path &name) {
    // Before the folders that it lies in, to be removed before them.
    written_.push_front(path_ / name);
    return written_.front().string();
  }

  void keep() noexcept { written_.clear(); }

 private:
  const fs::path path_;
  std::deque<fs::path> written_;
};

Status copy_small_files(const std::string &folder, OutputFolder &output) {
  std::error_code error;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error) || !belongs_to_model(entry.path())) {
      continue;
    }
    const std::string copy = output.add(entry.path().filename());
    fs::copy_file(entry.path(), copy, error);
    if (error) {
      return Status::resource_exhausted(copy + ": cannot be written: " + error.message());
    }
    KYUTAISTT_TRY(base::sync_to_disk(copy));
  }
  return {};
}

}  // namespace

Status quantize_model(const std::string &folder, const std::string &output,
                      const ModelOptions &options) {
  return base::guard("writing the model", [&]() -> Status {
    const Precision precision =
        options.precision == Precision::Auto ? Precision::Int8 : options.precision;
    if (!find_option<Precision>(option_name(precision), packed_precision_names)) {
      return Status::invalid_argument(std::string("precision: found ") + option_name(precision) +
                                      ", expected " +
                                      list_options<Precision>(packed_precision_names));
    }
    KYUTAISTT_ASSIGN(opened, checkpoint::open_model_folder(folder, options));
    if (opened.info.packed_precision != Precision::Auto) {
      return Status::invalid_argument(folder + ": holds " +
                                      option_name(opened.info.packed_precision) +
                                      " weights already: take the original");
    }
    KYUTAISTT_ASSIGN(threads, engine::resolve_threads(options.threads));
    // Packing is the native operations' own.
    KYUTAISTT_ASSIGN(operations, ops::load_operations({"cpu", threads}));
    KYUTAISTT_TRY(operations->check_precision(precision, CachePrecision::Int8));
    OutputFolder written(output);
    KYUTAISTT_TRY(written.make());

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
    KYUTAISTT_TRY(writer.write(written.add("model.safetensors")));
    KYUTAISTT_TRY(copy_small_files(folder, written));
    KYUTAISTT_TRY(base::sync_to_disk(output));
    written.keep();
    return {};
  });
}

}  // namespace kyutaistt
