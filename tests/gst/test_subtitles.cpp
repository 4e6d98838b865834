// SPDX-License-Identifier: LGPL-2.1-or-later
/// WebVTT and SubRip as the elements and files that take them want them.
#include <algorithm>
#include <string>
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
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;

constexpr GstClockTime hour = 3600 * GST_SECOND;

/// The cues' own starts, as they stand in the text: in one form, they sort as times do.
std::vector<std::string> starts_of(const std::vector<Text> &texts) {
  std::vector<std::string> starts;
  for (const Text &text : texts) {
    if (const size_t arrow = text.text.find(" --> "); arrow != std::string::npos) {
      starts.push_back(text.text.substr(arrow - 12, 12));
    }
  }
  return starts;
}

TEST(times_in_one_file_do_not_begin_again) {
  for (const char *format : {"application/x-subtitle", "application/x-subtitle-vtt"}) {
    const std::vector<Text> texts = run_pipeline(
        "concat name=c ! kyutaistt domain=asr_is_en model=" + model_folder + " ! " + format +
        " ! appsink name=out  filesrc location=" + sample("forecast-01.flac") +
        " ! decodebin ! c.  filesrc location=" + sample("forecast-01.flac") + " ! decodebin ! c.");
    const std::vector<std::string> starts = starts_of(texts);
    ck_assert_uint_ge(starts.size(), 3);
    ck_assert(std::is_sorted(starts.begin(), starts.end()));
    ck_assert(std::is_sorted(texts.begin(), texts.end(),
                             [](const Text &a, const Text &b) { return a.pts < b.pts; }));
    // The second recording begins where the first ends.
    ck_assert_uint_gt(texts.back().pts,
                      read_sample("forecast-01.flac").size() * GST_SECOND / 24000);
  }
}

TEST(who_comes_late_finds_the_header) {
  Element element("application/x-subtitle-vtt", "domain=asr_is_en");
  element.start_audio();
  element.push(read_sample("forecast-03.flac"));
  element.finish();
  GstBuffer *first = gst_harness_pull(element.harness());
  ck_assert(GST_BUFFER_FLAG_IS_SET(first, GST_BUFFER_FLAG_HEADER));
  GstCaps *caps = gst_pad_get_current_caps(element.harness()->sinkpad);
  const GValue *headers = gst_structure_get_value(gst_caps_get_structure(caps, 0), "streamheader");
  ck_assert(headers != nullptr);
  ck_assert_uint_eq(gst_value_array_get_size(headers), 1);
  GstBuffer *header = gst_value_get_buffer(gst_value_array_get_value(headers, 0));
  ck_assert_uint_eq(gst_buffer_get_size(header), gst_buffer_get_size(first));
  ck_assert_int_eq(gst_buffer_memcmp(header, 0, "WEBVTT\n\n", 8), 0);
  ck_assert_int_eq(gst_buffer_memcmp(first, 0, "WEBVTT\n\n", 8), 0);
  gst_caps_unref(caps);
  gst_buffer_unref(first);
  for (const Text &cue : element.take()) {
    assert_contains(cue.text, " --> ");
  }
}

TEST(subparse_knows_subrip_after_a_hundred_hours) {
  for (const GstClockTime hours : {99, 101, 1000, 99000}) {
    Element element("application/x-subtitle", "domain=asr_is_en");
    element.start_audio();
    element.push(read_sample("forecast-03.flac"), hours * hour);
    element.finish();
    GstHarness *parser = gst_harness_new("subparse");
    gst_harness_set_src_caps_str(parser, "application/x-subtitle");
    std::string text;
    for (const Text &cue : element.take()) {
      ck_assert_int_eq(
          gst_harness_push(parser, gst_buffer_new_memdup(cue.text.data(), cue.text.size())),
          GST_FLOW_OK);
    }
    gst_harness_push_event(parser, gst_event_new_eos());
    while (GstBuffer *parsed = gst_harness_try_pull(parser)) {
      ck_assert_uint_ge(GST_BUFFER_PTS(parsed), hours * hour);
      ck_assert_uint_lt(GST_BUFFER_PTS(parsed), hours * hour + 5 * GST_SECOND);
      GstMapInfo map;
      ck_assert(gst_buffer_map(parsed, &map, GST_MAP_READ));
      text += (text.empty() ? "" : " ") + std::string(reinterpret_cast<const char *>(map.data));
      gst_buffer_unmap(parsed, &map);
      gst_buffer_unref(parsed);
    }
    gst_harness_teardown(parser);
    std::replace(text.begin(), text.end(), '\n', ' ');
    assert_text(text, "Good day. Thank you.");
  }
}

TEST(events_have_the_sequence_number_of_the_audio) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  GstEvent *event = gst_event_new_segment(&segment);
  const guint32 seqnum = gst_util_seqnum_next();
  gst_event_set_seqnum(event, seqnum);
  element.push_event(event);
  element.push(read_sample("forecast-03.flac"));
  event = gst_event_new_eos();
  gst_event_set_seqnum(event, seqnum);
  element.push_event(event);
  element.finish();
  bool has_begun = false;
  int gaps = 0;
  while (GstEvent *found = gst_harness_try_pull_event(element.harness())) {
    const GstEventType type = GST_EVENT_TYPE(found);
    has_begun = has_begun || (type == GST_EVENT_SEGMENT && gst_event_get_seqnum(found) == seqnum);
    if (has_begun && (type == GST_EVENT_GAP || type == GST_EVENT_EOS)) {
      ck_assert_uint_eq(gst_event_get_seqnum(found), seqnum);
      gaps += type == GST_EVENT_GAP ? 1 : 0;
    }
    gst_event_unref(found);
  }
  ck_assert_int_gt(gaps, 0);
}

}  // namespace
