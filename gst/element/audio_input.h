// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio as it comes to audio as the model wants it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <kyutaistt/options.h>

namespace kyutaistt::element {

/// Converts buffers of any raw audio to mono f32 at 24 kHz, clips them to the segment, and finds
/// out where their timestamps stop following from each other.
///
/// Threads: the pad's streaming thread only (under the stream lock).
class AudioInput {
 public:
  /// Converted samples. A timestamp is given where they do not follow from the ones before.
  struct Audio {
    std::vector<float> samples;
    std::optional<Time> timestamp;

    Time duration() const;
  };

  AudioInput();

  /// New caps. Returns false if they are no raw audio that can be converted. What the old converter
  /// still holds must be taken with `drain` before.
  bool set_caps(const GstCaps *caps);
  /// What follows has no place in time before its first timestamp. `drain` comes before.
  void set_segment(const GstSegment &segment);
  bool has_caps() const { return converter_ != nullptr; }

  /// Takes the buffer. A buffer outside of the segment gives no samples. At a discontinuity the
  /// samples that the resampler held come first, with nothing lost, and silence for a short stretch
  /// that is missing.
  std::vector<Audio> convert(GstBuffer *buffer);
  /// What the resampler holds; the next buffer starts anew.
  Audio drain();
  /// Silence for a stretch that is said to have no audio, as far as it lies in the segment; `drain`
  /// comes before.
  Audio gap(GstClockTime start, GstClockTime duration);
  /// Forgets audio and segment; the caps stay.
  void flush();
  /// Forgets everything.
  void reset();

 private:
  struct FreeConverter {
    void operator()(GstAudioConverter *converter) const { gst_audio_converter_free(converter); }
  };

  bool is_discontinuous(GstBuffer *buffer) const;
  Audio silence(Time start, Time duration);
  /// Time that the next sample should have.
  Time expected() const;
  /// `planes` null: silence.
  std::vector<float> run(gpointer *planes, gsize frames);

  GstAudioInfo info_{};
  GstSegment segment_{};
  std::unique_ptr<GstAudioConverter, FreeConverter> converter_;
  /// The next sample should follow `anchor_` by so many input frames; unset before the first one.
  std::optional<Time> anchor_;
  guint64 frames_since_anchor_ = 0;
  /// The next converted samples begin something new, at this time.
  std::optional<Time> pending_timestamp_;
};

}  // namespace kyutaistt::element
