// SPDX-License-Identifier: LGPL-2.1-or-later
/// Several languages from one element: pads that are requested, each with a language.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::run_pipeline;
using kyutaistt::tests::stat;
using kyutaistt::tests::Text;
using kyutaistt::tests::TextPad;
using kyutaistt::tests::wait_until;

constexpr const char *words = "text/x-raw, format=utf8";
constexpr const char *webvtt = "application/x-subtitle-vtt";
constexpr const char *english = "Good day. Thank you.";
constexpr const char *icelandic = "Góðan dag. Takk fyrir.";

std::vector<float> short_sample() {
  return read_sample("forecast-03.flac");
}

GstEvent *segment_from(GstClockTime start) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = start;
  segment.time = start;
  return gst_event_new_segment(&segment);
}

void assert_same(const std::vector<Text> &found, const std::vector<Text> &expected) {
  assert_text(kyutaistt::tests::join(found), kyutaistt::tests::join(expected));
  ck_assert_uint_eq(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ck_assert_uint_eq(found[i].pts, expected[i].pts);
    ck_assert_uint_eq(found[i].duration, expected[i].duration);
    ck_assert_int_eq(found[i].discont, expected[i].discont);
  }
}

/// What an element alone writes.
std::vector<Text> alone(const char *caps, const char *properties, const std::vector<float> &audio) {
  Element element(caps, properties);
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  return element.take();
}

/// The message of a type, which has to come.
std::string message_of(Element &element, GstMessageType type) {
  GstMessage *message = element.wait_for(type);
  GError *error = nullptr;
  if (type == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, nullptr);
  } else {
    gst_message_parse_warning(message, &error, nullptr);
  }
  std::string text = error->message;
  g_clear_error(&error);
  gst_message_unref(message);
  return text;
}

TEST(two_languages_are_those_of_two_elements) {
  for (const char *sample : {"forecast-01.flac", "forecast-02.flac", "bulletin.flac"}) {
    const std::vector<float> audio = read_sample(sample);
    TextPad translation;
    Element element(words, "domain=asr_is_is");
    translation.request_from(element, "en");
    element.start_audio();
    ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
    element.finish();
    translation.wait_for_end();
    assert_same(element.take(), alone(words, "domain=asr_is_is", audio));
    assert_same(translation.take(), alone(words, "domain=asr_is_en", audio));
    assert_text(translation.language(), "en");
    ck_assert_int_gt(translation.gaps(), 0);
    translation.release();
  }
}

TEST(each_pad_has_a_format_of_its_own) {
  const std::vector<float> audio = read_sample("forecast-01.flac");
  TextPad translation(webvtt);
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_same(element.take(), alone(words, "domain=asr_is_is", audio));
  assert_same(translation.take(), alone(webvtt, "domain=asr_is_en", audio));
}

