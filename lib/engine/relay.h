// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream's way from one context of the model to the next.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decode/relay_schedule.h"
#include "engine/model_state.h"

namespace kyutaistt::engine {

/// What the codec and the language model remember of one run. Setting frame and position to 0
/// starts a new one.
struct ContextState {
  std::unique_ptr<mimi::EncoderState> encoder;
  std::unique_ptr<lm::LanguageModelState> language_model;
};
ContextState make_context_state(const ModelState &model);

/// Keeps what a stream heard and wrote last. While the stream's own context goes on, a fresh one
/// hears the last seconds again with the tokens that were written, some frames in each step, until
/// it has caught up; then it takes over. All its tokens are known until then, so no word is lost or
/// comes twice.
///
/// Used by the engine's worker alone. Memory: the samples of `RelaySchedule::max_frames` and what
/// comes while the fresh context catches up; a second `ContextState` meanwhile.
class Relay {
 public:
  explicit Relay(const ModelInfo &info) : info_(info), schedule_(info, 0) {}

  /// A new context begins, with these tokens forced; without any, or if the window has no room for
  /// it, the context is never handed over. Gives back the state of a relay that was under way.
  std::optional<ContextState> restart(std::span<const int32_t> forced);

  /// The stream is about to hear a frame.
  void hear(std::span<const float> samples);
  /// What it wrote at that frame.
  void write(int32_t token);

  bool is_running() const noexcept { return fresh_.has_value(); }
  /// The fresh context has still so many frames to hear, the newest included.
  int64_t frames_behind() const noexcept;
  /// Looks for a good place to begin at. `age`: positions of the stream's context.
  std::optional<decode::RelaySchedule::Handover> find_handover(int64_t age) const;
  void begin(const decode::RelaySchedule::Handover &handover, ContextState fresh);

  /// Rows of the language model for the next `frames` of the fresh context, which the codec hears
  /// here; at most `frames_behind()`. They stay valid until the next call.
  std::span<const lm::StepInput> replay(const ModelState &model, int64_t frames);
  /// The fresh context has heard what the stream has: swaps the two and gives back the old one.
  ContextState take_over(ContextState &running);
  /// Lets go of a fresh context that cannot catch up.
  ContextState abandon();

 private:
  struct Frame {
    std::vector<float> samples;
    int32_t token = 0;
  };
  struct Fresh {
    ContextState state;
    decode::RelaySchedule::Handover handover;
    int64_t next_frame = 0;
    int32_t text = 0;
    int64_t position = 0;
  };

  const Frame &frame(int64_t index) const {
    return frames_[static_cast<size_t>(index - first_frame_)];
  }
  void encode(const ModelState &model, std::span<const float> samples);
  /// The token that belongs to the fresh context's next position, which hears this frame.
  int32_t known_token(int64_t index) const;

  const ModelInfo &info_;
  bool enabled_ = false;
  std::vector<int32_t> forced_;
  decode::RelaySchedule schedule_;
  /// The last frames, of which the first one has this number.
  std::deque<Frame> frames_;
  int64_t first_frame_ = 0;
  std::optional<Fresh> fresh_;

  // Of the last call of `replay`.
  std::vector<int32_t> codes_;
  std::vector<lm::StepInput> rows_;
};

}  // namespace kyutaistt::engine
