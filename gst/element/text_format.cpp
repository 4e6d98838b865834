// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_format.h"

#include <chrono>
#include <cstring>

namespace kyutaistt::element {

namespace {

/// Names of caps.
constexpr const char *raw_name = "text/x-raw";
constexpr const char *webvtt_name = "application/x-subtitle-vtt";
constexpr const char *subrip_name = "application/x-subtitle";

/// By the first lines subparse knows SubRip, but only with hours of two digits.
constexpr std::chrono::hours first_unknown_hour(100);
/// Lines that it knows, and that make no cue: the times come too late after the number.
constexpr const char *known_lines = "0\n\n00:00:00,000 --> 00:00:00,000\n\n";

/// Elements that text passes before it is clear that it ends.
constexpr int max_depth = 32;

/// The pad of an element that is no bin's border, into bins and out of them.
PadPointer real_peer(GstPad *source) {
  PadPointer peer(gst_pad_get_peer(source));
  for (int depth = 0; peer != nullptr && depth < max_depth; ++depth) {
    if (GST_IS_GHOST_PAD(peer.get())) {
      peer.reset(gst_ghost_pad_get_target(GST_GHOST_PAD(peer.get())));
    } else if (GST_IS_PROXY_PAD(peer.get())) {
      const PadPointer border(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(peer.get()))));
      peer.reset(border == nullptr ? nullptr : gst_pad_get_peer(border.get()));
    } else {
      return peer;
    }
  }
  return nullptr;
}

bool is_subparse(GstElement *element) {
  GstElementFactory *factory = gst_element_get_factory(element);
  return factory != nullptr && std::strcmp(GST_OBJECT_NAME(factory), "subparse") == 0;
}

/// Text from this pad gets to sinks only that keep it as it is, such as files, and never to
/// subparse. False if that is not known.
bool reaches_sinks_only(GstPad *source, int depth) {
  const PadPointer peer = real_peer(source);
  const ElementPointer element(peer == nullptr ? nullptr : gst_pad_get_parent_element(peer.get()));
  if (element == nullptr || depth == 0 || is_subparse(element.get())) {
    return false;
  }
  if (GST_OBJECT_FLAG_IS_SET(element.get(), GST_ELEMENT_FLAG_SINK)) {
    return true;
  }
  struct Walk {
    int depth = 0;
    bool reaches = false;
    bool all = true;
  } walk{depth};
  GstIterator *links = gst_pad_iterate_internal_links(peer.get());
  if (links == nullptr) {
    return false;
  }
  const GstIteratorResult result = gst_iterator_foreach(
      links,
      [](const GValue *value, gpointer data) {
        auto &state = *static_cast<Walk *>(data);
        state.reaches = true;
        state.all =
            state.all && reaches_sinks_only(GST_PAD(g_value_get_object(value)), state.depth - 1);
      },
      &walk);
  gst_iterator_free(links);
  return result == GST_ITERATOR_DONE && walk.reaches && walk.all;
}

}  // namespace

std::optional<TextFormat> TextFormat::agree(GstPad *pad) {
  const CapsPointer own(gst_pad_get_pad_template_caps(pad));
  const CapsPointer allowed(gst_pad_peer_query_caps(pad, own.get()));
  if (gst_caps_is_empty(allowed.get())) {
    return std::nullopt;
  }
  TextFormat format;
  const GstStructure *first = gst_caps_get_structure(allowed.get(), 0);
  if (gst_structure_has_name(first, webvtt_name)) {
    format.kind_ = Kind::WebVtt;
  } else if (gst_structure_has_name(first, subrip_name)) {
    format.kind_ = Kind::SubRip;
  }
  if (!format.is_raw() && reaches_sinks_only(pad, max_depth)) {
    format.escapes_ = captions::Escapes::Standard;
  }
  return format;
}

CapsPointer TextFormat::caps() const {
  switch (kind_) {
    case Kind::SubRip:
      return CapsPointer(gst_caps_new_empty_simple(subrip_name));
    case Kind::WebVtt:
      break;
    case Kind::Raw:
      return CapsPointer(gst_caps_new_simple(raw_name, "format", G_TYPE_STRING, "utf8", nullptr));
  }
  CapsPointer caps(gst_caps_new_empty_simple(webvtt_name));
  const BufferPointer buffer = header();
  GValue headers = G_VALUE_INIT;
  GValue value = G_VALUE_INIT;
  gst_value_array_init(&headers, 1);
  g_value_init(&value, GST_TYPE_BUFFER);
  gst_value_set_buffer(&value, buffer.get());
  gst_value_array_append_and_take_value(&headers, &value);
  gst_caps_set_value(caps.get(), "streamheader", &headers);
  g_value_unset(&headers);
  return caps;
}

BufferPointer TextFormat::header() const {
  if (kind_ != Kind::WebVtt) {
    return nullptr;
  }
  const std::string text = captions::webvtt_header;
  BufferPointer buffer(gst_buffer_new_memdup(text.data(), text.size()));
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_HEADER);
  return buffer;
}

std::string TextFormat::format(const captions::Cue &cue, uint64_t number) const {
  switch (kind_) {
    case Kind::WebVtt:
      return captions::format_webvtt(cue, escapes_);
    case Kind::SubRip: {
      const bool needs_help =
          number == 0 && escapes_ == captions::Escapes::Subparse && cue.start >= first_unknown_hour;
      return (needs_help ? known_lines : "") + captions::format_subrip(cue, number + 1, escapes_);
    }
    case Kind::Raw:
      break;
  }
  return captions::join_lines(cue);
}

}  // namespace kyutaistt::element
