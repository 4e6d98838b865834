// SPDX-License-Identifier: LGPL-2.1-or-later
/// How audio joins: which of its timestamps are believed, and what is missing between two pieces.
///
/// The rule of GstAudioStreamAlign (a timestamp that is off is believed after a while), but not its
/// code, which sees a hole of minutes only after that while, adopts the one timestamp that ends it
/// rather than the mean of all, and follows a drifting clock in jumps.
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
/// - Others are believed when they have been off for a second of audio: before that, they may be
///   the jitter of a capture, or bursts that were stamped when they arrived. If the audio is not
///   live, that second is awaited, so that a hole is placed where it is; live audio is passed on at
///   once, and only its times are corrected.
/// - Otherwise the count follows the mean of the timestamps, and so a clock that drifts.
///
/// Missing audio of up to a second is replaced by silence, so that speech keeps its rhythm over a
/// lost packet; over a longer gap only the clock moves. Times go back at once only where a jump was
/// believed at once; otherwise they advance at half speed until they are right.
///
/// A plain value without thread rules.
class AudioClock {
 public:
  static constexpr Time tolerance = std::chrono::milliseconds(40);
  /// How long a timestamp must be off before it is believed. Jumps of this size are believed at
  /// once.
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
    /// Time of its first sample, where it does not follow from the piece before.
    std::optional<Time> timestamp;
    /// Silence to insert before it, which ends at `timestamp`.
    Time silence{};
    /// Audio is missing or was repeated: no state, such as a resampler's, may be carried across.
    bool is_break = false;
  };

  /// Frames a second of what follows.
  void set_rate(int rate);
  /// The audio is not live: pieces may wait here until their times are certain.
  void set_may_wait(bool may_wait) { may_wait_ = may_wait; }
  /// Forgets everything but the rate: the next piece begins anew.
  void reset();

  /// Adds a piece. Returns the joints of the pieces whose times are now certain, in order: none if
  /// this one has to wait, several if others were waiting before it.
  std::vector<Joint> take(const Piece &piece);
  /// The joints of all waiting pieces: nothing follows them for now.
  std::vector<Joint> release();

  bool has_begun() const { return anchor_.has_value(); }
  /// Where the audio added so far ends.
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
  /// Without the waiting pieces.
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
  /// The waiting pieces have been off for so long that they are believed.
  std::vector<Joint> believe_held();
  std::vector<Joint> take_off(const Piece &piece, Time deviation);
  void note_off(const Piece &piece, Time deviation);
  bool is_certain() const;
  void forget_evidence();
  /// Corrects the count by this much: at once if that makes it later, else gradually.
  void correct(Time difference);
  void count(const Piece &piece);

  int rate_ = 0;
  bool may_wait_ = false;
  /// The audio added so far ends so many frames after this; unset before the first piece.
  std::optional<Time> anchor_;
  uint64_t frames_ = 0;
  /// Correction that is still to be made; never positive.
  Time owed_{};
  Time last_duration_{};
  std::optional<Time> last_position_;
  /// The next piece's joint has to give its time.
  bool has_moved_ = false;
  int marks_in_a_row_ = 0;

  std::deque<Held> held_;
  uint64_t held_frames_ = 0;
  /// Deviations in the last seconds, as if nothing had been corrected since `reset`: what has been
  /// is `corrected_`.
  std::deque<Evidence> evidence_;
  Time evidence_duration_{};
  Time corrected_{};

  /// Since the timestamps have been off to one side: the audio, the first of them, and the least
  /// deviation.
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
