// SPDX-License-Identifier: LGPL-2.1-or-later
/// The way of text after the recogniser, with events that no real model can be made to report.
#include <atomic>
#include <string>

#include "element/text_format.h"
#include "element/text_output.h"
#include "support/suite.h"

GST_DEBUG_CATEGORY(gst_kyutai_stt_debug);

namespace {

using kyutaistt::Event;
using kyutaistt::EventPointer;
using kyutaistt::Failure;
using kyutaistt::Progress;
using kyutaistt::Status;
using kyutaistt::Word;
using kyutaistt::element::OutputObserver;
using kyutaistt::element::Settings;
using kyutaistt::element::TextFormat;
using kyutaistt::element::TextOutput;
using kyutaistt::element::TextUnit;
using kyutaistt::tests::assert_text;
using std::chrono::milliseconds;

/// Keeps the failure that is reported.
class Observer final : public OutputObserver {
 public:
  Observer() : failures_(g_async_queue_new_full(g_free)) {}
  ~Observer() override { g_async_queue_unref(failures_); }
  Observer(const Observer &) = delete;
  Observer &operator=(const Observer &) = delete;

  void pause_began() override { ++pauses_; }
  bool nothing_came() override { return false; }
  void recognition_failed(const Status &status) override {
    g_async_queue_push(failures_, g_strdup(status.message().c_str()));
  }
  void lost_after_end(GstFlowReturn /*flow*/) override {}

  int pauses() const { return pauses_; }
  std::string wait_for_failure() {
    auto *text = static_cast<gchar *>(g_async_queue_timeout_pop(failures_, 200 * G_USEC_PER_SEC));
    ck_assert(text != nullptr);
    std::string message = text;
    g_free(text);
    return message;
  }

 private:
  GAsyncQueue *failures_;
  std::atomic<int> pauses_ = 0;
};

GstPad *new_text_pad(const char *caps_text) {
  GstCaps *caps = gst_caps_from_string(caps_text);
  GstPadTemplate *pad_template = gst_pad_template_new("text", GST_PAD_SRC, GST_PAD_ALWAYS, caps);
  gst_caps_unref(caps);
  auto *pad = GST_PAD(gst_object_ref_sink(gst_pad_new_from_template(pad_template, "text")));
  gst_object_unref(pad_template);
  return pad;
}

/// A TextOutput with a source pad of its own, and what arrived at the pad downstream.
class Output {
 public:
  explicit Output(const Settings &settings)
      : output_(element_, sink_, pad_, latency_, observer_,
                kyutaistt::element::TextRole::Transcript),
        texts_(g_async_queue_new_full(g_free)) {
    GST_DEBUG_CATEGORY_INIT(gst_kyutai_stt_debug, "kyutaistt", 0, "Kyutai speech to text");
    gst_element_set_bus(element_, bus_);
    g_object_set_data(G_OBJECT(peer_), "texts", texts_);
    gst_pad_set_chain_function(peer_, &Output::take_buffer);
    ck_assert_int_eq(gst_pad_link(pad_, peer_), GST_PAD_LINK_OK);
    gst_pad_set_active(peer_, TRUE);
    gst_pad_set_active(pad_, TRUE);
    output_.writer().configure(settings);
    ck_assert(output_.start());
    output_.put(EventPointer(gst_event_new_stream_start("text")));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    output_.put(EventPointer(gst_event_new_segment(&segment)));
  }
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;
  ~Output() {
    gst_pad_set_active(peer_, FALSE);
    output_.stop();
    gst_pad_set_active(pad_, FALSE);
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(bus_);
    gst_object_unref(peer_);
    gst_object_unref(pad_);
    gst_object_unref(sink_);
    gst_object_unref(element_);
    g_async_queue_unref(texts_);
  }

  void put(const Event &event) { output_.put(event); }
  std::string wait_for_failure() { return observer_.wait_for_failure(); }
  int pauses() const { return observer_.pauses(); }
  /// The message of the element that comes, with its name.
  std::string wait_for_details() {
    GstMessage *message = gst_bus_timed_pop_filtered(bus_, 200 * GST_SECOND, GST_MESSAGE_ELEMENT);
    ck_assert(message != nullptr);
    gchar *details = gst_structure_to_string(gst_message_get_structure(message));
    std::string text = details;
    g_free(details);
    gst_message_unref(message);
    return text;
  }
  /// The texts that came so far, with spaces between them.
  std::string take_text() {
    std::string all;
    while (auto *text = static_cast<gchar *>(g_async_queue_try_pop(texts_))) {
      all += (all.empty() ? "" : " ") + std::string(text);
      g_free(text);
    }
    return all;
  }
  GstFlowReturn flow() { return output_.wait_for_room(); }

 private:
  static GstFlowReturn take_buffer(GstPad *pad, GstObject * /*parent*/, GstBuffer *buffer) {
    GstMapInfo map;
    ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
    auto *texts = static_cast<GAsyncQueue *>(g_object_get_data(G_OBJECT(pad), "texts"));
    g_async_queue_push(texts, g_strndup(reinterpret_cast<const gchar *>(map.data), map.size));
    gst_buffer_unmap(buffer, &map);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }

