// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_writer.h"

#include <algorithm>
#include <utility>

#include "captions/rolling_caption.h"
#include "element/debug.h"
#include "element/text_stream.h"

namespace kyutaistt::element {

namespace {

/// A word is shown at least so long: some elements refuse buffers without a duration.
constexpr Time shortest_word = std::chrono::milliseconds(10);

/// The time, or the nearest that a text in the segment can begin at.
Time within(const GstSegment &segment, Time time) {
  if (GST_CLOCK_TIME_IS_VALID(segment.stop)) {
    time = std::min(time, Time(segment.stop) - shortest_word);
  }
  return std::max(time, Time(segment.start));
}

GstClockTime clock_time(Time time) {
  return static_cast<GstClockTime>(std::max(time, Time::zero()).count());
}

std::unique_ptr<captions::Captioner> new_captioner(TextUnit unit, const captions::CueShape &shape) {
  if (unit == TextUnit::Line) {
    return std::make_unique<captions::RollingCaption>(shape);
  }
  return std::make_unique<captions::CueShaper>(shape);
}

}  // namespace

void TextWriter::configure(const Settings &settings) {
  text_unit_ = settings.text_unit;
  begins_empty_ = settings.begin_empty;
  lateness_ = settings.lateness * GST_MSECOND;
  captioner_ = new_captioner(text_unit_, settings.cue_shape);
  speech_.configure(settings);
  announce_cues(text_unit_ == TextUnit::Cue);
}

GstFlowReturn TextWriter::change(const Settings &settings) {
  const bool has_other_unit = settings.text_unit != text_unit_;
  if (has_other_unit) {
    captioner_->finish();
  } else {
    captioner_->change_shape(settings.cue_shape);
  }
  GstFlowReturn flow = segment_.is_set() ? write_ready_cues() : GST_FLOW_OK;
  if (has_other_unit) {
    text_unit_ = settings.text_unit;
    captioner_ = new_captioner(text_unit_, settings.cue_shape);
  }
  speech_.configure(settings);
  announce_cues(writes_cues());
  const GstClockTime lateness = settings.lateness * GST_MSECOND;
  if (segment_.is_set() && flow == GST_FLOW_OK && lateness != lateness_) {
    segment_.delay(GST_CLOCK_DIFF(lateness_, lateness));
    waiting_.push_back(of_stream(gst_event_new_segment(&segment_.text())));
    flow = negotiate();
  }
  lateness_ = lateness;
  return flow;
}

void TextWriter::announce_cues(bool writes_cues) {
  if (std::exchange(writes_cues_, writes_cues) != writes_cues) {
    latency_.count_cue_writer(writes_cues ? 1 : -1);
  }
}

void TextWriter::note_pause() {
  if (role_ == TextRole::Transcript) {
    observer_.pause_began();
  }
}

void TextWriter::reset(Downstream downstream) {
  captioner_->reset();
  speech_.reset();
  discont_ = true;
  segment_.reset();
  idle_ = false;
  position_.reset();
  reached_.reset();
  text_end_.reset();
  waiting_.clear();
  if (downstream == Downstream::Forget) {
    negotiated_ = false;
    stream_started_ = false;
    header_due_ = false;
    written_cues_ = 0;
    dropped_frames_ = 0;
    latency_.forget_observed();
  }
}

GstFlowReturn TextWriter::forward(EventPointer event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      stream_started_ = true;
      seqnum_ = gst_event_get_seqnum(event.get());
      event = text_stream_start(event.get(), element_, pad_, role_);
      break;
    case GST_EVENT_SEGMENT:
      return take_segment(event.get());
    case GST_EVENT_GAP: {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event.get(), &start, &duration);
      const GstFlowReturn flow = segment_.is_set() ? negotiate() : GST_FLOW_OK;
      if (segment_.is_set() && flow == GST_FLOW_OK) {
        push_gap(segment_.place(Time(start + duration)));
      }
      return flow;
    }
    case GST_EVENT_EOS:
      idle_ = false;
      // Without caps, downstream would treat a stream without audio as an error.
      if (stream_started_ && segment_.is_set()) {
        negotiate();
      }
      break;
    default:
      if (GST_EVENT_IS_STICKY(event.get()) && !negotiated_) {
        waiting_.push_back(std::move(event));
        return GST_FLOW_OK;
      }
      break;
  }
  gst_pad_push_event(pad_, event.release());
  return GST_FLOW_OK;
}

