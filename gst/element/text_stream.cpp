// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_stream.h"

#include <string>

namespace kyutaistt::element {

EventPointer text_stream_start(GstEvent *audio, GstElement *element, GstPad *pad, TextRole role) {
  const gchar *audio_id = nullptr;
  gst_event_parse_stream_start(audio, &audio_id);
  // Two elements may hear the same audio.
  const StringPointer element_name(gst_element_get_name(element));
  const StringPointer pad_name(gst_pad_get_name(pad));
  const char *const text = role == TextRole::Transcript ? "text" : pad_name.get();
  const std::string id = std::string(audio_id) + "/" + element_name.get() + "/" + text;
  EventPointer event(gst_event_new_stream_start(id.c_str()));
  guint group = 0;
  if (gst_event_parse_group_id(audio, &group)) {
    gst_event_set_group_id(event.get(), group);
  }
  gst_event_set_stream_flags(event.get(), GST_STREAM_FLAG_SPARSE);
  gst_event_set_seqnum(event.get(), gst_event_get_seqnum(audio));
  return event;
}

}  // namespace kyutaistt::element