  Observer observer_;
  // Whose name is on the messages.
  GstElement *element_ =
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("identity", nullptr)));
  GstBus *bus_ = gst_bus_new();
  GstPad *sink_ = GST_PAD(gst_object_ref_sink(gst_pad_new("audio", GST_PAD_SINK)));
  GstPad *pad_ = new_text_pad("text/x-raw, format=utf8");
  GstPad *peer_ = GST_PAD(gst_object_ref_sink(gst_pad_new("peer", GST_PAD_SINK)));
  kyutaistt::element::SettingsStore settings_;
  kyutaistt::element::Latency latency_{element_, sink_, settings_};
  TextOutput output_;
  GAsyncQueue *texts_;
};

Word word_at(const std::string &text, milliseconds start) {
  Word word;
  word.text = text;
  word.start = start;
  word.end = start + milliseconds(300);
  return word;
}

TEST(the_end_of_a_context_that_heard_nothing_is_no_pause) {
  using kyutaistt::Drained;
  Output output({});
  output.put(Drained{1});
  output.put(word_at("Good", milliseconds(0)));
  output.put(Drained{2});
  output.put(Drained{3});
  output.put(Failure{Status::internal("the model broke")});
  output.wait_for_failure();
  ck_assert_int_eq(output.pauses(), 1);
}

TEST(a_context_that_is_given_up_is_reported) {
  using kyutaistt::Renewed;
  Output output({});
  output.put(Renewed{std::chrono::seconds(3), Renewed::Reason::Repetition});
  assert_text(output.wait_for_details(),
              "kyutaistt/renewed, reason=(string)repetition, start-time=(guint64)3000000000;");
  output.put(Renewed{std::chrono::seconds(4), Renewed::Reason::NoText});
  assert_text(output.wait_for_details(),
              "kyutaistt/renewed, reason=(string)no-text, start-time=(guint64)4000000000;");
}

TEST(what_was_recognised_before_a_failure_goes_out) {
  for (const TextUnit unit : {TextUnit::Word, TextUnit::Cue, TextUnit::Line}) {
    Settings settings;
    settings.text_unit = unit;
    Output output(settings);
    output.put(word_at("Good", milliseconds(0)));
    output.put(word_at("day", milliseconds(400)));
    output.put(Failure{Status::internal("the model broke")});
    assert_text(output.wait_for_failure(), "the model broke");
    assert_text(output.take_text(), unit == TextUnit::Line ? "Good Good day" : "Good day");
    // The failure is reported before upstream is notified.
    while (output.flow() == GST_FLOW_OK) {
      g_usleep(1000);
    }
    ck_assert_int_eq(output.flow(), GST_FLOW_ERROR);
  }
}

TEST(a_line_goes_out_with_its_word) {
  Settings settings;
  settings.text_unit = TextUnit::Line;
  Output output(settings);
  output.put(word_at("Good", milliseconds(0)));
  output.put(Progress{milliseconds(320)});
  output.put(word_at("day", milliseconds(400)));
  output.put(Progress{milliseconds(720)});
  std::string text;
  while (!text.ends_with("Good day")) {
    g_usleep(1000);
    const std::string more = output.take_text();
    text += (text.empty() || more.empty() ? "" : "|") + more;
  }
}

/// What the first cue looks like for these elements.
std::string cue_for(const std::string &elements, const char *caps = "application/x-subtitle-vtt",
                    std::chrono::hours start = std::chrono::hours(0)) {
  GstPad *pad = new_text_pad(caps);
  GError *error = nullptr;
  auto *bin = GST_ELEMENT(
      gst_object_ref_sink(gst_parse_bin_from_description(elements.c_str(), TRUE, &error)));
  g_assert_no_error(error);
  ck_assert_int_eq(gst_pad_link(pad, GST_PAD(bin->sinkpads->data)), GST_PAD_LINK_OK);
  const auto format = TextFormat::agree(pad);
  ck_assert(format.has_value());
  gst_object_unref(pad);
  gst_object_unref(bin);
  return format->format({start, start + milliseconds(1000), {"Q&A", "<3"}}, 0);
}

TEST(escapes_are_those_that_the_next_elements_read) {
  const std::string times = "00:00:00.000 --> 00:00:01.000\n";
  const std::string standard = times + "Q&amp;A\n&lt;3\n\n";
  const std::string subparse = times + "Q&A\n\u20393\n\n";
  assert_text(cue_for("appsink"), standard);
  assert_text(cue_for("queue ! capsfilter ! appsink"), standard);
  assert_text(cue_for("tee name=t ! queue ! appsink t. ! queue ! fakesink"), standard);
  assert_text(cue_for("queue ! subparse ! fakesink"), subparse);
  assert_text(cue_for("tee name=t ! queue ! appsink t. ! queue ! subparse ! fakesink"), subparse);
  // It may parse them, but not before it has them.
  assert_text(cue_for("decodebin"), subparse);
}

TEST(only_subparse_gets_lines_that_it_knows) {
  constexpr const char *subrip = "application/x-subtitle";
  const std::string times = "101:00:00,000 --> 101:00:01,000\n";
  assert_text(cue_for("appsink", subrip, std::chrono::hours(101)), "1\n" + times + "Q&A\n<3\n\n");
  assert_text(cue_for("subparse ! fakesink", subrip, std::chrono::hours(101)),
              "0\n\n00:00:00,000 --> 00:00:00,000\n\n1\n" + times + "Q&A\n\u20393\n\n");
}

}  // namespace
