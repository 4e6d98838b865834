// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts audio of any format to the model's, for the element and the program.
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

/// Converts buffers of any raw audio to mono f32 at 24 kHz, clips them to the segment, and detects
/// where their timestamps jump.
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
  static Time duration(const Pieces &pieces);

  AudioInput();

  /// For the caps that come next.
  void set_channel(const ChannelChoice &choice) { choice_ = choice; }
  /// Audio is not live: it may wait here until its timestamps are certain.
  void set_may_wait(bool may_wait) { clock_.set_may_wait(may_wait); }
  /// New caps. Fails if they are not raw audio that can be converted, or lack the requested
  /// channel. Call `drain` before for the audio of the old ones.
  Status set_caps(const GstCaps *caps);
  /// The audio that follows has no time until its first timestamp. Call `drain` before.
  void set_segment(const GstSegment &segment);
  bool has_caps() const { return converter_ != nullptr; }

  /// Converts a buffer. A buffer outside of the segment yields no samples, nor does one that has to
  /// wait. At a discontinuity the samples left in the resampler come first, so nothing is lost,
  /// then silence in place of a short stretch that is missing.
  Pieces convert(BufferPointer buffer);
  /// The audio that is still in the clock and the resampler; the next buffer starts afresh.
  Pieces drain();
  /// Silence for a stretch that the source declares to be without audio, clipped to the segment,
  /// after the audio that was still waiting.
  Pieces gap(GstClockTime start, GstClockTime duration);
  /// Forgets audio and segment; the caps stay.
  void flush();
  /// Forgets everything.
  void reset();

  /// A notice for the user about the audio, reported once; usually empty.
  std::string take_notes();

 private:
  struct FreeConverter {
    void operator()(GstAudioConverter *converter) const { gst_audio_converter_free(converter); }
  };

  /// Converts the next pieces of `waiting_`, one for each joint.
  void join(const std::vector<AudioClock::Joint> &joints, Pieces &pieces);
  void convert_now(GstBuffer *buffer, Pieces &pieces);
  /// The samples left in the resampler.
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
  /// Waiting in the clock.
  std::deque<BufferPointer> waiting_;
  /// The resampler has samples left.
  bool is_converting_ = false;
  /// Time of the next converted samples, where it does not follow from the ones before.
  std::optional<Time> pending_timestamp_;
  std::string notes_;
  bool has_told_positions_ = false;
  bool has_told_cancellation_ = false;
};

}  // namespace kyutaistt
