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
 * Pads `translate_src_%u` write the same audio in other languages of the model:
 *
 * |[
 * gst-launch-1.0 filesrc location=examples/samples/forecast-01.flac ! decodebin ! \
 *     kyutaistt name=k model=examples/model translate_src_0::language-code=en \
 *     k.src ! queue ! filesink location=is.vtt  k.translate_src_0 ! queue ! filesink
 * location=en.vtt
 * ]|
 *
 * docs/element.md describes its messages (`post-words`, `post-pauses`), events and `stats`.
 */
#include "element/kyutaistt_element.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include <gst/audio/audio.h>

#include "common/guarded.h"
#include "element/debug.h"
#include "element/property.h"
#include "element/text_pad.h"
#include "element/transcriber.h"

using kyutaistt::guarded;
using kyutaistt::element::connect_text_pad;
using kyutaistt::element::disconnect_text_pad;
using kyutaistt::element::property_of;
using kyutaistt::element::TextTrack;
using kyutaistt::element::Transcriber;

GST_DEBUG_CATEGORY(gst_kyutai_stt_debug);

struct _GstKyutaiStt {
  GstElement parent;
  GstPad *sink;
  GstPad *src;
  /// Number of the next translation pad that is given none, under the object's lock.
  guint next_translation;
  /// Used for C++ objects with destructors.
  kyutaistt::element::Transcriber *state;
};

#define gst_kyutai_stt_parent_class parent_class

static void gst_kyutai_stt_child_proxy_init(gpointer iface, gpointer data);
G_DEFINE_FINAL_TYPE_WITH_CODE(GstKyutaiStt, gst_kyutai_stt, GST_TYPE_ELEMENT,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                                    gst_kyutai_stt_child_proxy_init))
GST_ELEMENT_REGISTER_DEFINE(kyutaistt, "kyutaistt", GST_RANK_NONE, GST_TYPE_KYUTAI_STT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS(GST_AUDIO_CAPS_MAKE(
        GST_AUDIO_FORMATS_ALL) ", layout=(string){interleaved, non-interleaved}"));

#define TEXT_CAPS \
  "text/x-raw, format=(string)utf8; application/x-subtitle-vtt; application/x-subtitle"

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(TEXT_CAPS));

static GstStaticPadTemplate translate_src_template = GST_STATIC_PAD_TEMPLATE(
    "translate_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(TEXT_CAPS));

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

GstPad *new_text_pad(GstElement *element, const char *template_name, const char *name) {
  GstPadTemplate *pad_template = gst_element_get_pad_template(element, template_name);
  return gst_pad_new_from_template(pad_template, name);
}

/// The name that is wanted, or the next number.
std::string translation_name(GstKyutaiStt *self, const gchar *wanted) {
  constexpr const char *prefix = "translate_src_";
  guint number = 0;
  GST_OBJECT_LOCK(self);
  if (wanted != nullptr && std::sscanf(wanted, "translate_src_%u", &number) == 1) {
    self->next_translation = std::max(self->next_translation, number + 1);
  } else {
    number = self->next_translation++;
  }
  GST_OBJECT_UNLOCK(self);
  return prefix + std::to_string(number);
}

/// Pads that are added now are to be active.
bool is_running(GstElement *element) {
  GST_OBJECT_LOCK(element);
  const bool running =
      GST_STATE(element) > GST_STATE_READY || GST_STATE_NEXT(element) == GST_STATE_PAUSED;
  GST_OBJECT_UNLOCK(element);
  return running;
}

}  // namespace

static void gst_kyutai_stt_init(GstKyutaiStt *self) {
  self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sink, GST_DEBUG_FUNCPTR(chain));
  gst_pad_set_event_function(self->sink, GST_DEBUG_FUNCPTR(sink_event));
  gst_element_add_pad(GST_ELEMENT(self), self->sink);

  self->src = new_text_pad(GST_ELEMENT(self), "src", "src");
  self->state = new Transcriber(GST_ELEMENT(self), self->sink, self->src);
  connect_text_pad(self->src, *self->state, *self->state->find_track(self->src));
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static GstPad *gst_kyutai_stt_request_new_pad(GstElement *element, GstPadTemplate * /*templ*/,
                                              const gchar *wanted, const GstCaps * /*caps*/) {
  GstKyutaiStt *self = GST_KYUTAI_STT(element);
  const std::string name = translation_name(self, wanted);
  GstPad *pad = new_text_pad(element, "translate_src_%u", name.c_str());
  TextTrack *track = guarded(element, static_cast<TextTrack *>(nullptr),
                             [&] { return self->state->add_translation(pad); });
  if (track == nullptr) {
    gst_object_unref(gst_object_ref_sink(pad));
    return nullptr;
  }
  connect_text_pad(pad, *self->state, *track);
  if (is_running(element)) {
    gst_pad_set_active(pad, TRUE);
  }
  gst_element_add_pad(element, pad);
  gst_child_proxy_child_added(GST_CHILD_PROXY(self), G_OBJECT(pad), name.c_str());
  return pad;
}

static void gst_kyutai_stt_release_pad(GstElement *element, GstPad *pad) {
  GstKyutaiStt *self = GST_KYUTAI_STT(element);
  const kyutaistt::StringPointer name(gst_pad_get_name(pad));
  gst_pad_set_active(pad, FALSE);
  disconnect_text_pad(pad);
  guarded(element, FALSE, [&] {
    self->state->remove_translation(pad);
    return TRUE;
  });
  gst_child_proxy_child_removed(GST_CHILD_PROXY(self), G_OBJECT(pad), name.get());
  gst_element_remove_pad(element, pad);
}

/// Its source pads are the children: so gst-launch can set their properties.
static void gst_kyutai_stt_child_proxy_init(gpointer iface, gpointer /*data*/) {
  auto *child_proxy = static_cast<GstChildProxyInterface *>(iface);
  child_proxy->get_children_count = [](GstChildProxy *parent) -> guint {
    GST_OBJECT_LOCK(parent);
    const guint count = GST_ELEMENT(parent)->numsrcpads;
    GST_OBJECT_UNLOCK(parent);
    return count;
  };
  child_proxy->get_child_by_index = [](GstChildProxy *parent, guint index) -> GObject * {
    GST_OBJECT_LOCK(parent);
    gpointer pad = g_list_nth_data(GST_ELEMENT(parent)->srcpads, index);
    if (pad != nullptr) {
      gst_object_ref(pad);
    }
    GST_OBJECT_UNLOCK(parent);
    return static_cast<GObject *>(pad);
  };
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

  element_class->request_new_pad = GST_DEBUG_FUNCPTR(gst_kyutai_stt_request_new_pad);
  element_class->release_pad = GST_DEBUG_FUNCPTR(gst_kyutai_stt_release_pad);
  element_class->change_state = GST_DEBUG_FUNCPTR(gst_kyutai_stt_change_state);
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &src_template,
                                                       GST_TYPE_KYUTAI_STT_SRC_PAD);
  gst_element_class_add_static_pad_template_with_gtype(element_class, &translate_src_template,
                                                       GST_TYPE_KYUTAI_STT_SRC_PAD);
  gst_type_mark_as_plugin_api(GST_TYPE_KYUTAI_STT_SRC_PAD, GstPluginAPIFlags(0));
  gst_element_class_set_static_metadata(
      element_class, "Kyutai speech to text", "Text/Audio/Filter",
      "Turns live speech into timed text and subtitles with the Kyutai speech-to-text models",
      "The kyutaistt developers");
}
