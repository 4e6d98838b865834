// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element promises a live pipeline, and what it says when it was wrong.
#include <string>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::Text;

/// Of the bundled model: its delay, and what processing needs.
constexpr GstClockTime of_words = 2580 * GST_MSECOND;

struct Latency {
  bool is_live = false;
  GstClockTime least = 0;
  GstClockTime most = 0;
};

/// The answer of the source pad.
Latency ask(Element &element) {
  GstPad *pad = gst_element_get_static_pad(element.element(), "src");
  GstQuery *query = gst_query_new_latency();
  ck_assert(gst_pad_query(pad, query));
  gboolean live = FALSE;
  Latency latency;
  gst_query_parse_latency(query, &live, &latency.least, &latency.most);
  latency.is_live = live != FALSE;
  gst_query_unref(query);
  gst_object_unref(pad);
  return latency;
}

guint max_observed_delay(Element &element) {
  guint delay = 0;
  g_object_get(element.element(), "max-observed-delay", &delay, nullptr);
  return delay;
}

/// A live source whose clock stands at `now` when the whole recording comes, all of which may wait
/// for the model.
void recognise_at(Element &element, GstClockTime upstream, GstClockTime now) {
  GstHarness *harness = element.harness();
  gst_harness_set_upstream_latency(harness, upstream);
  gst_harness_set_live(harness, TRUE);
  gst_harness_use_testclock(harness);
  element.start_audio();
  element.wait_for_model();
  gst_harness_set_time(harness, now);
  element.push(read_sample("forecast-01.flac"));
  element.finish();
}

TEST(it_adds_to_both_ends_in_any_state) {
  Element element;
  GstHarness *harness = element.harness();
  gst_harness_set_live(harness, TRUE);
  gst_harness_set_upstream_latency(harness, 100 * GST_MSECOND);
  for (const GstState state :
       {GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL, GST_STATE_PLAYING}) {
    gst_element_set_state(element.element(), state);
    const Latency latency = ask(element);
    ck_assert(latency.is_live);
    ck_assert_uint_ge(latency.least, 100 * GST_MSECOND + of_words);
    // The harness gives no upper end.
    ck_assert_uint_eq(latency.most, GST_CLOCK_TIME_NONE);
  }
  ck_assert_uint_eq(ask(element).least, 100 * GST_MSECOND + of_words);
}

TEST(an_upper_end_is_kept) {
  Element element;
  // The harness has none of its own.
  gst_pad_set_query_function(
      element.harness()->srcpad, [](GstPad *pad, GstObject *parent, GstQuery *query) -> gboolean {
        if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) {
          return gst_pad_query_default(pad, parent, query);
        }
        gst_query_set_latency(query, TRUE, 100 * GST_MSECOND, 700 * GST_MSECOND);
        return TRUE;
      });
  const Latency latency = ask(element);
  ck_assert_uint_eq(latency.least, 100 * GST_MSECOND + of_words);
  ck_assert_uint_eq(latency.most, 700 * GST_MSECOND + of_words);
}

TEST(cues_wait_for_their_time_and_gap) {
  Element element("text/x-raw, format=utf8", "text-unit=cue cue-max-duration=3000 cue-gap=400");
  gst_harness_set_upstream_latency(element.harness(), 0);
  gst_harness_set_live(element.harness(), TRUE);
  ck_assert_uint_eq(ask(element).least, of_words + 3400 * GST_MSECOND);
}

TEST(live_cues_wait_for_two_seconds) {
  Element element("application/x-subtitle-vtt", "text-unit=cue cue-preset=live");
  gst_harness_set_upstream_latency(element.harness(), 0);
  gst_harness_set_live(element.harness(), TRUE);
  ck_assert_uint_eq(ask(element).least, of_words + 2000 * GST_MSECOND);
}

