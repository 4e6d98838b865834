// SPDX-License-Identifier: LGPL-2.1-or-later
/// The network's weights: the name, shape, kernel and stride of every tensor that inference needs.
///
/// This is the only place that says so. Loading takes names and strides from here, checking a
/// checkpoint and making up a synthetic one the list of all tensors, and what a frame costs and a
/// stream takes is counted over it. Plain values, no thread rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kyutaistt/model_info.h>

namespace kyutaistt::checkpoint {

/// A tensor's name in the Hugging Face layout, and its shape.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;

  uint64_t elements() const noexcept;
};

/// A matrix that products are made with: tensors below each other, which are used as one.
struct MatrixSpec {
  std::vector<TensorSpec> parts;

  /// Multiply-adds of one product with one row of input.
  uint64_t elements() const noexcept;
  std::vector<std::string> names() const;
};

/// A causal convolution over time.
struct ConvolutionSpec {
  /// Without ".weight" and ".bias".
  std::string name;
  int64_t outputs = 0;
  int64_t inputs = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  bool has_bias = true;
  /// One of the codec's large matrices, which may be held in a smaller type than f32. Codes change
  /// with the rounding of the first layers, so theirs never are; they have few of the weights.
  bool large = false;
  /// A stream begins as if its first column had stood there before, and not zeros.
  bool starts_replicated = false;

  TensorSpec weight() const;
  /// Only if `has_bias`.
  TensorSpec bias() const;
  /// Multiply-adds for each output position.
  uint64_t elements() const noexcept;
  /// Columns of input that the next call needs again.
  int64_t context() const noexcept { return kernel - stride; }
};

/// A residual block of the codec and the strided convolution after it.
struct CodecStage {
  /// Of the block and of the convolution among the codec's layers.
  int64_t block_number = 0;
  int64_t down_number = 0;
  ConvolutionSpec narrow;
  ConvolutionSpec widen;
  ConvolutionSpec down;
};

/// A layer of the codec's transformer.
struct CodecLayer {
  TensorSpec attention_norm_weight;
  TensorSpec attention_norm_bias;
  MatrixSpec query_key_value;
  MatrixSpec attention_output;
  TensorSpec attention_scale;
  TensorSpec feed_forward_norm_weight;
  TensorSpec feed_forward_norm_bias;
  MatrixSpec feed_forward_in;
  MatrixSpec feed_forward_out;
  TensorSpec feed_forward_scale;
};

/// A codebook's entries: each is a sum, to be divided by how often it was used.
struct CodebookSpec {
  TensorSpec sums;
  TensorSpec usages;
};

/// A chain of codebooks, each of which codes what the ones before left.
struct QuantizerChain {
  /// "semantic" or "acoustic".
  std::string kind;
  MatrixSpec projection;
  std::vector<CodebookSpec> codebooks;
};

/// The codec's encoder, in the order in which it runs.
struct CodecArchitecture {
  ConvolutionSpec first;
  std::vector<CodecStage> stages;
  int64_t last_number = 0;
  ConvolutionSpec last;
  std::vector<CodecLayer> layers;
  ConvolutionSpec downsampling;
  std::vector<QuantizerChain> chains;
};

/// A layer of the language model.
struct LanguageModelLayer {
  TensorSpec attention_norm;
  MatrixSpec query_key_value;
  MatrixSpec attention_output;
  TensorSpec feed_forward_norm;
  /// Gate and value below each other, in one tensor.
  MatrixSpec feed_forward_in;
  MatrixSpec feed_forward_out;
};

/// The language model, in the order in which it runs.
struct LanguageModelArchitecture {
  /// Rows: text ids, then every codebook's entries with its start entry, then one of zeros.
  TensorSpec embedding;
  std::vector<LanguageModelLayer> layers;
  TensorSpec output_norm;
  MatrixSpec head;
};

/// Positions of 25 Hz that the codec's transformer has in one frame.
inline constexpr int64_t codec_positions_per_frame = 2;

/// Rows of the language model's embedding.
int64_t embedding_rows(const LanguageModelInfo &info);

/// `codebooks` and `codebook_size`: what the language model uses of the codec's quantizer.
CodecArchitecture codec_architecture(const CodecInfo &info, int64_t codebooks,
                                     int64_t codebook_size);
LanguageModelArchitecture language_model_architecture(const LanguageModelInfo &info);

/// Every tensor of a model of this shape, the codec's first.
std::vector<TensorSpec> required_tensors(const ModelInfo &info);

/// Elements of all of them.
uint64_t count_parameters(const std::vector<TensorSpec> &tensors) noexcept;

/// The tensors whose first dimension is the width of the feed-forward layers (twice that, for the
/// language model's gated ones): configs do not say it reliably.
std::string codec_feed_forward_name();
std::string language_model_feed_forward_name();

}  // namespace kyutaistt::checkpoint
