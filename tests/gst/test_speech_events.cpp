// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element tells beside the text: events, messages, tags; and what changes while it runs.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::Text;

constexpr const char *icelandic =
    "Norðvestan þrír til fimm metrar á sekúndu, þurrt að kalla. Vestan tveir til fjórir metrar á "
    "sekúndu, bjartviðri.";
constexpr const char *english =
    "Northwest three to five meters per second, mostly dry. West two to four meters per second, "
    "bright weather.";
constexpr size_t rate = 24000;

/// Downstream events, by what they are: the language of a TAG, the name of a custom event.
std::vector<std::string> take_event_names(Element &element) {
  std::vector<std::string> names;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
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

START_TEST(every_word_is_told_upstream) {
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
END_TEST

START_TEST(pauses_are_told_downstream) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  std::vector<float> audio = read_sample("forecast-01.flac");
  const std::vector<float> once = audio;
  audio.resize(audio.size() + 6 * rate);
  audio.insert(audio.end(), once.begin(), once.end());
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  int pauses = 0;
  for (const std::string &name : take_event_names(element)) {
    pauses += name == "rstranscribe/final-transcript" ? 1 : 0;
  }
  // Between the two, and at the end; the speaker may breathe in between.
  ck_assert_int_ge(pauses, 2);
  ck_assert_int_le(pauses, 4);
}
END_TEST

START_TEST(messages_only_when_asked_for) {
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
  ck_assert(confidence > 0.5 && confidence <= 1);
  gst_message_unref(message);
  // The other words, and at least the last pause.
  ck_assert_int_ge(telling.count(GST_MESSAGE_ELEMENT), static_cast<int>(words.size()));
}
END_TEST

START_TEST(the_domain_changes_at_once) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio);
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(audio, audio.size() * GST_SECOND / rate);
  element.finish();
  assert_text(element.take_text(), std::string(icelandic) + " " + english);
  const std::vector<std::string> names = take_event_names(element);
  const std::vector<std::string> expected = {"is", "rstranscribe/final-transcript", "en",
                                             "rstranscribe/final-transcript"};
  std::vector<std::string> found;
  for (const std::string &name : names) {
    // A pause within the recording is nothing new here.
    if (found.empty() || found.back() != name) {
      found.push_back(name);
    }
  }
  ck_assert(found == expected);
}
END_TEST

START_TEST(the_domain_changes_at_a_pause) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is domain-change=pause");
  element.start_audio();
  std::vector<float> audio = read_sample("forecast-01.flac");
  const std::vector<float> once = audio;
  audio.resize(audio.size() + 6 * rate);
  // In the middle of the first sentence.
  const std::vector<float> beginning(audio.begin(), audio.begin() + rate);
  const std::vector<float> rest(audio.begin() + rate, audio.end());
  element.push(beginning);
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(rest, GST_SECOND);
  element.push(once, audio.size() * GST_SECOND / rate);
  element.finish();
  assert_text(element.take_text(), std::string(icelandic) + " " + english);
}
END_TEST

START_TEST(a_wrong_domain_is_a_warning) {
  for (const char *when : {"now", "pause"}) {
    Element element("text/x-raw, format=utf8",
                    std::string("domain=asr_is_en domain-change=") + when);
    element.start_audio();
    const std::vector<float> audio = read_sample("forecast-01.flac");
    element.push(audio);
    g_object_set(element.element(), "domain", "asr_is_fo", nullptr);
    GstMessage *message = element.wait_for(GST_MESSAGE_WARNING);
    GError *error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    ck_assert(strstr(error->message, "asr_is_fo") != nullptr);
    ck_assert(strstr(error->message, "asr_is_is") != nullptr);
    g_error_free(error);
    gst_message_unref(message);
    gchar *domain = nullptr;
    g_object_get(element.element(), "domain", &domain, nullptr);
    ck_assert_str_eq(domain, "asr_is_en");
    g_free(domain);
    element.finish();
    assert_text(element.take_text(), english);
  }
}
END_TEST

START_TEST(the_language_code_can_be_set) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is language-code=isl");
  element.start_audio();
  element.push(read_sample("forecast-01.flac"));
  g_object_set(element.element(), "language-code", "is-IS", nullptr);
  element.finish();
  const std::vector<std::string> names = take_event_names(element);
  ck_assert(std::find(names.begin(), names.end(), "isl") != names.end());
  ck_assert(std::find(names.begin(), names.end(), "is-IS") != names.end());
}
END_TEST

START_TEST(presets_set_all_cue_properties) {
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
END_TEST

START_TEST(late_text_is_told_and_raises_the_latency) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  GstHarness *harness = element.harness();
  gst_harness_set_live(harness, TRUE);
  gst_harness_use_testclock(harness);
  element.start_audio();
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
  ck_assert(details != nullptr && gst_structure_has_name(details, "kyutaistt/excessive-delay"));
  guint64 delay = 0;
  ck_assert(gst_structure_get_uint64(details, "new-observed-max-delay", &delay));
  ck_assert_uint_gt(delay, 20 * GST_SECOND);
  gst_message_unref(message);
  ck_assert_int_ge(element.count(GST_MESSAGE_LATENCY), 1);
  ck_assert_uint_ge(gst_harness_query_latency(harness), delay);
}
END_TEST

START_TEST(no_more_streams_than_allowed) {
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
END_TEST

}  // namespace

int main(int argc, char **argv) {
  gst_check_init(&argc, &argv);
  return kyutaistt::tests::run_suite(
      "speech events",
      {every_word_is_told_upstream, pauses_are_told_downstream, messages_only_when_asked_for,
       the_domain_changes_at_once, the_domain_changes_at_a_pause, a_wrong_domain_is_a_warning,
       the_language_code_can_be_set, presets_set_all_cue_properties,
       late_text_is_told_and_raises_the_latency, no_more_streams_than_allowed});
}