TEST(each_pad_is_a_stream_of_its_own) {
  TextPad first;
  TextPad second;
  Element element;
  first.request_from(element, "en");
  second.request_from(element, "is");
  assert_text(GST_OBJECT_NAME(first.source()), "translate_src_0");
  assert_text(GST_OBJECT_NAME(second.source()), "translate_src_1");
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  std::vector<std::string> ids;
  for (GstPad *pad : {element.harness()->sinkpad, first.pad(), second.pad()}) {
    gchar *id = gst_pad_get_stream_id(pad);
    ids.emplace_back(id);
    g_free(id);
  }
  ck_assert(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
  first.wait_for_end();
  second.wait_for_end();
  assert_text(first.take_text(), english);
  assert_text(second.take_text(), icelandic);
  assert_text(second.language(), "is");
}

TEST(a_language_is_read_as_it_is_written) {
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en-US");
  const auto language_of = [](GstPad *pad) {
    gchar *code = nullptr;
    g_object_get(pad, "language-code", &code, nullptr);
    std::string language = code == nullptr ? "" : code;
    g_free(code);
    return language;
  };
  assert_text(language_of(translation.source()), "en-US");
  element.start_audio();
  // The model is known by now.
  assert_text(language_of(translation.source()), "en");
  GstPad *transcript = gst_element_get_static_pad(element.element(), "src");
  assert_text(language_of(transcript), "is");
  gst_object_unref(transcript);
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_text(translation.take_text(), english);
}

TEST(a_domain_may_be_named_instead) {
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "");
  g_object_set(translation.source(), "domain", "asr_is_xx", nullptr);
  ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_FAILURE);
  const std::string error = message_of(element, GST_MESSAGE_ERROR);
  assert_contains(error, "pad translate_src_0: domain \"asr_is_xx\" is unknown");
  assert_contains(error, "asr_is_en, asr_is_is");
  gst_element_set_state(element.element(), GST_STATE_NULL);
  g_object_set(translation.source(), "domain", "asr_is_en", "language-code", "eng", nullptr);
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_text(translation.take_text(), english);
  assert_text(translation.language(), "eng");
  gchar *domain = nullptr;
  g_object_get(translation.source(), "domain", &domain, nullptr);
  assert_text(domain, "asr_is_en");
  g_free(domain);
}

TEST(a_language_that_the_model_does_not_write_is_an_error) {
  Element element;
  TextPad translation;
  translation.request_from(element, "fr");
  ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_FAILURE);
  assert_contains(message_of(element, GST_MESSAGE_ERROR),
                  "pad translate_src_0: language-code: found \"fr\", which the model does not "
                  "write; it writes en, is");
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  gst_element_set_state(element.element(), GST_STATE_NULL);
  // Mended, it works; what comes later is checked at once.
  g_object_set(translation.source(), "language-code", "en", nullptr);
  element.start_audio();
  g_object_set(translation.source(), "language-code", "de", nullptr);
  assert_contains(message_of(element, GST_MESSAGE_ERROR), "found \"de\"");
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_text(translation.take_text(), english);
}

TEST(a_pad_without_a_language_stays_empty) {
  Element element;
  TextPad translation;
  translation.request_from(element, "");
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  assert_contains(message_of(element, GST_MESSAGE_WARNING),
                  "Nothing is written to translate_src_0: its language-code is not set; the model "
                  "writes en, is.");
  element.finish();
  translation.wait_for_end();
  ck_assert_uint_eq(translation.take().size(), 0);
}

TEST(latency_is_answered_on_each_pad) {
  TextPad translation(webvtt);
  Element element(words, "cue-max-duration=3000 cue-gap=400");
  gst_harness_set_upstream_latency(element.harness(), 100 * GST_MSECOND);
  gst_harness_set_live(element.harness(), TRUE);
  translation.request_from(element, "en");
  const auto latency_at = [](GstPad *pad) {
    GstQuery *query = gst_query_new_latency();
    ck_assert(gst_pad_query(pad, query));
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    gst_query_unref(query);
    ck_assert(live);
    return least;
  };
  GstPad *transcript = gst_element_get_static_pad(element.element(), "src");
  ck_assert_uint_eq(latency_at(transcript), 2680 * GST_MSECOND);
  ck_assert_uint_eq(latency_at(translation.source()), 2680 * GST_MSECOND);
  element.start_audio();
  element.wait_for_model();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  // The translation's cues wait for their end, and with them the pipeline.
  ck_assert_uint_ge(latency_at(transcript), 6080 * GST_MSECOND);
  ck_assert_uint_eq(latency_at(transcript), latency_at(translation.source()));
  translation.release();
  ck_assert_uint_lt(latency_at(transcript), 6080 * GST_MSECOND);
  gst_object_unref(transcript);
}

