// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-kyutaistt
 * @title: kyutaistt
 *
 * Turns speech into timed text while it is being spoken, with the Kyutai speech-to-text models.
 *
 * |[
 * gst-launch-1.0 filesrc location=examples/samples/forecast-01.flac ! decodebin ! \
 *     kyutaistt model=examples/model domain=asr_is_en ! subparse ! fakesink dump=true
 * ]|
 *
 * docs/element.md describes its messages (`post-words`, `post-pauses`), events and `stats`.
 */
#include "element/kyutaistt_element.h"

#include <gst/audio/audio.h>

#include "common/guarded.h"
#include "element/debug.h"
#include "element/property.h"
#include "element/transcriber.h"

using kyutaistt::guarded;
using kyutaistt::element::property_of;
using kyutaistt::element::Transcriber;

GST_DEBUG_CATEGORY(gst_kyutai_stt_debug);

struct _GstKyutaiStt {
  GstElement parent;
  GstPad *sink;
  GstPad *src;
  /// Used for C++ objects with destructors.
  kyutaistt::element::Transcriber *state;
};

#define gst_kyutai_stt_parent_class parent_class
G_DEFINE_FINAL_TYPE(GstKyutaiStt, gst_kyutai_stt, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(kyutaistt, "kyutaistt", GST_RANK_NONE, GST_TYPE_KYUTAI_STT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS(GST_AUDIO_CAPS_MAKE(
        GST_AUDIO_FORMATS_ALL) ", layout=(string){interleaved, non-interleaved}"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("text/x-raw, format=(string)utf8; application/x-subtitle-vtt; "
                    "application/x-subtitle"));

namespace {

GstFlowReturn chain(GstPad * /*pad*/, GstObject *parent, GstBuffer *buffer) {
  Transcriber &state = *GST_KYUTAI_STT(parent)->state;
  return guarded(parent, GST_FLOW_ERROR,
                 [&] { return state.take_buffer(kyutaistt::BufferPointer(buffer)); });
}

gboolean sink_event(GstPad *pad, GstObject *parent, GstEvent *event) {
  Transcriber &state = *GST_KYUTAI_STT(parent)->state;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START: {
      // Downstream first: it releases a push that the task may be in.
      const gboolean taken = gst_pad_event_default(pad, parent, event);
      return guarded(parent, FALSE, [&] {
        state.begin_flush();
        return taken;
      });
    }
    case GST_EVENT_FLUSH_STOP: {
      guarded(parent, FALSE, [&] {
        state.end_flush();
        return TRUE;
      });
      const gboolean taken = gst_pad_event_default(pad, parent, event);
      return guarded(parent, FALSE, [&] {
        state.resume_output();
        return taken;
      });
    }
    default:
      if (!GST_EVENT_IS_SERIALIZED(event)) {
        return gst_pad_event_default(pad, parent, event);
      }
      return guarded(parent, FALSE, [&]() -> gboolean {
        return state.take_event(kyutaistt::EventPointer(event)) ? TRUE : FALSE;
      });
  }
}

gboolean src_event(GstPad *pad, GstObject *parent, GstEvent *event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_QOS:
    case GST_EVENT_RECONFIGURE:
      // About the text, which is late or has another format: upstream cannot act on it.
      gst_event_unref(event);
      return TRUE;
    default:
      return gst_pad_event_default(pad, parent, event);
  }
}

gboolean src_query(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) {
    Transcriber &state = *GST_KYUTAI_STT(parent)->state;
    return guarded(parent, FALSE,
                   [&]() -> gboolean { return state.answer_latency(query) ? TRUE : FALSE; });
  }
  return gst_pad_query_default(pad, parent, query);
}

gboolean src_activate_mode(GstPad * /*pad*/, GstObject *parent, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) {
    return FALSE;
  }
  Transcriber &state = *GST_KYUTAI_STT(parent)->state;
  return guarded(parent, FALSE, [&]() -> gboolean {
    return (active ? state.start_output() : state.stop_output()) ? TRUE : FALSE;
  });
}

}  // namespace

static void gst_kyutai_stt_init(GstKyutaiStt *self) {
  self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sink, GST_DEBUG_FUNCPTR(chain));
  gst_pad_set_event_function(self->sink, GST_DEBUG_FUNCPTR(sink_event));
  gst_element_add_pad(GST_ELEMENT(self), self->sink);

  self->src = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_event_function(self->src, GST_DEBUG_FUNCPTR(src_event));
  gst_pad_set_query_function(self->src, GST_DEBUG_FUNCPTR(src_query));
  gst_pad_set_activatemode_function(self->src, GST_DEBUG_FUNCPTR(src_activate_mode));
  gst_element_add_pad(GST_ELEMENT(self), self->src);

  self->state = new Transcriber(GST_ELEMENT(self), self->sink, self->src);
}

static void gst_kyutai_stt_finalize(GObject *object) {
  delete GST_KYUTAI_STT(object)->state;
  G_OBJECT_CLASS(parent_class)->finalize(object);
}

static void gst_kyutai_stt_set_property(GObject *object, guint number, const GValue *value,
                                        GParamSpec *spec) {
  if ((spec->flags & GST_PARAM_MUTABLE_PLAYING) == 0 && GST_STATE(object) > GST_STATE_READY) {
    GST_WARNING_OBJECT(object, "%s can be set in NULL and READY only; it stays as it was",
                       spec->name);
    return;
  }
  guarded(object, FALSE, [&] {
    GST_KYUTAI_STT(object)->state->set_property(property_of(number), value);
    return TRUE;
  });
}

static void gst_kyutai_stt_get_property(GObject *object, guint number, GValue *value,
                                        GParamSpec * /*spec*/) {
  guarded(object, FALSE, [&] {
    property_of(number).value.get(*GST_KYUTAI_STT(object)->state, value);
    return TRUE;
  });
}

static GstStateChangeReturn gst_kyutai_stt_change_state(GstElement *element,
                                                        GstStateChange transition) {
  Transcriber &state = *GST_KYUTAI_STT(element)->state;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
      !guarded(element, false, [&] { return state.start(); })) {
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    // Releases the streaming threads, which the pads are about to wait for.
    guarded(element, false, [&] {
      state.begin_flush();
      return true;
    });
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(parent_class)->change_state(element, transition);
  const bool failed_start =
      transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY || failed_start) {
    guarded(element, false, [&] {
      state.stop();
      return true;
    });
  }
  return result;
}

static void gst_kyutai_stt_class_init(GstKyutaiSttClass *klass) {
  GST_DEBUG_CATEGORY_INIT(gst_kyutai_stt_debug, "kyutaistt", 0, "Kyutai speech to text");
  auto *object_class = G_OBJECT_CLASS(klass);
  auto *element_class = GST_ELEMENT_CLASS(klass);

  object_class->set_property = gst_kyutai_stt_set_property;
  object_class->get_property = gst_kyutai_stt_get_property;
  object_class->finalize = gst_kyutai_stt_finalize;
  kyutaistt::element::install_properties(object_class);

  element_class->change_state = GST_DEBUG_FUNCPTR(gst_kyutai_stt_change_state);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "Kyutai speech to text", "Text/Audio/Filter",
      "Turns live speech into timed text and subtitles with the Kyutai speech-to-text models",
      "The kyutaistt developers");
}
