// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_pad.h"

#include "common/guarded.h"
#include "element/debug.h"
#include "element/transcriber.h"

using kyutaistt::guarded;
using kyutaistt::element::Choice;
using kyutaistt::element::TextRole;
using kyutaistt::element::TextTrack;
using kyutaistt::element::Transcriber;

struct _GstKyutaiSttSrcPad {
  GstPad parent;
  /// Both or neither: set as long as the pad is the element's.
  kyutaistt::element::Transcriber *transcriber;
  kyutaistt::element::TextTrack *track;
};

G_DEFINE_FINAL_TYPE(GstKyutaiSttSrcPad, gst_kyutai_stt_src_pad, GST_TYPE_PAD)

namespace {

constexpr guint language_code = 1;
constexpr guint domain = 2;

gboolean event_function(GstPad *pad, GstObject *parent, GstEvent *event) {
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

gboolean query_function(GstPad *pad, GstObject *parent, GstQuery *query) {
  Transcriber *const transcriber = GST_KYUTAI_STT_SRC_PAD(pad)->transcriber;
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY && transcriber != nullptr) {
    return guarded(parent, FALSE,
                   [&]() -> gboolean { return transcriber->answer_latency(query) ? TRUE : FALSE; });
  }
  return gst_pad_query_default(pad, parent, query);
}

gboolean activate_mode(GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) {
    return FALSE;
  }
  TextTrack *const track = GST_KYUTAI_STT_SRC_PAD(pad)->track;
  if (track == nullptr) {
    return TRUE;
  }
  return guarded(parent, FALSE, [&]() -> gboolean {
    return (active != FALSE ? track->output.start() : track->output.stop()) ? TRUE : FALSE;
  });
}

}  // namespace

static void gst_kyutai_stt_src_pad_init(GstKyutaiSttSrcPad *self) {
  GstPad *pad = GST_PAD(self);
  gst_pad_set_event_function(pad, GST_DEBUG_FUNCPTR(event_function));
  gst_pad_set_query_function(pad, GST_DEBUG_FUNCPTR(query_function));
  gst_pad_set_activatemode_function(pad, GST_DEBUG_FUNCPTR(activate_mode));
}

static void gst_kyutai_stt_src_pad_set_property(GObject *object, guint number, const GValue *value,
                                                GParamSpec *spec) {
  const GstKyutaiSttSrcPad *self = GST_KYUTAI_STT_SRC_PAD(object);
  if (self->track == nullptr) {
    return;
  }
  if (self->track->role == TextRole::Transcript) {
    GST_WARNING_OBJECT(object, "%s follows from the element's domain", spec->name);
    return;
  }
  const kyutaistt::ElementPointer element(gst_pad_get_parent_element(GST_PAD(object)));
  guarded(element.get(), FALSE, [&] {
    const gchar *text = g_value_get_string(value);
    Choice choice = self->track->choice();
    (number == language_code ? choice.language : choice.domain) = text == nullptr ? "" : text;
    self->transcriber->set_choice(*self->track, choice);
    return TRUE;
  });
}

static void gst_kyutai_stt_src_pad_get_property(GObject *object, guint number, GValue *value,
                                                GParamSpec * /*spec*/) {
  const GstKyutaiSttSrcPad *self = GST_KYUTAI_STT_SRC_PAD(object);
  if (self->track == nullptr) {
    return;
  }
  const kyutaistt::ElementPointer element(gst_pad_get_parent_element(GST_PAD(object)));
  guarded(element.get(), FALSE, [&] {
    const Transcriber &transcriber = *self->transcriber;
    const TextTrack &track = *self->track;
    const std::string text =
        number == language_code ? transcriber.pad_language(track) : transcriber.pad_domain(track);
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
    return TRUE;
  });
}

static void gst_kyutai_stt_src_pad_class_init(GstKyutaiSttSrcPadClass *klass) {
  auto *object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_kyutai_stt_src_pad_set_property;
  object_class->get_property = gst_kyutai_stt_src_pad_get_property;
  const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                              GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_property(
      object_class, language_code,
      g_param_spec_string("language-code", "Language code",
                          "ISO 639 code of the text; on translate_src pads it chooses among the "
                          "languages that the model writes",
                          nullptr, flags));
  g_object_class_install_property(
      object_class, domain,
      g_param_spec_string("domain", "Domain",
                          "Task that the model is prompted for; on translate_src pads it may be "
                          "set, and language-code is then but the language that the text is "
                          "announced in",
                          nullptr, flags));
}

namespace kyutaistt::element {

void connect_text_pad(GstPad *pad, Transcriber &transcriber, TextTrack &track) {
  GstKyutaiSttSrcPad *self = GST_KYUTAI_STT_SRC_PAD(pad);
  self->transcriber = &transcriber;
  self->track = &track;
}

void disconnect_text_pad(GstPad *pad) {
  GstKyutaiSttSrcPad *self = GST_KYUTAI_STT_SRC_PAD(pad);
  self->transcriber = nullptr;
  self->track = nullptr;
}

}  // namespace kyutaistt::element
