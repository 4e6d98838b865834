// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio as it comes to audio as the model wants it, for the element and the program.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <kyutaistt/audio.h>
#include <kyutaistt/status.h>

#include "common/audio_clock.h"
#include "common/channel_mix.h"
#include "common/pointers.h"

namespace kyutaistt {

/// Converts buffers of any raw audio to mono f32 at 24 kHz, clips them to the segment, and finds
/// out where their timestamps stop following from each other.
///
/// Threads: one at a time; in the element the pad's streaming thread (under the stream lock).
class AudioInput {
 public:
  /// Converted samples. A timestamp is given where they do not follow from the ones before.
  struct Audio {
    std::vector<float> samples;
    std::optional<Time> timestamp;

    Time duration() const;
  };
  using Pieces = std::vector<Audio>;

  AudioInput();

  /// For the caps that come next.
  void set_channel(const ChannelChoice &choice) { choice_ = choice; }
  /// Audio is not live: it may be held back until its timestamps are certain.
  void set_may_wait(bool may_wait) { clock_.set_may_wait(may_wait); }
  /// New caps. Fails if they are no raw audio that can be converted, or lack the channel that is
  /// wanted. What is held of the old ones must be taken with `drain` before.
  Status set_caps(const GstCaps *caps);
  /// What follows has no place in time before its first timestamp. `drain` comes before.
  void set_segment(const GstSegment &segment);
  bool has_caps() const { return converter_ != nullptr; }

  /// Takes the buffer. A buffer outside of the segment gives no samples, nor does one that is held
  /// back. At a discontinuity the samples that the resampler held come first, with nothing lost,
  /// and silence for a short stretch that is missing.
  Pieces convert(BufferPointer buffer);
  /// What is held back, by the clock and the resampler; the next buffer starts anew.
  Pieces drain();
  /// Silence for a stretch that is said to have no audio, as far as it lies in the segment, with
  /// what was held before it.
  Pieces gap(GstClockTime start, GstClockTime duration);
  /// Forgets audio and segment; the caps stay.
  void flush();
  /// Forgets everything.
  void reset();

  /// What the user should know about the audio, once; empty most of the time.
  std::string take_notes();

 private:
  struct FreeConverter {
    void operator()(GstAudioConverter *converter) const { gst_audio_converter_free(converter); }
  };

  /// Converts what may go on: with each joint the next of `waiting_`.
  void join(const std::vector<AudioClock::Joint> &joints, Pieces &pieces);
  void convert_now(GstBuffer *buffer, Pieces &pieces);
  /// What the resampler holds.
  void empty_converter(Pieces &pieces);
  void add_silence(Time start, Time duration, Pieces &pieces);
  /// Says once that the channels cancel each other out.
  void look_at_mix(bool is_end);
  /// `planes` null: silence.
  std::vector<float> run(gpointer *planes, gsize frames);
  void note(const std::string &text);

  GstAudioInfo info_{};
  GstSegment segment_{};
  std::unique_ptr<GstAudioConverter, FreeConverter> converter_;
  ChannelChoice choice_;
  ChannelMixer mixer_;
  AudioClock clock_;
  /// Held back by the clock.
  std::deque<BufferPointer> waiting_;
  /// The resampler holds something.
  bool is_converting_ = false;
  /// The next converted samples do not follow: this is their time.
  std::optional<Time> pending_timestamp_;
  std::string notes_;
  bool has_told_positions_ = false;
  bool has_told_cancellation_ = false;
};

}  // namespace kyutaistt
