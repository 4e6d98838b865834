// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element reports about words and pauses besides the text itself.
#pragma once

#include <atomic>
#include <optional>

#include <gst/gst.h>

#include <kyutaistt/events.h>

#include "element/settings.h"
#include "element/text_role.h"

namespace kyutaistt::element {

/// Sends what other transcribers of GStreamer send (gst-plugins-rs: an upstream event for every
/// word, a downstream event at every pause), and messages on the bus for applications. The upstream
/// events are about what was spoken, not about translations.
///
/// A pause begins when no word has come for 0.8 s after the last one. Silence before the first word
/// of a context is a pause too, but not reported: no text ends there.
///
/// Threads: the source pad's task only, or while it does not run, but for `in_pause`. Pushes and
/// posts with no lock held.
class SpeechEvents {
 public:
  SpeechEvents(GstElement *element, GstPad *sink, GstPad *src, TextRole role)
      : element_(element), sink_(sink), src_(src), role_(role) {}

  void configure(const Settings &settings);
  /// A new context begins, in which nothing has been heard yet.
  void reset();

  void tell_word(const Word &word, const GstSegment &segment);
  /// Recognition has come this far. True if a pause has begun.
  bool tell_progress(Time position, const GstSegment &segment);
  /// What was heard from there on is recognised once more.
  void tell_renewal(const Renewed &renewed, const GstSegment &segment);
  /// No more words of this context follow, which is the beginning of a pause, unless it has heard
  /// nothing. Then a `reset`. True if it has heard something.
  bool finish(const GstSegment &segment);

  /// A pause has begun, and no word has come since.
  bool in_pause() const { return in_pause_; }

 private:
  /// To upstream.
  void send_item(const Word &word, const GstSegment &segment);
  void tell_pause(const GstSegment &segment);

  GstElement *const element_;
  GstPad *const sink_;
  GstPad *const src_;
  const TextRole role_;
  bool posts_words_ = false;
  bool posts_pauses_ = false;
  /// Where the last word ended; unset in a pause, and before the first word.
  std::optional<Time> last_end_;
  /// The first position of the context that was reported.
  std::optional<Time> first_position_;
  std::atomic<bool> in_pause_ = false;
};

}  // namespace kyutaistt::element