GstFlowReturn TextWriter::take_segment(const GstEvent *event) {
  GstSegment segment;
  gst_event_copy_segment(const_cast<GstEvent *>(event), &segment);
  segment.base += lateness_;
  seqnum_ = gst_event_get_seqnum(const_cast<GstEvent *>(event));
  captioner_->reset();
  const bool has_times_in_text = negotiated_ && !format_.is_raw();
  if (has_times_in_text && segment_.is_set()) {
    const bool has_stop = GST_CLOCK_TIME_IS_VALID(segment_.text().stop);
    const Time last = reached_.value_or(Time(segment_.text().start));
    if (segment_.go_on(segment, last)) {
      if (has_stop) {
        waiting_.push_back(of_stream(gst_event_new_segment(&segment_.text())));
      }
      return negotiate();
    }
  }
  segment_.set(segment);
  // Whatever came before, text begins anew where the segment says.
  position_.reset();
  reached_.reset();
  text_end_.reset();
  discont_ = true;
  // While nothing is linked, only the newest counts.
  std::erase_if(waiting_, [](const EventPointer &earlier) {
    return GST_EVENT_TYPE(earlier.get()) == GST_EVENT_SEGMENT;
  });
  waiting_.push_back(of_stream(gst_event_new_segment(&segment)));
  return negotiate();
}

EventPointer TextWriter::of_stream(GstEvent *event) const {
  if (seqnum_ != GST_SEQNUM_INVALID) {
    gst_event_set_seqnum(event, seqnum_);
  }
  return EventPointer(event);
}

GstFlowReturn TextWriter::push_waiting() {
  for (EventPointer &event : std::exchange(waiting_, {})) {
    gst_pad_push_event(pad_, event.release());
  }
  return segment_.is_set() ? push_header() : GST_FLOW_OK;
}

GstFlowReturn TextWriter::negotiate() {
  const bool asked_again = gst_pad_check_reconfigure(pad_) != FALSE;
  if (negotiated_ && !asked_again) {
    return push_waiting();
  }
  if (gst_pad_is_linked(pad_) == FALSE) {
    // Nothing is linked: an element that is linked later must not find a format chosen without it.
    return GST_FLOW_NOT_LINKED;
  }
  const auto format = TextFormat::agree(pad_);
  if (!format) {
    const CapsPointer own(gst_pad_get_pad_template_caps(pad_));
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("No text format that the next element takes."),
                      ("own caps %" GST_PTR_FORMAT, own.get()));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  format_ = *format;
  const CapsPointer caps = format_.caps();
  GST_INFO_OBJECT(element_, "writing %" GST_PTR_FORMAT, caps.get());
  announce_cues(writes_cues());
  if (!gst_pad_push_event(pad_, of_stream(gst_event_new_caps(caps.get())).release())) {
    GST_DEBUG_OBJECT(element_, "caps were not taken");
  }
  negotiated_ = true;
  header_due_ = true;
  push_language_tag();
  return push_waiting();
}

void TextWriter::change_language(std::string language) {
  if (language.empty() || language == language_) {
    return;
  }
  language_ = std::move(language);
  if (negotiated_) {
    // Before, agreeing on a format announces it.
    push_language_tag();
  }
}

void TextWriter::push_language_tag() {
  if (language_.empty()) {
    return;
  }
  GstTagList *tags = gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language_.c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  gst_pad_push_event(pad_, of_stream(gst_event_new_tag(tags)).release());
}

