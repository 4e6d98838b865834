// SPDX-License-Identifier: LGPL-2.1-or-later
/// Recognised words to buffers and events on the source pad.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/events.h>

#include "captions/captioner.h"
#include "captions/cue_shaper.h"
#include "common/pointers.h"
#include "element/latency.h"
#include "element/output_observer.h"
#include "element/settings.h"
#include "element/speech_events.h"
#include "element/text_format.h"
#include "element/text_role.h"
#include "element/text_segment.h"

namespace kyutaistt::element {

/// Writes text in the format that downstream takes: words, lines or cues as raw text, WebVTT,
/// SubRip; and GAP events that follow the recognition where there is no text.
///
/// Threads: the source pad's task only, but for `in_pause`, and `configure`, `set_language`,
/// `reset` and `leave`, which are called while the task does not run. Pushes and queries with no
/// lock held.
class TextWriter {
 public:
  TextWriter(GstElement *element, GstPad *sink, GstPad *src, Latency &latency,
             OutputObserver &observer, TextRole role)
      : element_(element),
        pad_(src),
        latency_(latency),
        observer_(observer),
        role_(role),
        speech_(element, sink, src, role) {}

  /// Settings from the next `reset` on.
  void configure(const Settings &settings);
  /// Language of the text from the next `reset` on; empty if it is unknown.
  void set_language(std::string language) { language_ = std::move(language); }

  /// Running time at which the next text was recognised.
  void set_recognised(GstClockTime time) { recognised_ = time; }
  GstFlowReturn write(const Event &event);
  /// Settings from now on. An unfinished cue goes out as it is; lines stay what they are.
  GstFlowReturn change(const Settings &settings);
  /// Language of the text from now on; one that is unknown changes nothing.
  void change_language(std::string language);
  /// No more words of this context follow: the last cue goes out.
  GstFlowReturn finish();
  /// No audio comes any more: if all text is out, a GAP says that there is none up to now.
  void follow_clock();
  /// False if text has the time of its arrival.
  bool is_synchronised() const { return latency_.is_synchronised(); }
  /// Nothing came for a moment: if text has the time of its arrival, a GAP says that there is none
  /// up to now.
  void follow_arrival();
  /// Forwards a serialized event of the audio, with what it means for the text.
  GstFlowReturn forward(EventPointer event);

  /// After a flush (`Keep`: caps and stream stay known downstream) or for a new start.
  enum class Downstream { Keep, Forget };
  void reset(Downstream downstream);

  /// The pad is gone: the pipeline need not wait for its cues.
  void leave() { announce_cues(false); }

  /// The recognition is in a pause of the speech. Any thread.
  bool in_pause() const { return speech_.in_pause(); }

 private:
  /// Agrees on caps if that has not been done, or if downstream asks for it again.
  GstFlowReturn negotiate();
  /// Notes for the latency whether cues are written.
  void announce_cues(bool writes_cues);
  bool writes_words() const { return format_.is_raw() && text_unit_ == TextUnit::Word; }
  /// Text that waits for its end.
  bool writes_cues() const { return text_unit_ != TextUnit::Line && !writes_words(); }
  /// The event is about the stream as it came, and so has its sequence number.
  EventPointer of_stream(GstEvent *event) const;
  GstFlowReturn take_segment(const GstEvent *event);
  void note_pause();
  /// Now, in the text's segment; unset if text has the time of its audio.
  std::optional<Time> arrival() const;
  GstFlowReturn write_word(const Word &word);
  GstFlowReturn write_ready_cues();
  GstFlowReturn write_cue(captions::Cue cue);
  // Times are those of the text's segment.
  GstFlowReturn push_text(const std::string &text, Time start, Time end);
  GstFlowReturn push_buffer(BufferPointer buffer, Time start, Time end);
  /// What comes before any text in this format.
  BufferPointer header() const;
  GstFlowReturn push_header();
  void push_gap(Time until);
  /// Sends what waited for the format, and the header if it is due.
  GstFlowReturn push_waiting();
  void push_language_tag();
  void report_dropped(const Dropped &dropped);

  GstElement *const element_;
  GstPad *const pad_;
  Latency &latency_;
  OutputObserver &observer_;
  const TextRole role_;
  SpeechEvents speech_;

  TextUnit text_unit_ = TextUnit::Word;
  /// As the latency knows it.
  bool writes_cues_ = false;
  bool begins_empty_ = false;
  GstClockTime lateness_ = 0;
  std::string language_;
  std::unique_ptr<captions::Captioner> captioner_ =
      std::make_unique<captions::CueShaper>(captions::CueShape());

  TextFormat format_;
  bool negotiated_ = false;
  bool stream_started_ = false;
  bool header_due_ = false;
  bool discont_ = true;
  TextSegment segment_;
  /// Of the stream or the segment that came last.
  guint32 seqnum_ = GST_SEQNUM_INVALID;
  /// Sticky events that must follow the caps.
  std::vector<EventPointer> waiting_;
  /// The next text begins here at the earliest; unset before the first in a segment.
  std::optional<Time> position_;
  /// Where the last text begins, or the last GAP ends.
  std::optional<Time> reached_;
  /// Where the last text ends: a word may end after the start of the next.
  std::optional<Time> text_end_;
  uint64_t written_cues_ = 0;
  uint64_t dropped_frames_ = 0;
  /// All text so far is out, and the stream has not ended.
  bool idle_ = false;
  GstClockTime recognised_ = GST_CLOCK_TIME_NONE;
};

}  // namespace kyutaistt::element
