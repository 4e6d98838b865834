// SPDX-License-Identifier: LGPL-2.1-or-later
/// Text follows its audio into every segment: seeks, loops, rates, and clocks that begin anew.
#include <string>
#include <vector>

#include <gst/app/app.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::icelandic;
using kyutaistt::tests::join;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;

constexpr size_t rate = 24000;
constexpr size_t word_count = 18;
constexpr const char *second_sentence = "Vestan tveir til fjórir metrar á sekúndu, bjartviðri.";
/// Between the two sentences of the recording.
constexpr GstClockTime second_sentence_start = 4000 * GST_MSECOND;

void push_segment(Element &element, const GstSegment &segment) {
  element.push_event(gst_event_new_segment(&segment));
}

GstSegment time_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return segment;
}

GstClockTime length_of(const std::vector<float> &audio) {
  return audio.size() * GST_SECOND / rate;
}

TEST(raw_cues_begin_anew_in_a_segment_that_goes_back) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is text-unit=cue");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio);
  GstSegment segment = time_segment();
  segment.base = length_of(audio);
  push_segment(element, segment);
  element.push(audio);
  element.finish();
  const std::vector<Text> cues = element.take();
  ck_assert_uint_eq(cues.size(), 4);
  ck_assert(cues[2].discont);
  ck_assert(!cues[3].discont);
  ck_assert_uint_eq(cues[2].pts, cues[0].pts);
  ck_assert_uint_eq(cues[2].duration, cues[0].duration);
  ck_assert_uint_eq(cues[3].pts, cues[1].pts);
}

TEST(cues_with_times_in_their_text_go_on) {
  for (const char *caps : {"application/x-subtitle-vtt", "application/x-subtitle"}) {
    Element element(caps, "domain=asr_is_is");
    element.start_audio();
    const std::vector<float> audio = read_sample("forecast-01.flac");
    GstSegment segment = time_segment();
    segment.stop = length_of(audio);
    push_segment(element, segment);
    element.push(audio);
    // A second of running time later, at other times.
    segment.base = length_of(audio) + GST_SECOND;
    segment.start = segment.time = 50 * GST_SECOND;
    segment.stop = GST_CLOCK_TIME_NONE;
    push_segment(element, segment);
    element.push(audio, segment.start);
    element.finish();
    std::vector<Text> cues = element.take();
    if (cues.front().text == "WEBVTT\n\n") {
      cues.erase(cues.begin());
    }
    ck_assert_uint_eq(cues.size(), 4);
    ck_assert_uint_eq(cues[2].pts, cues[0].pts + segment.base);
    ck_assert_uint_eq(cues[3].pts, cues[1].pts + segment.base);
    // Downstream still has the first segment, without its end.
    GstEvent *sent = gst_pad_get_sticky_event(element.harness()->sinkpad, GST_EVENT_SEGMENT, 0);
    const GstSegment *seen = nullptr;
    gst_event_parse_segment(sent, &seen);
    ck_assert_uint_eq(seen->start, 0);
    ck_assert_uint_eq(seen->base, 0);
    ck_assert_uint_eq(seen->stop, GST_CLOCK_TIME_NONE);
    gst_event_unref(sent);
  }
}

TEST(cues_begin_anew_where_they_cannot_go_on) {
  // The running time goes back, or the speed changes.
  for (const double speed : {1.0, 2.0}) {
    Element element("application/x-subtitle", "domain=asr_is_is");
    element.start_audio();
    const std::vector<float> audio = read_sample("forecast-01.flac");
    element.push(audio);
    GstSegment segment = time_segment();
    segment.rate = speed;
    push_segment(element, segment);
    element.push(audio);
    element.finish();
    const std::vector<Text> cues = element.take();
    ck_assert_uint_eq(cues.size(), 4);
    // subparse throws away what goes back and is not marked.
    ck_assert(cues[2].discont);
    ck_assert_uint_eq(cues[2].pts, cues[0].pts);
    ck_assert_uint_eq(cues[3].pts, cues[1].pts);
  }
}

TEST(time_that_jumps_back_is_followed) {
  for (const char *properties : {"domain=asr_is_is", "domain=asr_is_is text-unit=cue"}) {
    Element element("text/x-raw, format=utf8", properties);
    element.start_audio();
    const std::vector<float> audio = read_sample("forecast-01.flac");
    constexpr GstClockTime later = 100 * GST_SECOND;
    element.push(audio, later);
    element.push(audio);
    element.finish();
    const std::vector<Text> texts = element.take();
    const size_t half = texts.size() / 2;
    ck_assert_uint_ge(half, 2);
    for (size_t i = 0; i < half; ++i) {
      ck_assert_uint_eq(texts[i].pts, texts[half + i].pts + later);
    }
    ck_assert(texts[half].discont);
    ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  }
}

TEST(running_times_follow_the_segment) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is lateness=250");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  GstSegment segment = time_segment();
  segment.start = segment.time = segment.position = 20 * GST_SECOND;
  segment.offset = 500 * GST_MSECOND;
  segment.base = 3 * GST_SECOND;
  segment.rate = 2;
  push_segment(element, segment);
  element.push(audio, segment.start);
  element.finish();
  std::vector<guint64> running_times;
  while (GstEvent *event = gst_harness_try_pull_upstream_event(element.harness())) {
    const GstStructure *item = gst_event_get_structure(event);
    if (item != nullptr && gst_structure_has_name(item, "rstranscribe/new-item")) {
      guint64 running_time = 0;
      gst_structure_get_uint64(item, "running-time", &running_time);
      running_times.push_back(running_time);
    }
    gst_event_unref(event);
  }
  const std::vector<Text> words = element.take();
  ck_assert_uint_eq(running_times.size(), words.size());
  segment.base += 250 * GST_MSECOND;
  for (size_t i = 0; i < words.size(); ++i) {
    ck_assert_uint_eq(running_times[i],
                      gst_segment_to_running_time(&segment, GST_FORMAT_TIME, words[i].pts));
  }
}

