// SPDX-License-Identifier: LGPL-2.1-or-later
/// The small files of a model folder. The first byte of the input says which of them it replaces;
/// the others, and the weights, are those of a reference checkpoint.
#include <filesystem>
#include <iterator>
#include <memory>

#include "checkpoint/model_folder.h"
#include "fuzz_target.h"

namespace fs = std::filesystem;

namespace {

constexpr const char *files[] = {
    "config.json",           "generation_config.json", "preprocessor_config.json",
    "processor_config.json", "kyutaistt.json",         "model.safetensors.index.json"};

/// Links to the reference checkpoint's files, but for the one that is replaced.
void link_files(const fs::path &folder, const std::string &replaced) {
  for (const auto &file : fs::directory_iterator(KYUTAISTT_GOLDEN_FOLDER "/hf-f32")) {
    if (file.path().filename() != replaced) {
      fs::create_symlink(fs::absolute(file.path()), folder / file.path().filename());
    }
  }
  // The other processor file, and the single weight file, would win over the replaced one.
  if (replaced == "processor_config.json") {
    fs::remove(folder / "preprocessor_config.json");
  } else if (replaced == "model.safetensors.index.json") {
    fs::rename(folder / "model.safetensors", folder / "one.safetensors");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static std::unique_ptr<kyutaistt::fuzz::InputFolder> folders[std::size(files)];
  if (size == 0) {
    return 0;
  }
  const size_t chosen = data[0] % std::size(files);
  auto &folder = folders[chosen];
  if (!folder) {
    folder = std::make_unique<kyutaistt::fuzz::InputFolder>();
    link_files(folder->path(), files[chosen]);
  }
  folder->write(files[chosen], data + 1, size - 1);
  const auto model = kyutaistt::checkpoint::open_model_folder(folder->path(), {});
  kyutaistt::fuzz::check_refusal(model.status());
  return 0;
}
