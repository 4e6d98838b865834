// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element reports beside the text: events, messages.
#include <string>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_at_most;
using kyutaistt::tests::assert_greater;
using kyutaistt::tests::Element;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::Text;

constexpr size_t rate = 24000;

TEST(every_word_is_told_upstream) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  ck_assert_int_eq(element.push(read_sample("forecast-01.flac")), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  size_t found = 0;
  while (GstEvent *event = gst_harness_try_pull_upstream_event(element.harness())) {
    const GstStructure *item = gst_event_get_structure(event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM &&
        gst_structure_has_name(item, "rstranscribe/new-item")) {
      ck_assert_uint_lt(found, words.size());
      ck_assert_str_eq(gst_structure_get_string(item, "content"), words[found].text.c_str());
      ck_assert(gst_structure_has_field_typed(item, "speaker", G_TYPE_STRING));
      guint64 running_time = 0;
      guint64 duration = 0;
      ck_assert(gst_structure_get_uint64(item, "running-time", &running_time));
      ck_assert(gst_structure_get_uint64(item, "duration", &duration));
      ck_assert_uint_eq(running_time, words[found].pts);
      ++found;
    }
    gst_event_unref(event);
  }
  ck_assert_uint_eq(found, words.size());
  ck_assert_uint_eq(found, 18);
}

TEST(pauses_are_told_downstream) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  std::vector<float> audio = read_sample("forecast-01.flac");
  const std::vector<float> once = audio;
  audio.resize(audio.size() + 6 * rate);
  audio.insert(audio.end(), once.begin(), once.end());
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  int pauses = 0;
  for (const std::string &name : element.take_event_names()) {
    pauses += name == "rstranscribe/final-transcript" ? 1 : 0;
  }
  // Between the two, and at the end; the speaker may breathe in between.
  ck_assert_int_ge(pauses, 2);
  ck_assert_int_le(pauses, 4);
}

TEST(messages_only_when_asked_for) {
  Element silent("text/x-raw, format=utf8", "domain=asr_is_en");
  silent.start_audio();
  silent.push(read_sample("forecast-01.flac"));
  silent.finish();
  ck_assert_int_eq(silent.count(GST_MESSAGE_ELEMENT), 0);

  Element telling("text/x-raw, format=utf8", "domain=asr_is_en post-words=true post-pauses=true");
  telling.start_audio();
  telling.push(read_sample("forecast-01.flac"), 3 * GST_SECOND);
  telling.finish();
  const std::vector<Text> words = telling.take();
  GstMessage *message = telling.wait_for(GST_MESSAGE_ELEMENT);
  const GstStructure *first = gst_message_get_structure(message);
  ck_assert(gst_structure_has_name(first, "kyutaistt/word"));
  ck_assert_str_eq(gst_structure_get_string(first, "text"), "Northwest");
  guint64 start = 0;
  guint64 end = 0;
  gdouble confidence = 0;
  ck_assert(gst_structure_get(first, "start-time", G_TYPE_UINT64, &start, "end-time", G_TYPE_UINT64,
                              &end, "confidence", G_TYPE_DOUBLE, &confidence, nullptr));
  ck_assert_uint_eq(start, words.front().pts);
  ck_assert_uint_gt(end, start);
  assert_greater(confidence, 0.5);
  assert_at_most(confidence, 1);
  gst_message_unref(message);
  // The other words, and at least the last pause.
  ck_assert_int_ge(telling.count(GST_MESSAGE_ELEMENT), static_cast<int>(words.size()));
}

TEST(presets_set_all_cue_properties) {
  GstElement *element = gst_element_factory_make("kyutaistt", nullptr);
  guint columns = 0;
  guint gap = 0;
  gst_util_set_object_arg(G_OBJECT(element), "cue-preset", "netflix");
  g_object_get(element, "cue-columns", &columns, "cue-gap", &gap, nullptr);
  ck_assert_uint_eq(columns, 42);
  ck_assert_uint_eq(gap, 84);
  gst_util_set_object_arg(G_OBJECT(element), "cue-preset", "cea-608");
  g_object_get(element, "cue-columns", &columns, "cue-gap", &gap, nullptr);
  ck_assert_uint_eq(columns, 32);
  ck_assert_uint_eq(gap, 0);
  gst_object_unref(element);
}

TEST(late_text_is_told_and_raises_the_latency) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  GstHarness *harness = element.harness();
  gst_harness_set_live(harness, TRUE);
  gst_harness_use_testclock(harness);
  element.start_audio();
  const GstClockTime usual = gst_harness_query_latency(harness);
  const std::vector<float> audio = read_sample("forecast-01.flac");
  // Half a minute after its time.
  gst_harness_set_time(harness, 30 * GST_SECOND);
  element.push(audio);
  element.finish();
  GstMessage *message = element.wait_for(GST_MESSAGE_WARNING);
  GError *error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  ck_assert(g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK));
  g_error_free(error);
  const GstStructure *details = nullptr;
  gst_message_parse_warning_details(message, &details);
  ck_assert(details != nullptr);
  ck_assert(gst_structure_has_name(details, "kyutaistt/excessive-delay"));
  guint64 delay = 0;
  ck_assert(gst_structure_get_uint64(details, "new-observed-max-delay", &delay));
  ck_assert_uint_gt(delay, 20 * GST_SECOND);
  gst_message_unref(message);
  ck_assert_int_ge(element.count(GST_MESSAGE_LATENCY), 1);
  // A stall passes: what stays is at most what may wait for the model.
  ck_assert_uint_eq(gst_harness_query_latency(harness), usual + 2 * GST_SECOND);
}

TEST(no_more_streams_than_allowed) {
  Element first("text/x-raw, format=utf8", "domain=asr_is_en");
  first.start_audio();
  first.push(std::vector<float>(rate));
  Element second("text/x-raw, format=utf8", "domain=asr_is_en max-streams=1");
  second.start_audio();
  ck_assert_int_eq(second.push(std::vector<float>(rate)), GST_FLOW_ERROR);
  GstMessage *message = second.wait_for(GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  ck_assert(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY));
  g_error_free(error);
  gst_message_unref(message);
}

}  // namespace