TEST(what_upstream_holds_back_is_not_our_delay) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is max-backlog=60000");
  // Its first word comes 0.76 s after the source let go of it.
  recognise_at(element, 40 * GST_SECOND, 41 * GST_SECOND);
  ck_assert_uint_eq(max_observed_delay(element), 760);
  ck_assert_int_eq(element.count(GST_MESSAGE_WARNING), 0);
  ck_assert_uint_eq(ask(element).least, 40 * GST_SECOND + of_words);
}

TEST(a_live_source_may_be_linked_late) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is max-backlog=60000");
  // Nothing is upstream yet, as after a decodebin.
  ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_SUCCESS);
  recognise_at(element, 0, 30 * GST_SECOND);
  ck_assert_uint_eq(max_observed_delay(element), 29760);
  ck_assert_int_ge(element.count(GST_MESSAGE_WARNING), 1);
  ck_assert_uint_gt(ask(element).least, 29760 * GST_MSECOND);
}

TEST(a_delay_raises_it_in_steps_up_to_the_backlog) {
  struct Case {
    GstClockTime now;
    GstClockTime expected;
  };
  // The first word is at 0.24 s.
  for (const Case &delay : {Case{3 * GST_SECOND, 3 * GST_SECOND},
                            Case{12 * GST_SECOND, of_words + 1500 * GST_MSECOND}}) {
    Element element("text/x-raw, format=utf8", "domain=asr_is_is max-backlog=1500");
    recognise_at(element, 0, delay.now);
    ck_assert_int_ge(element.count(GST_MESSAGE_WARNING), 1);
    ck_assert_uint_eq(ask(element).least, delay.expected);
  }
}

TEST(the_users_own_promise_stays) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is max-backlog=60000 latency=1000");
  recognise_at(element, 0, 30 * GST_SECOND);
  ck_assert_int_ge(element.count(GST_MESSAGE_WARNING), 1);
  ck_assert_uint_eq(ask(element).least, GST_SECOND);
}

TEST(lateness_makes_text_due_later) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is max-backlog=60000 lateness=5000");
  recognise_at(element, 0, 6 * GST_SECOND);
  ck_assert_uint_eq(max_observed_delay(element), 760);
  ck_assert_int_eq(element.count(GST_MESSAGE_WARNING), 0);
}

std::string warning_of(Element &element) {
  GstMessage *message = element.wait_for(GST_MESSAGE_WARNING);
  GError *error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  std::string text = error->message;
  g_clear_error(&error);
  gst_message_unref(message);
  return text;
}

TEST(a_promise_that_cannot_be_kept_is_told_once) {
  Element element("text/x-raw, format=utf8", "max-backlog=60000 latency=1000");
  GstHarness *harness = element.harness();
  gst_harness_set_upstream_latency(harness, 0);
  gst_harness_set_live(harness, TRUE);
  gst_harness_use_testclock(harness);
  element.start_audio();
  element.wait_for_model();
  const std::vector<float> silence(24000);
  element.push(silence);
  assert_text(warning_of(element),
              "With a latency of 1000 ms text comes late: it needs at least 2580 ms.");
  // Another one that is too short as well, one that is long enough, and the first one again.
  g_object_set(element.element(), "latency", 2579U, nullptr);
  assert_text(warning_of(element),
              "With a latency of 2579 ms text comes late: it needs at least 2580 ms.");
  g_object_set(element.element(), "latency", 2579U, nullptr);
  g_object_set(element.element(), "latency", 2580U, nullptr);
  element.push(silence, GST_SECOND);
  ck_assert_int_eq(element.count(GST_MESSAGE_WARNING), 0);
  ck_assert_uint_eq(ask(element).least, of_words);
}

TEST(where_nothing_is_live_no_promise_is_made) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en latency=1000");
  element.start_audio();
  ck_assert_int_eq(element.push(read_sample("forecast-03.flac")), GST_FLOW_OK);
  element.finish();
  ck_assert_int_eq(element.count(GST_MESSAGE_WARNING), 0);
}