TEST(a_pad_that_is_not_linked_holds_up_no_other) {
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  gst_pad_unlink(translation.source(), translation.pad());
  element.start_audio();
  ck_assert_int_eq(element.push(read_sample("bulletin.flac")), GST_FLOW_OK);
  element.finish();
  ck_assert_uint_gt(element.take().size(), 60);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

TEST(a_transcript_that_is_not_linked_holds_up_no_translation) {
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  element.start_audio();
  GstPad *transcript = gst_pad_get_peer(element.harness()->sinkpad);
  gst_pad_unlink(transcript, element.harness()->sinkpad);
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.push_event(gst_event_new_eos());
  translation.wait_for_end();
  assert_text(translation.take_text(), english);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  gst_object_unref(transcript);
}

TEST(where_no_pad_is_linked_upstream_gets_to_know) {
  TextPad translation;
  Element element;
  translation.request_from(element, "en");
  element.start_audio();
  GstPad *transcript = gst_pad_get_peer(element.harness()->sinkpad);
  gst_pad_unlink(transcript, element.harness()->sinkpad);
  gst_pad_unlink(translation.source(), translation.pad());
  const std::vector<float> audio = read_sample("bulletin.flac");
  ck_assert_int_eq(element.push(audio), GST_FLOW_NOT_LINKED);
  // One of them is enough to go on.
  translation.link();
  GstFlowReturn flow = GST_FLOW_NOT_LINKED;
  wait_until([&] {
    flow = element.push(short_sample());
    return flow == GST_FLOW_OK;
  });
  gst_object_unref(transcript);
}

TEST(a_pad_that_takes_no_more_holds_up_no_other) {
  for (const GstFlowReturn flow : {GST_FLOW_EOS, GST_FLOW_FLUSHING, GST_FLOW_NOT_LINKED}) {
    TextPad translation(words, flow);
    Element element(words, "domain=asr_is_is");
    translation.request_from(element, "en");
    element.start_audio();
    ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
    ck_assert_int_eq(element.push(short_sample(), 10 * GST_SECOND), GST_FLOW_OK);
    element.finish();
    assert_text(element.take_text(), std::string(icelandic) + " " + icelandic);
    ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  }
}

TEST(a_pad_comes_and_goes_while_it_runs) {
  const std::vector<float> audio = short_sample();
  TextPad late;
  TextPad later(webvtt);
  Element element(words, "domain=asr_is_is");
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  late.request_from(element, "en");
  ck_assert_int_eq(element.push(audio, 10 * GST_SECOND), GST_FLOW_OK);
  // What has been pushed is written before it goes.
  wait_until([&] { return stat(element, "queued") < 80 * GST_MSECOND; });
  element.push_event(segment_from(0));
  wait_until([&] { return element.take_text().find("fyrir.") != std::string::npos; });
  wait_until([&, text = std::string()]() mutable {
    text += late.take_text();
    return text.find("you.") != std::string::npos;
  });
  assert_text(late.language(), "en");
  late.release();
  later.request_from(element, "en");
  assert_text(GST_OBJECT_NAME(later.source()), "translate_src_1");
  ck_assert_int_eq(element.push(audio, 20 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  later.wait_for_end();
  const std::vector<Text> cues = later.take();
  assert_text(cues.front().text, "WEBVTT\n\n");
  assert_contains(cues.back().text, "Thank you.");
  assert_contains(cues[1].text, "00:00:20.");
  assert_contains(element.take_text(), icelandic);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

TEST(a_language_may_change_while_it_runs) {
  const std::vector<float> audio = short_sample();
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  g_object_set(translation.source(), "language-code", "is", nullptr);
  ck_assert_int_eq(element.push(audio, 10 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_text(translation.take_text(), std::string(english) + " " + icelandic);
  assert_text(translation.language(), "is");
  assert_text(element.take_text(), std::string(icelandic) + " " + icelandic);
}

TEST(a_flush_reaches_all_pads) {
  const std::vector<float> audio = short_sample();
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  element.start_audio();
  for (int round = 0; round < 3; ++round) {
    ck_assert_int_eq(element.push(read_sample("forecast-01.flac")), GST_FLOW_OK);
    element.push_event(gst_event_new_flush_start());
    element.push_event(gst_event_new_flush_stop(TRUE));
    element.take();
    translation.take();
    element.push_event(segment_from(0));
  }
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  assert_same(element.take(), alone(words, "domain=asr_is_is", audio));
  assert_same(translation.take(), alone(words, "domain=asr_is_en", audio));
}

TEST(a_segment_waits_for_the_text_of_all_pads) {
  const std::vector<float> audio = short_sample();
  TextPad translation;
  Element element(words, "domain=asr_is_is");
  translation.request_from(element, "en");
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.push_event(segment_from(50 * GST_SECOND));
  ck_assert_int_eq(element.push(audio, 50 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  for (const std::vector<Text> &texts : {element.take(), translation.take()}) {
    ck_assert_uint_eq(texts.size(), 8);
    ck_assert_uint_lt(texts[3].pts, 50 * GST_SECOND);
    ck_assert_uint_ge(texts[4].pts, 50 * GST_SECOND);
    ck_assert(texts[4].discont);
  }
}

TEST(pads_come_and_go_at_any_moment) {
  Element element(words, "domain=asr_is_is");
  element.start_audio();
  const std::vector<float> audio = short_sample();
  std::atomic<bool> stops = false;
  std::thread pads([&] {
    for (guint round = 0; !stops; ++round) {
      TextPad translation(round % 2 == 0 ? words : webvtt);
      translation.request_from(element, round % 3 == 0 ? "is" : "en");
      g_usleep(round % 50 * 100);
    }
  });
  for (guint round = 0; round < 20; ++round) {
    ck_assert_int_eq(element.push(audio, round * 10 * GST_SECOND), GST_FLOW_OK);
    if (round % 5 == 4) {
      element.push_event(gst_event_new_flush_start());
      element.push_event(gst_event_new_flush_stop(TRUE));
      element.push_event(segment_from(0));
    }
  }
  stops = true;
  pads.join();
  ck_assert_int_eq(element.push(audio, 200 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  assert_contains(element.take_text(), icelandic);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  // None of the texts that have gone is still computed: the engine has one stream and its rows.
  ck_assert_int_eq(GST_ELEMENT(element.element())->numsrcpads, 1);
}

TEST(messages_name_the_pad) {
  TextPad translation;
  Element element(words, "domain=asr_is_is post-words=true post-pauses=true");
  translation.request_from(element, "en");
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  translation.wait_for_end();
  std::map<std::string, std::string> texts;
  std::map<std::string, int> pauses;
  GstBus *bus = gst_element_get_bus(element.element());
  while (GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT)) {
    const GstStructure *structure = gst_message_get_structure(message);
    const std::string pad = gst_structure_get_string(structure, "pad");
    if (gst_structure_has_name(structure, "kyutaistt/word")) {
      texts[pad] += (texts[pad].empty() ? "" : " ") +
                    std::string(gst_structure_get_string(structure, "text"));
    } else {
      ++pauses[pad];
    }
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  assert_text(texts["src"], icelandic);
  assert_text(texts["translate_src_0"], english);
  ck_assert_int_ge(pauses["src"], 1);
  ck_assert_int_ge(pauses["translate_src_0"], 1);
}

TEST(gst_launch_sets_the_language) {
  const std::string pipeline =
      "filesrc location=" KYUTAISTT_EXAMPLES_FOLDER
      "/samples/forecast-03.flac ! flacparse ! flacdec ! kyutaistt name=k "
      "translate_src_0::language-code=en model=" +
      model_folder + " k.src ! queue ! fakesink k.translate_src_0 ! queue ! appsink name=out";
  assert_text(kyutaistt::tests::join(run_pipeline(pipeline)), english);
}

}  // namespace
