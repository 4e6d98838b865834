// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/speech_events.h"

#include <algorithm>

#include "common/pointers.h"
#include "element/debug.h"

namespace kyutaistt::element {

namespace {

guint64 stream_time(const GstSegment &segment, Time position) {
  return gst_segment_to_stream_time(&segment, GST_FORMAT_TIME,
                                    static_cast<guint64>(position.count()));
}

}  // namespace

void SpeechEvents::configure(const Settings &settings) {
  posts_words_ = settings.post_words;
  posts_pauses_ = settings.post_pauses;
}

void SpeechEvents::reset() {
  last_end_.reset();
  first_position_.reset();
  in_pause_ = false;
}

void SpeechEvents::tell_word(const Word &word, const GstSegment &segment) {
  in_pause_ = false;
  last_end_ = std::max(word.end, last_end_.value_or(word.end));
  if (role_ == TextRole::Transcript) {
    send_item(word, segment);
  }
  if (posts_words_) {
    const StringPointer pad(gst_pad_get_name(src_));
    GstStructure *details =
        gst_structure_new("kyutaistt/word",                                                   //
                          "text", G_TYPE_STRING, word.text.c_str(),                           //
                          "start-time", G_TYPE_UINT64, stream_time(segment, word.start),      //
                          "end-time", G_TYPE_UINT64, stream_time(segment, word.end),          //
                          "confidence", G_TYPE_DOUBLE, static_cast<double>(word.confidence),  //
                          "pad", G_TYPE_STRING, pad.get(), nullptr);
    gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), details));
  }
}

void SpeechEvents::send_item(const Word &word, const GstSegment &segment) {
  const auto duration = static_cast<guint64>(std::max(word.end - word.start, Time()).count());
  const guint64 running_time = gst_segment_to_running_time(
      &segment, GST_FORMAT_TIME, static_cast<guint64>(word.start.count()));
  GstStructure *item = gst_structure_new("rstranscribe/new-item",                      //
                                         "speaker", G_TYPE_STRING, nullptr,            //
                                         "content", G_TYPE_STRING, word.text.c_str(),  //
                                         "running-time", G_TYPE_UINT64, running_time,  //
                                         "duration", G_TYPE_UINT64, duration, nullptr);
  // Nobody has to listen.
  gst_pad_push_event(sink_, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, item));
}

bool SpeechEvents::tell_progress(Time position, const GstSegment &segment) {
  if (in_pause_) {
    return false;
  }
  if (!first_position_) {
    first_position_ = position;
  }
  if (position < last_end_.value_or(*first_position_) + pause_duration) {
    return false;
  }
  if (last_end_) {
    tell_pause(segment);
  }
  in_pause_ = true;
  return true;
}

void SpeechEvents::tell_renewal(const Renewed &renewed, const GstSegment &segment) {
  if (role_ != TextRole::Transcript) {
    // Reported once, for all texts.
    return;
  }
  const bool repeats = renewed.reason == Renewed::Reason::Repetition;
  GST_WARNING_OBJECT(element_, "%s; audio from %" GST_TIME_FORMAT " on is heard again",
                     repeats ? "the text repeats itself" : "no text comes of speech",
                     GST_TIME_ARGS(static_cast<guint64>(renewed.position.count())));
  GstStructure *details = gst_structure_new(
      "kyutaistt/renewed",                                          //
      "reason", G_TYPE_STRING, repeats ? "repetition" : "no-text",  //
      "start-time", G_TYPE_UINT64, stream_time(segment, renewed.position), nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), details));
}

bool SpeechEvents::finish(const GstSegment &segment) {
  const bool has_heard = first_position_ || last_end_;
  if (last_end_) {
    tell_pause(segment);
  }
  reset();
  return has_heard;
}

void SpeechEvents::tell_pause(const GstSegment &segment) {
  GST_DEBUG_OBJECT(element_, "a pause begins at %" GST_TIME_FORMAT,
                   GST_TIME_ARGS(static_cast<guint64>(last_end_->count())));
  gst_pad_push_event(
      src_, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                 gst_structure_new_empty("rstranscribe/final-transcript")));
  if (posts_pauses_) {
    const StringPointer pad(gst_pad_get_name(src_));
    GstStructure *details =
        gst_structure_new("kyutaistt/pause",                                              //
                          "start-time", G_TYPE_UINT64, stream_time(segment, *last_end_),  //
                          "pad", G_TYPE_STRING, pad.get(), nullptr);
    gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), details));
  }
  last_end_.reset();
}

}  // namespace kyutaistt::element
