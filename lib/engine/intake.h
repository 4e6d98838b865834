// SPDX-License-Identifier: LGPL-2.1-or-later
/// What was pushed into a stream and waits for the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/status.h>
#include <kyutaistt/stream.h>

#include "decode/voice_gate.h"
#include "engine/audio_queue.h"
#include "engine/batch.h"
#include "engine/heard_audio.h"
#include "engine/stream_state.h"

namespace kyutaistt::engine {

/// A stream's side that is shared between its callers and the worker. Not thread-safe: the
/// scheduler's lock protects it.
class Intake {
 public:
  /// `forced`: tokens of the first context.
  Intake(std::shared_ptr<StreamState> of_stream, const AudioQueue::Shape &shape,
         decode::ForcedTokens forced)
      : stream(std::move(of_stream)),
        queue(shape),
        forced_(std::move(forced)),
        next_text_(forced_.size()) {}

  /// What the worker can take from the queue; on the worker.
  AudioQueue::Next next() const noexcept;
  /// The stream has something to compute; on the worker.
  bool is_ready() const noexcept;
  /// Samples that the queue has room for.
  int64_t room() const noexcept { return capacity() + extra_capacity_ - queue.samples(); }

  /// Moves what the stream computes next to its turn; on the worker.
  void take(Turn &turn, Batch &batch);

  /// Appends as many of the samples as there is room for, and returns how many those are.
  size_t push_what_fits(std::span<const float> samples, std::optional<Time> timestamp);
  /// Appends the samples, less what waited beyond the capacity before. That much is dropped in
  /// whole frames, the last of which may reach into later pushes.
  void push_or_drop(std::span<const float> samples, std::optional<Time> timestamp);
  /// The context ends here.
  void push_end(ContextEnd end) { queue.push_end(std::move(end)); }
  /// The context ends here too, and one of the stream's texts goes on with this prompt. Fails if
  /// the stream has no such text.
  Status push_prompt(size_t text, std::vector<int32_t> tokens, std::optional<uint64_t> marker);
  /// The context ends here too, and the next one writes one more text. Returns its number.
  size_t push_text(std::vector<int32_t> tokens);
  /// The context ends here too, and the next one does not write this text.
  void push_text_end(size_t text);
  /// Forgets what waits, and a failure.
  void reset();

  const std::shared_ptr<StreamState> stream;
  AudioQueue queue;
  /// Grows with every reset: what was taken from the queue before is stale.
  uint64_t generation = 0;
  /// Generation of the context that the worker has been given.
  uint64_t context_generation = 0;
  /// Tokens that the first context after the last reset was forced to begin with.
  decode::ForcedTokens forced_at_reset;
  /// Why the stream cannot go on; success while it can.
  Status failure;
  StreamStats stats;

 private:
  /// Ends the running context where the speaker has stopped, or where it has failed, and then
  /// lets the next one hear the last seconds again; and where the gate has closed.
  void end_context_if_needed();
  /// Between contexts, while the gate is closed: no context hears the next frames.
  void leave_out_frames(Turn &turn);
  /// As many frames as the running context tries at once and the step has room for.
  void take_frames(Turn &turn, Batch &batch);
  void take_frame(Turn &turn, Batch &batch);

  int64_t capacity() const noexcept { return samples_in(stream->options.queue_capacity); }

  /// Tokens forced at the start of the next context to be pushed.
  decode::ForcedTokens forced_;
  /// Number of the next text. None comes again, so that no event of a text that has gone is taken
  /// for one of another.
  size_t next_text_;
  /// Room for what comes while audio is heard again, until the queue has been empty.
  int64_t extra_capacity_ = 0;
  /// Hears every frame that is taken.
  decode::VoiceGate gate_{stream->options.voice_gate};
  /// The last frames that no context heard.
  HeardAudio left_out_;
  /// Samples still to be dropped of a frame whose drop has begun.
  int64_t dropping_ = 0;
};

}  // namespace kyutaistt::engine
