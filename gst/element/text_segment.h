// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where the text of audio goes in time.
#pragma once

#include <optional>

#include <gst/gst.h>

#include <kyutaistt/audio.h>

namespace kyutaistt::element {

/// The segment of the audio, and the one that downstream has for its text. They are the same, but
/// where text goes on in its segment while the audio begins another one.
///
/// A plain value without thread rules.
class TextSegment {
 public:
  bool is_set() const { return audio_.has_value(); }
  void reset();

  /// The audio's, only if it is set.
  const GstSegment &audio() const { return *audio_; }
  /// Downstream's, only if it is set.
  const GstSegment &text() const { return *text_; }

  /// The audio begins a segment, which its text is to have too.
  void set(const GstSegment &segment);
  /// The audio begins a segment whose text is to go on where the text so far is, as in a file whose
  /// times must not begin anew. False, and nothing changes, if that cannot be: the speed changes,
  /// or the audio's running time is before that of the last text, which begins at `last`.
  bool go_on(const GstSegment &segment, Time last);
  /// Moves both in running time.
  void delay(GstClockTimeDiff by);

  /// A time of the audio in downstream's segment.
  Time place(Time time) const { return time + shift_; }

 private:
  std::optional<GstSegment> audio_;
  std::optional<GstSegment> text_;
  Time shift_{};
};

}  // namespace kyutaistt::element
