// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/audio_clock.h"

#include <algorithm>
#include <utility>

namespace kyutaistt {

namespace {

/// How much audio the mean is taken over: several bursts, but not so much that a drift is noticed
/// late.
constexpr Time evidence_length = std::chrono::seconds(8);
/// Shorter pieces are combined.
constexpr Time evidence_step = std::chrono::milliseconds(10);
/// A smaller deviation of the mean is ignored: containers round their times.
constexpr Time indifference = std::chrono::milliseconds(20);
/// If so many pieces in a row are marked as discontinuous, the mark means nothing.
constexpr int max_marks_in_a_row = 8;

bool same_side(Time a, Time b) {
  return (a < Time()) == (b < Time());
}

Time nearest_to_zero(Time a, Time b) {
  return std::chrono::abs(a) < std::chrono::abs(b) ? a : b;
}

}  // namespace

Time AudioClock::duration_of(uint64_t frames) const {
  if (rate_ == 0) {
    return {};
  }
  // In two parts, so that no length of a recording overflows.
  const auto rate = static_cast<uint64_t>(rate_);
  return std::chrono::seconds(frames / rate) + Time(frames % rate * std::nano::den / rate);
}

Time AudioClock::counted() const {
  return anchor_.value_or(Time()) + duration_of(frames_);
}

Time AudioClock::now() const {
  return anchor_.value_or(Time()) + duration_of(frames_ + held_frames_);
}

void AudioClock::set_rate(int rate) {
  if (anchor_) {
    anchor_ = counted();
    frames_ = 0;
  }
  rate_ = rate;
}

void AudioClock::reset() {
  AudioClock fresh;
  fresh.rate_ = rate_;
  fresh.may_wait_ = may_wait_;
  *this = std::move(fresh);
}

Time AudioClock::deviation_of(Time position) const {
  return position - now() - owed_;
}

void AudioClock::forget_evidence() {
  evidence_.clear();
  evidence_duration_ = {};
  off_.reset();
  last_deviation_ = {};
}

void AudioClock::count(const Piece &piece) {
  frames_ += piece.frames;
  last_duration_ = duration_of(piece.frames);
}

void AudioClock::correct(Time difference) {
  corrected_ += difference;
  owed_ += difference;
  if (owed_ > Time()) {
    *anchor_ += std::exchange(owed_, Time());
    has_moved_ = true;
  }
}

bool AudioClock::is_jump(const Piece &piece, Time deviation) const {
  if (std::chrono::abs(deviation) <= tolerance) {
    return false;
  }
  if (piece.is_marked && marks_in_a_row_ < max_marks_in_a_row) {
    return true;
  }
  if (deviation < Time()) {
    // In a burst that is stamped on arrival, timestamps lag too, but none is earlier than the one
    // before.
    return deviation <= -certainty && last_position_ && *piece.position < *last_position_;
  }
  return deviation >= usual_lateness() + certainty;
}

Time AudioClock::usual_lateness() const {
  Time usual{};
  for (const Evidence &evidence : evidence_) {
    usual = std::max(usual, evidence.deviation - corrected_);
  }
  return usual;
}

AudioClock::Joint AudioClock::jump(const Piece &piece) {
  Joint joint;
  const Time missing = anchor_ ? *piece.position - counted() : Time();
  joint.silence = missing > Time() && missing <= max_silence ? missing : Time();
  joint.timestamp = piece.position;
  joint.is_break = anchor_.has_value();
  forget_evidence();
  owed_ = {};
  has_moved_ = false;
  anchor_ = piece.position;
  frames_ = 0;
  count(piece);
  return joint;
}

void AudioClock::consider(const Held &held) {
  last_deviation_ = *held.deviation;
  const Time duration = duration_of(held.piece.frames);
  evidence_duration_ += duration;
  if (evidence_.empty() || evidence_.back().duration >= evidence_step) {
    evidence_.push_back({duration, *held.deviation + corrected_, *held.piece.position});
  } else {
    Evidence &last = evidence_.back();
    last.duration += duration;
    last.deviation = *held.deviation + corrected_;
    last.position = *held.piece.position;
  }
  if (evidence_.back().duration < evidence_step) {
    return;
  }
  while (evidence_.size() > 1 &&
         evidence_duration_ - evidence_.front().duration >= evidence_length) {
    evidence_duration_ -= evidence_.front().duration;
    evidence_.pop_front();
  }
  const Time span = evidence_.back().position - evidence_.front().position;
  if (evidence_duration_ < certainty || span < certainty) {
    return;
  }
  double sum = 0;
  for (const Evidence &evidence : evidence_) {
    sum += static_cast<double>((evidence.deviation - corrected_).count()) *
           static_cast<double>(evidence.duration.count());
  }
  const Time mean(static_cast<int64_t>(sum / static_cast<double>(evidence_duration_.count())));
  if (std::chrono::abs(mean) > indifference && std::chrono::abs(mean) < certainty) {
    correct(mean);
  }
}

AudioClock::Joint AudioClock::follow(const Held &held) {
  if (held.deviation) {
    consider(held);
  }
  if (owed_ < Time()) {
    const Time step = std::max(owed_, -last_duration_ / 2);
    *anchor_ += step;
    owed_ -= step;
    has_moved_ = true;
  }
  Joint joint;
  if (std::exchange(has_moved_, false)) {
    joint.timestamp = counted();
  }
  count(held.piece);
  return joint;
}

void AudioClock::hold(const Held &held) {
  held_.push_back(held);
  held_frames_ += held.piece.frames;
}

std::vector<AudioClock::Joint> AudioClock::follow_held() {
  std::vector<Joint> joints;
  held_frames_ = 0;
  for (const Held &held : std::exchange(held_, {})) {
    joints.push_back(follow(held));
  }
  return joints;
}

std::vector<AudioClock::Joint> AudioClock::believe_held() {
  if (held_.empty()) {
    return {};
  }
  const std::deque<Held> pieces = std::exchange(held_, {});
  held_frames_ = 0;
  // A piece is off by the smallest deviation of those after it; the rest is jitter.
  std::vector<Time> least(pieces.size());
  std::optional<Time> nearest_after;
  for (size_t i = pieces.size(); i-- > 0;) {
    if (const auto deviation = pieces[i].deviation) {
      nearest_after = nearest_after ? nearest_to_zero(*nearest_after, *deviation) : *deviation;
    }
    least[i] = nearest_after.value_or(Time());
  }
  std::vector<Joint> joints;
  Time done{};
  Time before = last_deviation_;
  const Time usual = usual_lateness();
  forget_evidence();
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Held &held = pieces[i];
    const Time difference = held.deviation ? least[i] - done : Time();
    // A hole is a step that exceeds the usual jitter; a drifting clock has no such steps.
    const bool is_hole = difference > tolerance && *held.deviation - before > tolerance &&
                         least[i] > usual + tolerance;
    before = held.deviation.value_or(before);
    if (std::chrono::abs(difference) <= indifference) {
      joints.push_back(follow({held.piece, std::nullopt}));
      continue;
    }
    done += difference;
    correct(difference);
    joints.push_back(follow({held.piece, std::nullopt}));
    if (is_hole) {
      joints.back().silence = difference <= max_silence ? difference : Time();
      joints.back().is_break = true;
    }
  }
  last_deviation_ = {};
  return joints;
}

