// SPDX-License-Identifier: LGPL-2.1-or-later
/// Options for loading a model, for an engine and for a stream.
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

/// How the language model's weights are held. The codec computes in f32, as its authors require.
/// Its large matrices are f32 too, except with `Int8` and `Int4`, where they are 16-bit integers.
enum class Precision {
  /// The precision that `quantize_model` packed the folder in. For other folders `Int8` on the CPU,
  /// or `F32` if the model is small enough to be fast in it; `F32` on other devices.
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
  /// changed meanwhile: truncating it kills the process, overwriting it changes the text. Replacing
  /// it by renaming another file is safe.
  Mapped,
};

/// Receives the progress of loading, a share in [0, 1], on the loading thread; returning false
/// cancels it (`StatusCode::Cancelled`).
using LoadProgress = std::function<bool(double share)>;

/// Maximum number of CPU threads for a computation.
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
  /// Drop whole frames and count them: of a long push, as much as waited beyond the queue before.
  Drop,
};

/// How one stream is to be recognised.
struct StreamOptions {
  Prompt prompt;
  /// Maximum length of the audio that waits for the model; at least one frame (80 ms).
  Time queue_capacity = std::chrono::seconds(2);
  Overflow overflow = Overflow::Block;
  /// Longest time a word is shown beyond its last piece when only silence follows; 24 hours at
  /// most.
  Time word_end_cap = std::chrono::milliseconds(640);
  /// Continue in a fresh context, with the prompt forced again, before the prompt leaves the
  /// model's window; no word is lost or repeated. Off: the context keeps rolling as in the
  /// reference, and the text of a model that needs its prompt turns to noise after one window.
  /// Streams without a prompt keep rolling either way.
  bool relay = true;
  /// When the speaker has stopped for so long, the words that are still within the model's delay
  /// are brought out as fast as they can be computed, and what follows is heard in a new context.
  /// 0: they come with the delay.
  Time flush_on_pause{};
  /// When nothing that may be speech has been heard for so long (silence, a tone, hum, noise), the
  /// words are brought out as with `flush_on_pause`, and the model hears nothing more until there
  /// is: nothing is written then, and nothing computed. 0: it hears everything.
  Time voice_gate{};
  /// Where no text comes of speech for longer than the delay, or the text repeats itself, the last
  /// seconds are heard again in a new context (`Renewed`, `StreamStats::renewals`). Only for
  /// streams with a prompt. Memory: the audio of the delay and six seconds.
  bool watchdog = true;
  /// Deliver a `Step` event for every position of the language model.
  bool report_steps = false;
};

/// The size of one step of the engine and how long it took.
struct StepReport {
  /// Frames whose text is known: one or more for each stream that had any, and for each context
  /// that has ended and is being finished.
  int frames = 0;
  std::chrono::nanoseconds codec{};
  std::chrono::nanoseconds language_model{};
  /// The whole step, with decoding and delivery of events.
  std::chrono::nanoseconds total{};
};

/// How an engine behaves.
struct EngineOptions {
  /// Streams that may be open at once; `Engine::open_stream` fails when it is reached.
  int max_streams = 64;
  /// In a step of fewer streams than this, those that have more than one frame waiting hear
  /// several, all together no more than so many: they cost little more than one, whose weights have
  /// to be read anyway. The text is the same for every number. 1: one frame of every stream.
  int frames_at_once = 8;
  /// Called after every step, on the worker thread; must be quick and must not call the engine. If
  /// it throws, the step's streams fail.
  std::function<void(const StepReport &)> step_observer;
};

}  // namespace kyutaistt