BufferPointer TextWriter::header() const {
  return format_.is_raw() && begins_empty_ ? BufferPointer(gst_buffer_new()) : format_.header();
}

GstFlowReturn TextWriter::push_header() {
  BufferPointer buffer = std::exchange(header_due_, false) ? header() : nullptr;
  if (buffer == nullptr) {
    return GST_FLOW_OK;
  }
  const Time start = position_.value_or(Time(segment_.text().start));
  return push_buffer(std::move(buffer), start, start);
}

GstFlowReturn TextWriter::write(const Event &event) {
  idle_ = false;
  if (!segment_.is_set()) {
    // Audio before any segment: there is no clock to place its text on.
    return GST_FLOW_OK;
  }
  if (const GstFlowReturn flow = negotiate(); flow != GST_FLOW_OK) {
    return flow;
  }
  if (std::holds_alternative<Word>(event)) {
    // A model's times are estimates, and downstream discards what lies outside the segment.
    Word word = std::get<Word>(event);
    word.start = within(segment_.audio(), word.start);
    word.end = std::max(word.start, word.end);
    speech_.tell_word(word, segment_.audio());
    if (writes_words()) {
      return write_word(word);
    }
    captioner_->add(word);
  } else if (const auto *word_end = std::get_if<WordEnd>(&event)) {
    captioner_->add(*word_end);
  } else if (const auto *progress = std::get_if<Progress>(&event)) {
    captioner_->add(*progress);
    const GstFlowReturn flow = write_ready_cues();
    const Time until =
        std::min(progress->position, captioner_->pending_start().value_or(progress->position));
    push_gap(arrival().value_or(segment_.place(until)));
    if (speech_.tell_progress(progress->position, segment_.audio())) {
      note_pause();
    }
    return flow;
  } else if (const auto *dropped = std::get_if<Dropped>(&event)) {
    report_dropped(*dropped);
  } else if (const auto *renewed = std::get_if<Renewed>(&event)) {
    speech_.tell_renewal(*renewed, segment_.audio());
  }
  return write_ready_cues();
}

void TextWriter::follow_clock() {
  const GstClockTime now = latency_.horizon();
  if (!idle_ || !negotiated_ || !segment_.is_set() || !GST_CLOCK_TIME_IS_VALID(now)) {
    return;
  }
  const guint64 position =
      gst_segment_position_from_running_time(&segment_.text(), GST_FORMAT_TIME, now);
  if (GST_CLOCK_TIME_IS_VALID(position)) {
    push_gap(Time(position));
  }
}

std::optional<Time> TextWriter::arrival() const {
  const GstClockTime now =
      is_synchronised() ? GST_CLOCK_TIME_NONE : gst_element_get_current_running_time(element_);
  if (!GST_CLOCK_TIME_IS_VALID(now)) {
    return std::nullopt;
  }
  const guint64 position =
      gst_segment_position_from_running_time(&segment_.text(), GST_FORMAT_TIME, now + lateness_);
  return GST_CLOCK_TIME_IS_VALID(position) ? std::optional(Time(position)) : std::nullopt;
}

void TextWriter::follow_arrival() {
  if (!negotiated_ || !segment_.is_set()) {
    return;
  }
  if (const auto now = arrival()) {
    push_gap(*now);
  }
}

GstFlowReturn TextWriter::finish() {
  captioner_->finish();
  if (!segment_.is_set()) {
    return GST_FLOW_OK;
  }
  const GstFlowReturn flow = write_ready_cues();
  if (flow == GST_FLOW_OK) {
    idle_ = true;
    if (speech_.finish(segment_.audio())) {
      note_pause();
    }
  }
  return flow;
}

GstFlowReturn TextWriter::write_word(const Word &word) {
  const Time start = arrival().value_or(segment_.place(word.start));
  return push_text(word.text, start, start + std::max(word.end - word.start, shortest_word));
}

