// SPDX-License-Identifier: LGPL-2.1-or-later
/// A speech-to-text model: where it lies, what it is, and its weights in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/export.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// A task that the model was trained to do when its tokens are forced at the start.
struct Domain {
  std::string name;
  std::vector<int32_t> tokens;
  /// Language of the text, as an ISO 639-1 code; empty if unknown.
  std::string language;
};

/// Shape of the language model.
struct LanguageModelInfo {
  int64_t layers = 0;
  int64_t width = 0;
  int64_t heads = 0;
  int64_t head_dimension = 0;
  /// Width of the gated feed-forward layer, half the rows of its first matrix.
  int64_t feed_forward = 0;
  /// Positions (of 80 ms) that attention sees, the current one included.
  int64_t window = 0;
  int64_t text_vocabulary = 0;
  int64_t codebooks = 0;
  /// Entries of one codebook without the start entry.
  int64_t codebook_size = 0;
  double rope_base = 0;
  double norm_epsilon = 0;
  /// Row of the embedding table that stands for "no text yet".
  int64_t text_start = 0;
  /// Audio id that stands for "no audio yet", the same in all codebooks.
  int64_t audio_start = 0;
};

/// Shape of the codec's encoder (Mimi).
struct CodecInfo {
  int64_t filters = 0;
  int64_t width = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t feed_forward = 0;
  /// Positions (of 40 ms) that attention sees, the current one included.
  int64_t window = 0;
  int64_t codebook_dimension = 0;
  /// Strides of the convolutions from the audio on; their product is 960.
  std::vector<int64_t> strides;
  double rope_base = 0;
  double norm_epsilon = 0;
};

/// What a model folder holds, as read from its small files and the weights' headers.
struct ModelInfo {
  /// The folder, or "synthetic:1b" and the like.
  std::string path;
  /// "hugging-face" or "synthetic".
  std::string layout;
  LanguageModelInfo language_model;
  CodecInfo codec;
  /// Time between a word's start in the audio and its first token.
  double delay_seconds = 0;
  /// Silence that the model expects before the first sample.
  double silence_prefix_seconds = 0;
  std::vector<Domain> domains;
  /// Empty if the model has no domains.
  std::string default_domain;
  int pad_steps = 0;
  /// Resolved, never `Auto`.
  Alignment alignment = Alignment::Aligned;
  CodecAttention codec_attention = CodecAttention::Exact;
  /// "tokenizer.json", "sentencepiece", or "synthetic".
  std::string tokenizer;
  /// Pieces of the tokenizer, added tokens included; ids beyond it have no text.
  int64_t tokenizer_pieces = 0;
  /// The precision that the weights are stored in, packed, by `quantize_model`; `Auto` for all
  /// other folders, which can be loaded in any precision.
  Precision packed_precision = Precision::Auto;
  /// Bytes of all weight files, and parameters that inference uses.
  uint64_t file_bytes = 0;
  uint64_t parameters = 0;
  /// Products of two numbers that one frame of one stream adds up, once the windows are full.
  uint64_t codec_multiply_adds = 0;
  /// Of these, those with the codec's large matrices, which `Int8` and `Int4` hold in 16 bits.
  uint64_t codec_large_multiply_adds = 0;
  uint64_t language_model_multiply_adds = 0;
  /// State of the codec and the language model for one open stream, as it is allocated on the CPU.
  /// Audio that waits comes on top.
  uint64_t memory_per_stream_bytes = 0;
  /// Facts that a user should know, a sentence each: where the folder would make another program
  /// behave differently, or where something had to be assumed.
  std::vector<std::string> warnings;
};

/// What loading added to the facts.
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

/// Turns what a user calls a model into its folder: a folder's path, or an id such as
/// "mideind/kyutai-stt-1b-is-en" (with @REVISION if wanted) that is looked up in the local Hugging
/// Face cache (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, ~/.cache). Nothing is ever downloaded; if the
/// model is not there the message names the command that fetches it. Touches the file system only.
KYUTAISTT_PUBLIC Result<std::string> find_model(std::string_view model);

/// Reads and checks everything but the weights' values: a few milliseconds, also for large models.
KYUTAISTT_PUBLIC Result<ModelInfo> inspect_model(const std::string &folder,
                                                 const ModelOptions &options = {});

/// Writes a folder with the same model in one precision (bf16, int8 or int4; `Auto` means int8),
/// its weights as they lie in memory: loading it packs nothing, and processes share its pages.
/// `output` must be new or empty, and is so again after a failure. Takes as long as loading and
/// writing; of the options precision, threads and progress count.
KYUTAISTT_PUBLIC Status quantize_model(const std::string &folder, const std::string &output,
                                       const ModelOptions &options = {});

/// Whether a model can be prompted so: `NotFound` for an unknown domain (with the known ones),
/// `InvalidArgument` for token ids or pad steps out of range.
KYUTAISTT_PUBLIC Status check_prompt(const ModelInfo &model, const Prompt &prompt);

/// Token ids as a user writes them: separated by commas, with spaces anywhere between; a last comma
/// does no harm. Anything else is `InvalidArgument`; `what` says in its message what was being set,
/// e.g. "property prompt-tokens". Whether a model has the ids is for `check_prompt`.
KYUTAISTT_PUBLIC Result<std::vector<int32_t>> parse_token_ids(std::string_view text,
                                                              std::string_view what);

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
