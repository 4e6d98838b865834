// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a stream goes on in a fresh context, and from where.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include <kyutaistt/model_info.h>

namespace kyutaistt::decode {

/// Watches the tokens of a stream and finds the places at which a fresh context can take over (see
/// docs/long-streams.md). A pause in the text is such a place: the longer the context, the shorter
/// a pause is accepted, and shortly before the prompt leaves the window the best place of the last
/// seconds is taken, whatever it is.
///
/// Positions are counted in frames since it was made; a new context gets a new schedule. A plain
/// value without thread rules; constant cost and memory for each token.
class RelaySchedule {
 public:
  /// `forced`: tokens that are forced at the start of a context.
  RelaySchedule(const ModelInfo &model, int64_t forced);

  /// The token after one more frame.
  void push(bool is_pad);

  /// Where a fresh context is to begin, if this is a good moment for one. `age`: positions of the
  /// running context.
  struct Handover {
    /// The fresh context hears the audio from this frame on.
    int64_t first_frame = 0;
    /// Up to this frame its text is pads: what the running context wrote there is about audio that
    /// the fresh one does not hear.
    int64_t pause_frame = 0;
  };
  std::optional<Handover> find(int64_t age) const;

  /// A handover begins at most this many frames before the newest one.
  int64_t max_frames() const noexcept { return max_frames_; }
  /// Frames that were pushed.
  int64_t frames() const noexcept { return frames_; }
  /// False for a window so small that a fresh context would be as old as the one that it replaces.
  bool has_room() const noexcept;

 private:
  /// A run of pads in [begin, end).
  struct Pause {
    int64_t begin;
    int64_t end;
  };

  int64_t wanted_pads(int64_t age) const;
  std::optional<int64_t> place(int64_t age) const;

  int64_t lead_;
  int64_t window_;
  int64_t max_frames_;
  int64_t frames_ = 0;
  /// Those of the last `max_frames_`, in order.
  std::deque<Pause> pauses_;
};

}  // namespace kyutaistt::decode