GstFlowReturn TextWriter::write_ready_cues() {
  for (const captions::Cue &cue : captioner_->take()) {
    if (const GstFlowReturn flow = write_cue(cue); flow != GST_FLOW_OK) {
      return flow;
    }
  }
  return GST_FLOW_OK;
}

GstFlowReturn TextWriter::write_cue(captions::Cue cue) {
  // Its times are also in the text, which has to agree with the buffer.
  const auto now = arrival();
  const Time delay = now ? *now - segment_.place(cue.start) : Time::zero();
  cue.start = segment_.place(cue.start) + delay;
  cue.end = segment_.place(cue.end) + delay;
  if (position_) {
    cue.start = std::max(cue.start, *position_);
  }
  cue.end = std::max(cue.end, cue.start + shortest_word);
  return push_text(format_.format(cue, written_cues_++), cue.start, cue.end);
}

GstFlowReturn TextWriter::push_text(const std::string &text, Time start, Time end) {
  GST_LOG_OBJECT(element_, "text: %s", text.c_str());
  return push_buffer(BufferPointer(gst_buffer_new_memdup(text.data(), text.size())), start, end);
}

GstFlowReturn TextWriter::push_buffer(BufferPointer buffer, Time start, Time end) {
  const Time begin = within(segment_.text(), position_ ? std::max(start, *position_) : start);
  GST_BUFFER_PTS(buffer.get()) = clock_time(begin);
  GST_BUFFER_DURATION(buffer.get()) = clock_time(std::max(end - begin, Time::zero()));
  if (std::exchange(discont_, false)) {
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  }
  GST_LOG_OBJECT(element_, "pushing %" GST_PTR_FORMAT, buffer.get());
  if (end > begin) {
    latency_.observe(gst_segment_to_running_time(&segment_.text(), GST_FORMAT_TIME,
                                                 GST_BUFFER_PTS(buffer.get())),
                     recognised_);
    reached_ = begin;
  }
  // A word's last piece may end after the next word's start: only starts are in order.
  position_ = writes_words() ? begin : std::max(begin, end);
  text_end_ = std::max(begin, end);
  return gst_pad_push(pad_, buffer.release());
}

void TextWriter::push_gap(Time until) {
  const Time start(segment_.text().start);
  const Time from = std::max(position_.value_or(start), text_end_.value_or(start));
  until = within(segment_.text(), until);
  if (until <= from) {
    return;
  }
  position_ = until;
  reached_ = until;
  if (!gst_pad_push_event(
          pad_,
          of_stream(gst_event_new_gap(clock_time(from), clock_time(until - from))).release())) {
    GST_LOG_OBJECT(element_, "a gap was not taken");
  }
}

void TextWriter::report_dropped(const Dropped &dropped) {
  discont_ = true;
  if (role_ != TextRole::Transcript) {
    // Reported once, for all texts.
    return;
  }
  dropped_frames_ += static_cast<uint64_t>(dropped.duration / frame_duration);
  const GstClockTime timestamp = clock_time(dropped.position);
  GstMessage *message = gst_message_new_qos(
      GST_OBJECT(element_), TRUE,
      gst_segment_to_running_time(&segment_.audio(), GST_FORMAT_TIME, timestamp),
      gst_segment_to_stream_time(&segment_.audio(), GST_FORMAT_TIME, timestamp), timestamp,
      clock_time(dropped.duration));
  gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, GST_CLOCK_TIME_NONE, dropped_frames_);
  GST_WARNING_OBJECT(element_,
                     "%" GST_TIME_FORMAT " of live audio at %" GST_TIME_FORMAT
                     " were dropped: recognition does not keep up",
                     GST_TIME_ARGS(clock_time(dropped.duration)), GST_TIME_ARGS(timestamp));
  gst_element_post_message(element_, message);
}

}  // namespace kyutaistt::element
