// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/harness.h"

#include <utility>

#include <gst/app/app.h>

#include "support/assertions.h"

namespace kyutaistt::tests {

namespace {

/// Longer than anything takes, also on a slow and busy machine.
constexpr guint64 patience = 200 * GST_SECOND;

Text text_of(GstBuffer *buffer) {
  GstMapInfo map;
  ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
  Text text{std::string(reinterpret_cast<const char *>(map.data), map.size), GST_BUFFER_PTS(buffer),
            GST_BUFFER_DURATION(buffer), GST_BUFFER_IS_DISCONT(buffer) != FALSE};
  gst_buffer_unmap(buffer, &map);
  return text;
}

bool has_sticky(GstPad *pad, GstEventType type) {
  GstEvent *event = gst_pad_get_sticky_event(pad, type, 0);
  if (event == nullptr) {
    return false;
  }
  gst_event_unref(event);
  return true;
}

}  // namespace

void wait_until(const std::function<bool()> &condition, const char *file, int line) {
  const gint64 end = g_get_monotonic_time() + static_cast<gint64>(patience / GST_USECOND);
  while (!condition()) {
    if (g_get_monotonic_time() > end) {
      fail_test("waited in vain", file, line);
    }
    g_usleep(2000);
  }
}

guint64 stat(Element &element, const char *field) {
  GstStructure *stats = nullptr;
  g_object_get(element.element(), "stats", &stats, nullptr);
  guint64 value = 0;
  ck_assert_msg(gst_structure_get_uint64(stats, field, &value), "%s", field);
  gst_structure_free(stats);
  return value;
}

std::string join(const std::vector<Text> &texts) {
  std::string joined;
  for (const Text &text : texts) {
    joined += (joined.empty() ? "" : " ") + text.text;
  }
  return joined;
}

Element::Element(const char *sink_caps, const std::string &properties, const std::string &model)
    : bus_(gst_bus_new()), sink_caps_(sink_caps) {
  GError *error = nullptr;
  element_ = gst_parse_launch(("kyutaistt " + properties).c_str(), &error);
  g_assert_no_error(error);
  gst_object_ref_sink(element_);
  g_object_set(element_, "model", model.c_str(), nullptr);
  gst_element_set_bus(element_, bus_);
}

Element::~Element() {
  gst_element_set_bus(element_, nullptr);
  if (harness_ != nullptr) {
    gst_harness_teardown(harness_);
  }
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_object_unref(element_);
  gst_object_unref(bus_);
}

GstHarness *Element::harness() {
  if (harness_ == nullptr) {
    harness_ = gst_harness_new_with_element(element_, "sink", "src");
    // Adding it gave the element a bus of the harness' own.
    gst_element_set_bus(element_, bus_);
    gst_harness_set_live(harness_, FALSE);
    gst_harness_set_sink_caps_str(harness_, sink_caps_.c_str());
  }
  return harness_;
}

void Element::start_audio(const char *caps) {
  gst_harness_set_src_caps_str(harness(), caps);
}

GstFlowReturn Element::push(const std::vector<float> &samples, GstClockTime pts, size_t chunk) {
  for (size_t at = 0; at < samples.size(); at += chunk) {
    const size_t count = std::min(chunk, samples.size() - at);
    GstBuffer *buffer = gst_buffer_new_memdup(samples.data() + at, count * sizeof(float));
    GST_BUFFER_PTS(buffer) = pts + gst_util_uint64_scale(at, GST_SECOND, 24000);
    GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(count, GST_SECOND, 24000);
    if (const GstFlowReturn flow = gst_harness_push(harness(), buffer); flow != GST_FLOW_OK) {
      return flow;
    }
  }
  return GST_FLOW_OK;
}

void Element::push_event(GstEvent *event) {
  gst_harness_push_event(harness(), event);
}

void Element::finish() {
  push_event(gst_event_new_eos());
  wait_until([this] { return has_sticky(harness()->sinkpad, GST_EVENT_EOS); });
}

std::vector<Text> Element::take() {
  std::vector<Text> texts;
  while (GstBuffer *buffer = gst_harness_try_pull(harness())) {
    texts.push_back(text_of(buffer));
    gst_buffer_unref(buffer);
  }
  return texts;
}

std::string Element::take_text() {
  return join(take());
}

std::vector<std::string> Element::take_event_names() {
  std::vector<std::string> names;
  while (GstEvent *event = gst_harness_try_pull_event(harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
      GstTagList *tags = nullptr;
      gst_event_parse_tag(event, &tags);
      gchar *language = nullptr;
      if (gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &language)) {
        names.emplace_back(language);
        g_free(language);
      }
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM) {
      names.emplace_back(gst_structure_get_name(gst_event_get_structure(event)));
    }
    gst_event_unref(event);
  }
  return names;
}