TEST(any_number_of_milliseconds_is_accepted) {
  Element element;
  gst_harness_set_upstream_latency(element.harness(), 0);
  gst_harness_set_live(element.harness(), TRUE);
  for (const guint latency : {1U, 4000U, 600001U, G_MAXUINT - 1}) {
    g_object_set(element.element(), "latency", latency, nullptr);
    guint found = 0;
    g_object_get(element.element(), "latency", &found, nullptr);
    ck_assert_uint_eq(found, latency);
    ck_assert_uint_eq(ask(element).least, latency * GST_MSECOND);
  }
}

/// Where the last GAP that came so far ends.
GstClockTime last_gap_end(Element &element, GstClockTime before) {
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event, &start, &duration);
      before = start + duration;
    }
    gst_event_unref(event);
  }
  return before;
}

constexpr const char *not_synchronised = "domain=asr_is_en max-backlog=60000 latency=4294967295 ";

TEST(text_that_is_not_synchronised_has_the_time_of_its_arrival) {
  for (const guint lateness : {0U, 1500U}) {
    Element element("text/x-raw, format=utf8",
                    not_synchronised + ("lateness=" + std::to_string(lateness)));
    recognise_at(element, 0, 100 * GST_SECOND);
    const std::vector<Text> words = element.take();
    assert_text(words.front().text, "Northwest");
    for (const Text &word : words) {
      // In the segment of the text, which begins later by the lateness: as much later it is.
      ck_assert_uint_eq(word.pts, 100 * GST_SECOND);
      ck_assert_uint_ge(word.duration, 10 * GST_MSECOND);
    }
    ck_assert_uint_eq(max_observed_delay(element), 0);
    ck_assert_int_eq(element.count(GST_MESSAGE_WARNING), 0);
  }
}

TEST(cues_that_are_not_synchronised_follow_each_other_from_then_on) {
  Element element("application/x-subtitle-vtt", not_synchronised);
  recognise_at(element, 0, 3600 * GST_SECOND);
  std::vector<Text> cues = element.take();
  assert_text(cues.front().text, "WEBVTT\n\n");
  cues.erase(cues.begin());
  ck_assert_uint_ge(cues.size(), 2);
  ck_assert_uint_eq(cues.front().pts, 3600 * GST_SECOND);
  assert_text(cues.front().text.substr(0, 17), "01:00:00.000 --> ");
  for (size_t i = 1; i < cues.size(); ++i) {
    ck_assert_uint_eq(cues[i].pts, cues[i - 1].pts + cues[i - 1].duration);
  }
}

TEST(gaps_follow_the_clock_where_text_is_not_synchronised) {
  Element element("text/x-raw, format=utf8", not_synchronised);
  GstHarness *harness = element.harness();
  gst_harness_set_upstream_latency(harness, 0);
  gst_harness_set_live(harness, TRUE);
  gst_harness_use_testclock(harness);
  element.start_audio();
  element.wait_for_model();
  element.push(std::vector<float>(24000));
  GstClockTime end = 0;
  // Long before a source counts as stopped.
  for (GstClockTime now = GST_SECOND; now < 2 * GST_SECOND; now += 50 * GST_MSECOND) {
    gst_harness_set_time(harness, now);
    kyutaistt::tests::wait_until([&] {
      end = last_gap_end(element, end);
      return end == now;
    });
  }
}

TEST(what_is_not_synchronised_is_live_and_takes_no_time) {
  Element element("text/x-raw, format=utf8", not_synchronised);
  // Nor does it matter what upstream is.
  for (const bool live : {false, true}) {
    gst_harness_set_upstream_latency(element.harness(), 100 * GST_MSECOND);
    gst_harness_set_live(element.harness(), live ? TRUE : FALSE);
    const Latency latency = ask(element);
    ck_assert(latency.is_live);
    ck_assert_uint_eq(latency.least, 0);
    ck_assert_uint_eq(latency.most, GST_CLOCK_TIME_NONE);
  }
}

}  // namespace