void AudioClock::note_off(const Piece &piece, Time deviation) {
  if (!off_) {
    off_ = Off{{}, *piece.position, *piece.position, deviation, false};
  }
  off_->audio += duration_of(piece.frames);
  off_->until = *piece.position;
  off_->least = nearest_to_zero(off_->least, deviation);
}

bool AudioClock::is_certain() const {
  return off_ && off_->audio >= certainty && off_->until - off_->since >= certainty;
}

std::vector<AudioClock::Joint> AudioClock::take_off(const Piece &piece, Time deviation) {
  std::vector<Joint> joints;
  if (off_ && !same_side(off_->least, deviation)) {
    off_.reset();
    joints = follow_held();
  }
  note_off(piece, deviation);
  if (may_wait_ && !off_->is_burst) {
    hold({piece, deviation});
    std::vector<Joint> more;
    if (is_certain()) {
      more = believe_held();
    } else if (held_.size() > 1 && off_->audio >= certainty &&
               off_->audio > 2 * (off_->until - off_->since)) {
      // Much audio with nearly the same timestamp: a burst that was stamped on arrival.
      off_->is_burst = true;
      more = follow_held();
    }
    joints.insert(joints.end(), more.begin(), more.end());
    return joints;
  }
  if (is_certain()) {
    const Time difference = off_->least;
    forget_evidence();
    correct(difference);
    joints.push_back(follow({piece, std::nullopt}));
  } else {
    joints.push_back(follow({piece, deviation}));
  }
  return joints;
}

std::vector<AudioClock::Joint> AudioClock::take(const Piece &piece) {
  std::vector<Joint> joints;
  marks_in_a_row_ = piece.is_marked ? marks_in_a_row_ + 1 : 0;
  if (!anchor_) {
    Piece first = piece;
    first.position = piece.position.value_or(Time());
    joints.push_back(jump(first));
    last_position_ = first.position;
    return joints;
  }
  if (!piece.position) {
    if (held_.empty()) {
      joints.push_back(follow({piece, std::nullopt}));
    } else {
      hold({piece, std::nullopt});
    }
    return joints;
  }
  const Time deviation = deviation_of(*piece.position);
  if (is_jump(piece, deviation)) {
    joints = believe_held();
    joints.push_back(jump(piece));
  } else if (std::chrono::abs(deviation) <= tolerance) {
    off_.reset();
    joints = follow_held();
    joints.push_back(follow({piece, deviation}));
  } else {
    joints = take_off(piece, deviation);
  }
  last_position_ = piece.position;
  return joints;
}

std::vector<AudioClock::Joint> AudioClock::release() {
  Time earliest{};
  for (const Evidence &evidence : evidence_) {
    earliest = std::min(earliest, evidence.deviation - corrected_);
  }
  const Time least = off_ ? off_->least : Time();
  const bool is_usual =
      least >= earliest - tolerance && least <= usual_lateness() + tolerance && !evidence_.empty();
  // If the source's timestamps are never off otherwise, it is a hole, even before a second has
  // passed.
  const bool is_steady = usual_lateness() <= tolerance && earliest >= -tolerance;
  return is_usual && !is_steady ? follow_held() : believe_held();
}

}  // namespace kyutaistt
