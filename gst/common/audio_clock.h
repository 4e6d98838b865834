// SPDX-License-Identifier: LGPL-2.1-or-later
/// How audio joins: which of its timestamps are believed, and what is missing between two pieces.
///
/// The rule of GstAudioStreamAlign (a timestamp that is off is believed after a while), but not its
/// code, which sees a hole of minutes only after that while, takes over the one timestamp that ends
/// it rather than the mean of all, and follows a clock that drifts in jumps.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <kyutaistt/audio.h>

namespace kyutaistt {

/// Counts audio from its first timestamp on, and compares the timestamps that follow.
///
/// A timestamp is off when it differs by more than `tolerance` from the count.
/// - A jump of a second or more is believed at once, and so is any that is marked as a
///   discontinuity.
/// - Others are believed when they have been off for a second of audio: before, they may be the
///   jitter of a capture, or bursts that were stamped when they arrived. Where nothing is live,
///   that second is waited for, and a hole is found where it is; where time matters, the audio goes
///   on and only its times are put right.
/// - Otherwise the count follows the mean of the timestamps, and so a clock that drifts.
///
/// Up to a second that is missing is to be heard as silence, so that speech keeps its rhythm over a
/// lost packet; over more, only the clock moves. Times go back at once only where a jump was
/// believed at once; otherwise they advance at half speed until they are right.
///
/// A plain value without thread rules.
class AudioClock {
 public:
  static constexpr Time tolerance = std::chrono::milliseconds(40);
  /// So long a timestamp must be off. Jumps of as much are believed at once.
  static constexpr Time certainty = std::chrono::seconds(1);
  static constexpr Time max_silence = std::chrono::seconds(1);

  struct Piece {
    /// Unset: it follows.
    std::optional<Time> position;
    uint64_t frames = 0;
    /// The source says that something is missing before it.
    bool is_marked = false;
  };

  /// How a piece joins the one before.
  struct Joint {
    /// Time of its first sample, where that does not follow.
    std::optional<Time> timestamp;
    /// To be heard before it; it ends at `timestamp`.
    Time silence{};
    /// Audio is missing or was repeated: nothing may be carried over it, as by a resampler.
    bool is_break = false;
  };

  /// Frames a second of what follows.
  void set_rate(int rate);
  /// Nobody waits for the audio as it comes: pieces may be held back until they are certain.
  void set_may_wait(bool may_wait) { may_wait_ = may_wait; }
  /// Forgets everything but the rate: the next piece begins anew.
  void reset();

  /// Takes a piece. The joints of those which can go on now, in order: none if it is held back,
  /// and several where others were held back before it.
  std::vector<Joint> take(const Piece &piece);
  /// The joints of all pieces that are held back: nothing follows them for now.
  std::vector<Joint> release();

  bool has_begun() const { return anchor_.has_value(); }
  /// Time of the end of what was taken.
  Time now() const;

 private:
  struct Held {
    Piece piece;
    /// How much later its timestamp is than the count has it.
    std::optional<Time> deviation;
  };
  struct Evidence {
    Time duration;
    Time deviation;
    Time position;
  };

  Time duration_of(uint64_t frames) const;
  /// Without the pieces that are held back.
  Time counted() const;
  Time deviation_of(Time position) const;
  bool is_jump(const Piece &piece, Time deviation) const;
  /// The most that timestamps have been late lately without being believed.
  Time usual_lateness() const;
  Joint jump(const Piece &piece);
  /// Takes a deviation as evidence of where the mean is, and corrects what is counted.
  void consider(const Held &held);
  void hold(const Held &held);
  /// Joins a piece to the one before; the deviation, if it has one, counts as evidence.
  Joint follow(const Held &held);
  std::vector<Joint> follow_held();
  /// What is held back was off for so long that it is believed.
  std::vector<Joint> believe_held();
  std::vector<Joint> take_off(const Piece &piece, Time deviation);
  void note_off(const Piece &piece, Time deviation);
  bool is_certain() const;
  void forget_evidence();
  /// Moves what is counted by so much: at once if it is later, else bit by bit.
  void correct(Time difference);
  void count(const Piece &piece);

  int rate_ = 0;
  bool may_wait_ = false;
  /// What was taken ends so many frames after this; unset before the first piece.
  std::optional<Time> anchor_;
  uint64_t frames_ = 0;
  /// Correction that is still to be made; never positive.
  Time owed_{};
  Time last_duration_{};
  std::optional<Time> last_position_;
  /// The next piece's time is to be said.
  bool has_moved_ = false;
  int marks_in_a_row_ = 0;

  std::deque<Held> held_;
  uint64_t held_frames_ = 0;
  /// Deviations in the last seconds, as if nothing had been corrected since `reset`: what has been
  /// is `corrected_`.
  std::deque<Evidence> evidence_;
  Time evidence_duration_{};
  Time corrected_{};

  /// Since the timestamps are off, to one side: audio, the first of them, and the least deviation.
  struct Off {
    Time audio{};
    Time since{};
    Time until{};
    Time least{};
    bool is_burst = false;
  };
  std::optional<Off> off_;
  Time last_deviation_{};
};

}  // namespace kyutaistt
