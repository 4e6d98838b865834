// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a model is: its domains, its shapes, what it costs. Plain values without thread rules; made
/// by `inspect_model` and `Model::load`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kyutaistt/options.h>

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
  /// Multiply-adds for one frame of one stream, once the windows are full.
  uint64_t codec_multiply_adds = 0;
  /// Of these, those with the codec's large matrices, which `Int8` and `Int4` hold in 16 bits.
  uint64_t codec_large_multiply_adds = 0;
  uint64_t language_model_multiply_adds = 0;
  /// State of the codec and the language model for one open stream, as it is allocated on the CPU.
  /// Queued audio is not included.
  uint64_t memory_per_stream_bytes = 0;
  /// One sentence for each thing that a user should know: what would make another program behave
  /// differently with this folder, and what had to be assumed.
  std::vector<std::string> warnings;
};

}  // namespace kyutaistt
