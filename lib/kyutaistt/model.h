// SPDX-License-Identifier: LGPL-2.1-or-later
/// A speech-to-text model: its folder, and its weights in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <kyutaistt/export.h>
#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// Facts that are known once the model is loaded.
struct LoadedInfo {
  /// Resolved, never `Auto`.
  Precision precision = Precision::F32;
  CachePrecision cache_precision = CachePrecision::F32;
  int threads = 0;
  std::string device;
  /// What computes, e.g. "avx512-bf16" or "libtorch 1.13.1, AVX512".
  std::string instruction_set;
  uint64_t weight_bytes = 0;
  /// Weight bytes that one step of the language model reads, whatever the number of streams.
  uint64_t weight_bytes_per_step = 0;
  double load_seconds = 0;
};

/// Finds the folder of a model by what a user calls it: a folder's path, or an id such as
/// "mideind/kyutai-stt-1b-is-en" (with \@REVISION if wanted) that is looked up in the local Hugging
/// Face cache (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, ~/.cache). Nothing is ever downloaded; if the
/// model is missing, the message names the command that fetches it. Only looks at the file system.
KYUTAISTT_PUBLIC Result<std::string> find_model(std::string_view model);

/// Reads and checks everything but the weights' values, in a few milliseconds even for large
/// models.
KYUTAISTT_PUBLIC Result<ModelInfo> inspect_model(const std::string &folder,
                                                 const ModelOptions &options = {});

/// Writes a folder with the same model in one precision (bf16, int8 or int4; `Auto` means int8),
/// its weights laid out as in memory: loading it packs nothing, and processes can share its pages.
/// `output` must be new or empty, and is left so by a failure. Takes as long as loading and
/// writing. Only the options precision, threads and progress are used.
KYUTAISTT_PUBLIC Status quantize_model(const std::string &folder, const std::string &output,
                                       const ModelOptions &options = {});

struct ModelState;

/// Weights in memory, ready to compute.
///
/// Threads: immutable after loading; share it freely. Lifetime: engines and streams keep it alive.
/// Cost: `loaded().weight_bytes` of memory; loading is bound by reading and converting the file.
class KYUTAISTT_PUBLIC Model {
 public:
  /// Loads a model folder. Blocks for as long as it takes; `options.progress` can cancel.
  static Result<std::shared_ptr<const Model>> load(const std::string &folder,
                                                   const ModelOptions &options = {});

  /// Makes a model of random weights in memory, for measurements: "tiny", "1b" or "2.6b".
  static Result<std::shared_ptr<const Model>> synthetic(std::string_view preset,
                                                        const ModelOptions &options = {});

  explicit Model(std::unique_ptr<ModelState> state);
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model();

  const ModelInfo &info() const noexcept;
  const LoadedInfo &loaded() const noexcept;
  /// For the library's own parts.
  const ModelState &state() const noexcept { return *state_; }

 private:
  std::unique_ptr<ModelState> state_;
};

}  // namespace kyutaistt
