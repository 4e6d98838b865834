// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a caller can choose: for a model when it is loaded, for an engine, for one stream.
///
/// Every field has the default that suits most callers; `{}` is always valid. Plain values, no
/// thread rules. Wrong values are reported by the call that takes the options.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <kyutaistt/audio.h>
#include <kyutaistt/prompt.h>

namespace kyutaistt {

/// How the language model's weights are held. The codec computes in f32, as its makers demand; its
/// large matrices are f32 too, but with `Int8` and `Int4` integers of 16 bits.
enum class Precision {
  /// What a folder was packed in by `quantize_model`. Else, on the CPU `Int8`, but `F32` for a
  /// model that is small enough to be fast so; elsewhere `F32`.
  Auto,
  /// 32-bit floats: agrees with the reference token for token.
  F32,
  /// bfloat16 weights and products: half the memory and bandwidth.
  Bf16,
  /// 8-bit integers with a scale for each row and 256 columns. CPU only.
  Int8,
  /// 4-bit integers with a scale for each row and 32 columns. CPU only.
  Int4,
};

/// How the language model's keys and values are held: the largest part of a stream's memory.
enum class CachePrecision {
  /// `F32` where the weights are `F32`, else `Int8` on the CPU.
  Auto,
  F32,
  Bf16,
  /// 8-bit integers with a scale for each head and position. CPU only.
  Int8,
};

/// Which audio frame the language model hears at which position.
enum class Alignment {
  /// `Hf` if the checkpoint's generation_config.json makes transformers do that, else `Aligned`;
  /// the model folder's sidecar is asked first.
  Auto,
  /// Position p >= 1 hears frame p-1, as in training.
  Aligned,
  /// As transformers' `generate` with audio_window_size 1: the first frame is encoded twice and
  /// everything comes one frame later.
  Hf,
  /// Position p >= 1 hears frame p, frame 0 is never heard, as Kyutai's example scripts do.
  DropFirst,
};

/// Which earlier positions (25 Hz) the codec's attention sees. For parity with other programs.
enum class CodecAttention {
  /// The sidecar's choice, else `Exact`.
  Auto,
  /// Exactly the trained window for every position.
  Exact,
  /// Kyutai's streaming ring: the older position of each frame sees one key less.
  Ring2,
  /// Only the frame itself: what transformers does without `codec_use_cache`.
  Frame,
};

/// How the weights of a folder that `quantize_model` wrote get into memory.
enum class PackedWeights {
  /// Copied: what happens to the file afterwards changes nothing. Costs up to 0.7 s for a gigabyte
  /// that is in the page cache.
  Copied,
  /// The file is mapped, so that processes share its pages and nothing is copied. It must not be
  /// changed meanwhile: cut off it kills the process, overwritten it changes the text. Replacing it
  /// by renaming another one is safe.
  Mapped,
};

/// Told how far loading has come; returning false cancels it (`StatusCode::Cancelled`).
/// Called on the loading thread with a share in [0, 1].
using LoadProgress = std::function<bool(double share)>;

/// CPU threads that a computation can be given at most.
inline constexpr int max_threads = 1024;

/// How to load a model.
struct ModelOptions {
  /// "cpu", or another device that libtorch knows: "cuda", "cuda:1", ...
  std::string device = "cpu";
  Precision precision = Precision::Auto;
  CachePrecision cache_precision = CachePrecision::Auto;
  /// CPU threads of the computation; 0 means one for each core that the process may use, by its
  /// affinity and by the quota of its control group.
  int threads = 0;
  Alignment alignment = Alignment::Auto;
  CodecAttention codec_attention = CodecAttention::Auto;
  PackedWeights packed_weights = PackedWeights::Copied;
  LoadProgress progress;
};

/// What `Stream::push` does when the stream's queue is full.
enum class Overflow {
  /// Wait until there is room: the caller runs at the speed of the model.
  Block,
  /// Drop whole frames from the new audio and count them: the caller is never held up.
  Drop,
};

/// How one stream is to be recognised.
struct StreamOptions {
  Prompt prompt;
  /// Audio that may wait for the model: one frame (80 ms) or more.
  Time queue_capacity = std::chrono::seconds(2);
  Overflow overflow = Overflow::Block;
  /// Longest time a word is shown beyond its last piece when only silence follows; 24 hours at
  /// most.
  Time word_end_cap = std::chrono::milliseconds(640);
  /// Go on in a fresh context, with the prompt forced anew, before the prompt leaves the model's
  /// window; no word is lost or comes twice. Off: the context rolls on as the reference does, and
  /// a model that needs its prompt loses its way after a window's length. Streams without a prompt
  /// roll on either way.
  bool relay = true;
  /// Deliver a `Step` event for every position of the language model.
  bool report_steps = false;
};

/// What one step of the engine was and how long it took.
struct StepReport {
  /// Streams that took part.
  int streams = 0;
  std::chrono::nanoseconds codec{};
  std::chrono::nanoseconds language_model{};
  /// The whole step, with decoding and delivery of events.
  std::chrono::nanoseconds total{};
};

/// How an engine behaves.
struct EngineOptions {
  /// Streams that may be open at once; `Engine::open_stream` fails beyond it.
  int max_streams = 64;
  /// Told about every step, on the worker thread; must be quick and must not call the engine. If it
  /// throws, the step's streams fail.
  std::function<void(const StepReport &)> step_observer;
};

}  // namespace kyutaistt