TEST(the_end_of_a_segment_waits_for_its_words) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  element.push(read_sample("forecast-01.flac"));
  element.push_event(gst_event_new_segment_done(GST_FORMAT_TIME, 8 * GST_SECOND));
  bool is_done = false;
  while (!is_done) {
    GstEvent *event = gst_harness_pull_event(element.harness());
    ck_assert(event != nullptr);
    is_done = GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT_DONE;
    gst_event_unref(event);
  }
  assert_text(element.take_text(), icelandic);
}

TEST(the_stream_is_named_after_the_audio) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  for (const char *name : {"one", "another"}) {
    element.push_event(gst_event_new_stream_start(name));
    push_segment(element, time_segment());
    element.push(read_sample("forecast-03.flac"));
  }
  element.finish();
  std::vector<std::string> names;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
      const gchar *name = nullptr;
      gst_event_parse_stream_start(event, &name);
      names.emplace_back(name);
    }
    gst_event_unref(event);
  }
  ck_assert_uint_ge(names.size(), 2);
  // Two elements may hear the same audio.
  gchar *owned = gst_element_get_name(element.element());
  const std::string name = owned;
  g_free(owned);
  assert_text(names[names.size() - 2], "one/" + name + "/text");
  assert_text(names.back(), "another/" + name + "/text");
}

/// A recording that plays into an appsink, and what came out of it.
class Player {
 public:
  explicit Player(const std::string &properties) {
    GError *error = nullptr;
    pipeline_ = gst_parse_launch(("filesrc location=" + sample("forecast-01.flac") +
                                  " ! flacparse ! flacdec ! kyutaistt model=" + model_folder + " " +
                                  properties + " ! text/x-raw ! appsink name=out sync=false")
                                     .c_str(),
                                 &error);
    g_assert_no_error(error);
    sink_ = gst_bin_get_by_name(GST_BIN(pipeline_), "out");
    bus_ = gst_element_get_bus(pipeline_);
    gst_element_set_state(pipeline_, GST_STATE_PAUSED);
    gst_message_unref(wait_for(GST_MESSAGE_ASYNC_DONE));
  }
  Player(const Player &) = delete;
  Player &operator=(const Player &) = delete;
  ~Player() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(bus_);
    gst_object_unref(sink_);
    gst_object_unref(pipeline_);
  }

  void seek(double rate_of_play, GstSeekFlags flags, GstClockTime start) {
    ck_assert(gst_element_seek(pipeline_, rate_of_play, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET,
                               static_cast<gint64>(start), GST_SEEK_TYPE_NONE, 0));
  }
  void play() { gst_element_set_state(pipeline_, GST_STATE_PLAYING); }
  /// All words to the end of the stream.
  std::vector<Text> words() {
    std::vector<Text> words;
    while (GstSample *pulled = gst_app_sink_pull_sample(GST_APP_SINK(sink_))) {
      GstBuffer *buffer = gst_sample_get_buffer(pulled);
      std::string text(gst_buffer_get_size(buffer), ' ');
      gst_buffer_extract(buffer, 0, text.data(), text.size());
      words.push_back({text, GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer),
                       GST_BUFFER_IS_DISCONT(buffer) != FALSE});
      gst_sample_unref(pulled);
    }
    return words;
  }
  GstMessage *wait_for(GstMessageType type) {
    GstMessage *message = gst_bus_timed_pop_filtered(
        bus_, 20 * GST_SECOND, static_cast<GstMessageType>(type | GST_MESSAGE_ERROR));
    ck_assert(message != nullptr);
    assert_equal(GST_MESSAGE_TYPE(message), type);
    return message;
  }

 private:
  GstElement *pipeline_;
  GstElement *sink_;
  GstBus *bus_;
};

TEST(a_flushing_seek) {
  for (const double rate_of_play : {1.0, 2.0}) {
    Player player("domain=asr_is_is");
    player.seek(rate_of_play,
                static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
                second_sentence_start);
    player.play();
    const std::vector<Text> words = player.words();
    assert_text(join(words), second_sentence);
    ck_assert(words.front().discont);
    ck_assert_uint_ge(words.front().pts, second_sentence_start);
    ck_assert_uint_le(words.front().pts, second_sentence_start + 300 * GST_MSECOND);
  }
}

TEST(a_loop_without_a_flush) {
  Player player("domain=asr_is_is");
  player.seek(1, static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT), 0);
  player.play();
  gst_message_unref(player.wait_for(GST_MESSAGE_SEGMENT_DONE));
  player.seek(1, GST_SEEK_FLAG_NONE, 0);
  const std::vector<Text> words = player.words();
  ck_assert_uint_eq(words.size(), 2 * word_count);
  for (size_t i = 0; i < word_count; ++i) {
    assert_text(words[i].text, words[word_count + i].text);
    ck_assert_uint_eq(words[i].pts, words[word_count + i].pts);
  }
}

}  // namespace