GstMessage *Element::wait_for(GstMessageType type) {
  GstMessage *message = gst_bus_timed_pop_filtered(bus_, patience, type);
  ck_assert_msg(message != nullptr, "no %s message", gst_message_type_get_name(type));
  return message;
}

void Element::wait_for_model() {
  GstProgressType type = GST_PROGRESS_TYPE_START;
  while (type != GST_PROGRESS_TYPE_COMPLETE) {
    GstMessage *message = wait_for(GST_MESSAGE_PROGRESS);
    gst_message_parse_progress(message, &type, nullptr, nullptr);
    gst_message_unref(message);
  }
}

int Element::count(GstMessageType type) {
  int found = 0;
  while (GstMessage *message = gst_bus_pop_filtered(bus_, type)) {
    gst_message_unref(message);
    ++found;
  }
  return found;
}

TextPad::TextPad(const char *caps, GstFlowReturn flow) : flow_(flow) {
  GstCaps *taken = gst_caps_from_string(caps);
  GstPadTemplate *pad_template = gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, taken);
  gst_caps_unref(taken);
  pad_ = GST_PAD(gst_object_ref_sink(gst_pad_new_from_template(pad_template, "sink")));
  gst_object_unref(pad_template);
  gst_pad_set_element_private(pad_, this);
  gst_pad_set_chain_function(pad_, &TextPad::chain);
  gst_pad_set_event_function(pad_, &TextPad::take_event);
  gst_pad_set_active(pad_, TRUE);
}

TextPad::~TextPad() {
  if (source_ != nullptr) {
    release();
  }
  gst_pad_set_active(pad_, FALSE);
  gst_object_unref(pad_);
}

void TextPad::request_from(Element &element, const char *language) {
  element_ = GST_ELEMENT(gst_object_ref(element.element()));
  source_ = gst_element_request_pad_simple(element_, "translate_src_%u");
  ck_assert(source_ != nullptr);
  if (*language != '\0') {
    g_object_set(source_, "language-code", language, nullptr);
  }
  link();
}

void TextPad::link() {
  ck_assert_int_eq(gst_pad_link(source_, pad_), GST_PAD_LINK_OK);
}

void TextPad::release() {
  gst_pad_unlink(source_, pad_);
  gst_element_release_request_pad(element_, source_);
  gst_clear_object(&source_);
  gst_clear_object(&element_);
}

GstFlowReturn TextPad::chain(GstPad *pad, GstObject * /*parent*/, GstBuffer *buffer) {
  auto *self = static_cast<TextPad *>(gst_pad_get_element_private(pad));
  {
    const std::lock_guard lock(self->mutex_);
    self->texts_.push_back(text_of(buffer));
  }
  gst_buffer_unref(buffer);
  return self->flow_;
}

gboolean TextPad::take_event(GstPad *pad, GstObject * /*parent*/, GstEvent *event) {
  auto *self = static_cast<TextPad *>(gst_pad_get_element_private(pad));
  if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
    const std::lock_guard lock(self->mutex_);
    ++self->gaps_;
  }
  gst_event_unref(event);
  return TRUE;
}

std::vector<Text> TextPad::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(texts_, {});
}

std::string TextPad::take_text() {
  return join(take());
}

int TextPad::gaps() {
  const std::lock_guard lock(mutex_);
  return gaps_;
}

bool TextPad::has_ended() {
  return has_sticky(pad_, GST_EVENT_EOS);
}

void TextPad::wait_for_end() {
  wait_until([this] { return has_ended(); });
}

std::string TextPad::language() {
  GstEvent *event = gst_pad_get_sticky_event(pad_, GST_EVENT_TAG, 0);
  if (event == nullptr) {
    return {};
  }
  GstTagList *tags = nullptr;
  gst_event_parse_tag(event, &tags);
  gchar *code = nullptr;
  gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &code);
  std::string language = code == nullptr ? "" : code;
  g_free(code);
  gst_event_unref(event);
  return language;
}

std::vector<Text> run_pipeline(const std::string &description) {
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(description.c_str(), &error);
  g_assert_no_error(error);
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  ck_assert(sink != nullptr);
  g_object_set(sink, "sync", FALSE, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<Text> texts;
  while (GstSample *pulled = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    texts.push_back(text_of(gst_sample_get_buffer(pulled)));
    gst_sample_unref(pulled);
  }
  GstBus *bus = gst_element_get_bus(pipeline);
  if (GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
    gst_message_parse_error(message, &error, nullptr);
    ck_abort_msg("%s: %s", description.c_str(), error->message);
  }
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return texts;
}

}  // namespace kyutaistt::tests
