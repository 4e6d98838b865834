// SPDX-License-Identifier: LGPL-2.1-or-later
/// Live sources: they stop, they come too fast for the model, and settings change under way.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "gst/harness.h"
#include "gst/throttle.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_at_most;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_greater;
using kyutaistt::tests::assert_less;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::english;
using kyutaistt::tests::join;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::stat;
using kyutaistt::tests::SteppedModel;
using kyutaistt::tests::Text;
using kyutaistt::tests::Throttle;
using kyutaistt::tests::wait_until;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t rate = 24000;
constexpr size_t frame_samples = 1920;
constexpr size_t word_count = 18;

void make_live(Element &element) {
  gst_harness_set_upstream_latency(element.harness(), 0);
  gst_harness_set_live(element.harness(), TRUE);
}

/// Long enough for the part that notices when a source has stopped to look, which it does every
/// half second; on a busy machine it may look later, and a fault is missed.
void let_it_look() {
  g_usleep(G_USEC_PER_SEC * 12 / 10);
}

/// Waits for as many words as the recording has.
std::vector<Text> take_words(Element &element) {
  std::vector<Text> words;
  wait_until([&] {
    for (Text &word : element.take()) {
      words.push_back(std::move(word));
    }
    return words.size() >= word_count;
  });
  return words;
}

TEST(a_source_that_stops_gets_its_last_words) {
  // A backlog that takes the whole recording at once.
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  const GstClockTime length = audio.size() * GST_SECOND / rate;
  element.push(audio, 0, audio.size());
  gst_harness_set_time(element.harness(), 20 * GST_SECOND);
  std::vector<Text> words = take_words(element);
  assert_text(join(words), english);
  // When it comes back, the words are where they belong.
  constexpr GstClockTime later = 100 * GST_SECOND;
  element.push(audio, later, audio.size());
  gst_harness_set_time(element.harness(), later);
  words = take_words(element);
  ck_assert_uint_eq(words.size(), word_count);
  ck_assert_uint_ge(words.front().pts, later);
  ck_assert_uint_le(words.back().pts, later + length);
  element.finish();
  ck_assert_uint_eq(element.take().size(), 0);
}

/// Pushes a recording to a live element with a slow model, and waits until it has been asked for
/// the last words, as nothing more comes, but has not found them all. What came out so far.
std::vector<Text> stop_a_slow_source(Element &element) {
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio, 0, audio.size());
  gst_harness_set_time(element.harness(), 20 * GST_SECOND);
  // More frames than the recording has: those of the silence that brings the last words out.
  const guint64 pushed = audio.size() / frame_samples;
  wait_until([&] { return stat(element, "frames") > pushed + 1; });
  return element.take();
}

/// Ends the stream; the words before and those that came until then.
std::vector<Text> finish(Element &element, std::vector<Text> words) {
  element.finish();
  for (Text &word : element.take()) {
    words.push_back(std::move(word));
  }
  return words;
}

void advance_clock(Element &element, GstClockTime time) {
  GstTestClock *clock = gst_harness_get_testclock(element.harness());
  gst_test_clock_set_time(clock, std::max(time, gst_clock_get_time(GST_CLOCK(clock))));
  gst_object_unref(clock);
}

/// Pushes a part of a recording in buffers of so many samples, each so much after its end.
void push_live(Element &element, const std::vector<float> &audio, size_t begin, size_t end,
               size_t chunk, GstClockTime late = 0) {
  for (size_t at = begin; at < end; at += chunk) {
    const size_t until = std::min(at + chunk, end);
    advance_clock(element, until * GST_SECOND / rate + late);
    const std::vector<float> samples(audio.begin() + static_cast<std::ptrdiff_t>(at),
                                     audio.begin() + static_cast<std::ptrdiff_t>(until));
    ck_assert_int_eq(element.push(samples, at * GST_SECOND / rate, chunk), GST_FLOW_OK);
  }
}

TEST(a_short_stall_cuts_no_word) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  // In the middle of "meters".
  const size_t stall = audio.size() / 4;
  push_live(element, audio, 0, stall, rate / 50);
  constexpr GstClockTime length = 1600 * GST_MSECOND;
  gst_harness_set_time(element.harness(), stall * GST_SECOND / rate + length);
  let_it_look();
  push_live(element, audio, stall, audio.size(), rate / 50, length);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(a_source_may_bring_much_at_once) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  constexpr size_t chunk = rate * 5 / 2;
  for (size_t at = 0; at < audio.size(); at += chunk) {
    const size_t end = std::min(at + chunk, audio.size());
    // One comes in time and the next a second late.
    push_live(element, audio, at, end, chunk, at / chunk % 2 * GST_SECOND);
    advance_clock(element, end * GST_SECOND / rate + 2500 * GST_MSECOND);
    let_it_look();
    wait_until([&] { return stat(element, "queued") < 80 * GST_MSECOND; });
  }
  element.finish();
  assert_text(element.take_text(), english);
  ck_assert_uint_eq(stat(element, "dropped-frames"), 0);
}

TEST(a_paused_pipeline_has_not_stopped) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  const size_t pause = audio.size() / 4;
  push_live(element, audio, 0, pause, rate / 50);
  gst_element_set_state(element.element(), GST_STATE_PAUSED);
  gst_harness_set_time(element.harness(), 60 * GST_SECOND);
  let_it_look();
  const auto rest = audio.begin() + static_cast<std::ptrdiff_t>(pause);
  element.push({rest, audio.end()}, pause * GST_SECOND / rate, rate / 50);
  gst_element_set_state(element.element(), GST_STATE_PLAYING);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(text_that_waits_holds_no_audio_up) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  GstPad *text = gst_element_get_static_pad(element.element(), "src");
  const gulong block = gst_pad_add_probe(
      text, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
      [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  constexpr int rounds = 4;
  for (int round = 0; round < rounds; ++round) {
    // A push that waits for text waits for ever.
    ck_assert_int_eq(element.push(audio, round * 20 * GST_SECOND, audio.size()), GST_FLOW_OK);
    wait_until([&] { return stat(element, "queued") < GST_SECOND; });
  }
  gst_pad_remove_probe(text, block);
  gst_object_unref(text);
  element.finish();
  ck_assert_uint_ge(element.take().size(), rounds * word_count);
}

TEST(gaps_follow_the_clock_when_no_audio_comes) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio, 0, audio.size());
  gst_harness_set_time(element.harness(), 20 * GST_SECOND);
  assert_text(join(take_words(element)), english);
  constexpr GstClockTime now = 60 * GST_SECOND;
  ck_assert(gst_harness_set_time(element.harness(), now));
  GstClockTime told = 0;
  wait_until([&] {
    while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
      if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
        GstClockTime start = 0;
        GstClockTime duration = 0;
        gst_event_parse_gap(event, &start, &duration);
        told = start + duration;
      }
      gst_event_unref(event);
    }
    return told >= now;
  });
  ck_assert_uint_eq(told, now);
}

TEST(a_long_gap_is_no_backlog) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=20000");
  make_live(element);
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  const GstClockTime length = audio.size() * GST_SECOND / rate;
  ck_assert_int_eq(element.push(audio, 0, audio.size()), GST_FLOW_OK);
  element.push_event(gst_event_new_gap(length, 60 * GST_SECOND));
  wait_until([&] { return stat(element, "queued") == 0; });
  const GstClockTime later = length + 60 * GST_SECOND;
  ck_assert_int_eq(element.push(audio, later, audio.size()), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  assert_text(join(words), std::string(english) + " " + english);
  ck_assert_uint_ge(words[word_count].pts, later);
  ck_assert_uint_eq(stat(element, "dropped-frames"), 0);
  ck_assert_int_eq(element.count(GST_MESSAGE_QOS), 0);
}

TEST(the_end_does_not_overtake_the_last_words) {
  const Throttle throttle(milliseconds(60));
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  const std::vector<Text> words = stop_a_slow_source(element);
  assert_text(join(finish(element, words)), english);
}

TEST(a_segment_does_not_overtake_the_last_words) {
  const Throttle throttle(milliseconds(60));
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  const std::vector<Text> before = stop_a_slow_source(element);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  element.push_event(gst_event_new_segment(&segment));
  const std::vector<Text> words = finish(element, before);
  assert_text(join(words), english);
  ck_assert_uint_lt(words.back().pts, segment.start);
}

TEST(words_become_cues_and_words_again) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  const GstClockTime length = audio.size() * GST_SECOND / rate;
  const auto recognise = [&](int round) {
    element.push(audio, static_cast<GstClockTime>(round) * length);
    // A new segment brings the text out.
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.push_event(gst_event_new_segment(&segment));
    std::vector<Text> texts;
    std::string joined;
    wait_until([&] {
      for (Text &text : element.take()) {
        joined += (joined.empty() ? "" : " ") + text.text;
        std::replace(joined.begin(), joined.end(), '\n', ' ');
        texts.push_back(std::move(text));
      }
      return joined.size() >= std::strlen(english);
    });
    assert_text(joined, english);
    return texts;
  };
  ck_assert_uint_eq(recognise(0).size(), word_count);
  element.count(GST_MESSAGE_LATENCY);
  gst_util_set_object_arg(G_OBJECT(element.element()), "text-unit", "cue");
  // Cues come later than words.
  ck_assert_int_eq(element.count(GST_MESSAGE_LATENCY), 1);
  ck_assert_uint_eq(recognise(1).size(), 2);
  g_object_set(element.element(), "cue-columns", 16, "cue-lines", 1, nullptr);
  for (const Text &text : recognise(2)) {
    ck_assert_uint_le(text.text.size(), 16);
  }
  gst_util_set_object_arg(G_OBJECT(element.element()), "text-unit", "word");
  ck_assert_uint_eq(recognise(3).size(), word_count);
  element.finish();
}

TEST(the_lateness_moves_the_segment) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en lateness=1000");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio);
  g_object_set(element.element(), "lateness", 2500, nullptr);
  element.push(audio, audio.size() * GST_SECOND / rate);
  element.finish();
  std::vector<guint64> bases;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      const GstSegment *segment = nullptr;
      gst_event_parse_segment(event, &segment);
      bases.push_back(segment->base);
    }
    gst_event_unref(event);
  }
  assert_equal(bases, std::vector<guint64>({GST_SECOND, 2500 * GST_MSECOND}));
}

TEST(downstream_asks_for_another_format) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=60000");
  make_live(element);
  element.start_audio();
  const GstClockTime of_words = gst_harness_query_latency(element.harness());
  const std::vector<float> audio = read_sample("forecast-01.flac");
  const GstClockTime length = audio.size() * GST_SECOND / rate;
  element.push(audio);
  // Words must have come, or the first format is never used.
  std::vector<Text> texts;
  wait_until([&] {
    texts = element.take();
    return !texts.empty();
  });
  gst_harness_set_sink_caps_str(element.harness(), "application/x-subtitle-vtt");
  gst_pad_push_event(element.harness()->sinkpad, gst_event_new_reconfigure());
  element.push(audio, length);
  texts = finish(element, texts);
  const auto header = std::find_if(texts.begin(), texts.end(),
                                   [](const Text &text) { return text.text == "WEBVTT\n\n"; });
  ck_assert(header != texts.begin());
  ck_assert(header != texts.end());
  ck_assert(std::none_of(texts.begin(), header, [](const Text &text) {
    return text.text.find("-->") != std::string::npos;
  }));
  ck_assert_int_ge(texts.end() - header, 3);
  ck_assert(std::all_of(header + 1, texts.end(), [](const Text &text) {
    return text.text.find("-->") != std::string::npos && text.text.ends_with("\n\n");
  }));
  // Cues wait until they are whole.
  ck_assert_uint_gt(gst_harness_query_latency(element.harness()), of_words + GST_SECOND);
}

/// Memory of this process that is in use, in bytes; unknown where a sanitizer keeps what was freed.
int64_t resident_memory() {
#ifdef __SANITIZE_ADDRESS__
  return 0;
#else
  std::ifstream file("/proc/self/statm");
  int64_t all = 0;
  int64_t resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
#endif
}

/// Feeds an element the same recording again and again. Time is the audio's: for every frame of it
/// the model takes so many steps and stands still then, so that a push that waited for the model
/// would wait for ever.
class LiveSource {
 public:
  LiveSource(Element &element, SteppedModel &model)
      : element_(element), model_(model), audio_(read_sample("forecast-01.flac")) {}

  void feed(seconds length, double steps_per_frame) {
    constexpr size_t chunk = rate / 50;
    const size_t end = samples_ + static_cast<size_t>(length.count()) * rate;
    while (samples_ < end) {
      std::vector<float> samples(chunk);
      for (size_t i = 0; i < chunk; ++i) {
        samples[i] = audio_[(samples_ + i) % audio_.size()];
      }
      ck_assert_int_eq(element_.push(samples, samples_ * GST_SECOND / rate, chunk), GST_FLOW_OK);
      samples_ += chunk;
      max_queued_ = std::max(max_queued_, stat(element_, "queued"));
      owed_steps_ += steps_per_frame * chunk / frame_samples;
      if (owed_steps_ >= 1) {
        model_.run(static_cast<int>(owed_steps_));
        owed_steps_ -= std::floor(owed_steps_);
      }
      take_output();
    }
  }

  /// Waits until the output lags the input by no more than this.
  void wait_for_lag(GstClockTimeDiff longest) {
    wait_until([&] {
      take_output();
      return lag() <= longest;
    });
  }

  /// By how much the output lags the input.
  GstClockTimeDiff lag() const { return GST_CLOCK_DIFF(reached_, samples_ * GST_SECOND / rate); }
  guint64 max_queued() const { return max_queued_; }
  size_t words() const { return words_; }
  size_t discontinuities() const { return discontinuities_; }

 private:
  void take_output() {
    for (const Text &text : element_.take()) {
      ck_assert_uint_ge(text.pts, last_word_);
      last_word_ = text.pts;
      reached_ = std::max(reached_, text.pts);
      ++words_;
      discontinuities_ += text.discont ? 1 : 0;
    }
    while (GstEvent *event = gst_harness_try_pull_event(element_.harness())) {
      if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
        GstClockTime start = 0;
        GstClockTime duration = 0;
        gst_event_parse_gap(event, &start, &duration);
        reached_ = std::max(reached_, start + duration);
      }
      gst_event_unref(event);
    }
  }

  Element &element_;
  SteppedModel &model_;
  const std::vector<float> audio_;
  size_t samples_ = 0;
  double owed_steps_ = 0;
  GstClockTime reached_ = 0;
  GstClockTime last_word_ = 0;
  guint64 max_queued_ = 0;
  size_t words_ = 0;
  size_t discontinuities_ = 0;
};

TEST(an_overload_passes) {
  // KYUTAISTT_OVERLOAD_SECONDS=300 for the whole of it.
  const char *wanted = std::getenv("KYUTAISTT_OVERLOAD_SECONDS");
  const seconds length(wanted == nullptr ? 12 : std::atoi(wanted));
  constexpr milliseconds frame(80);
  SteppedModel model;
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  make_live(element);
  element.start_audio();
  element.wait_for_model();
  LiveSource source(element, model);
  // The model's delay of two seconds, and what its words need.
  constexpr GstClockTimeDiff usual_lag = 3 * GST_SECOND;
  source.feed(seconds(5), 2);
  source.wait_for_lag(usual_lag);
  ck_assert_uint_eq(stat(element, "dropped-frames"), 0);
  source.feed(length / 2, 0.5);
  const int64_t memory_before = resident_memory();
  source.feed(length / 2, 0.5);
  assert_greater(source.lag(), usual_lag);
  // What waited never was more than the backlog and the buffer that reached into it.
  assert_at_most(source.max_queued(), 2000 * GST_MSECOND);
  assert_less(resident_memory() - memory_before, 4 << 20);
  source.feed(seconds(5), 2);
  source.wait_for_lag(usual_lag);
  assert_less(stat(element, "queued"), GST_SECOND);
  model.release();
  element.finish();

  // Half of the frames were dropped, less the backlog, and each is counted.
  const guint64 dropped = stat(element, "dropped-frames");
  const auto overloaded = static_cast<guint64>(length / frame);
  const guint64 fewest = overloaded / 2 - 25;
  assert_at_least(dropped, fewest);
  assert_at_most(dropped, fewest + 5);
  guint64 told = 0;
  GstClockTime told_duration = 0;
  GstBus *bus = gst_element_get_bus(element.element());
  while (GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_QOS)) {
    GstFormat format = GST_FORMAT_UNDEFINED;
    GstClockTime duration = 0;
    gst_message_parse_qos_stats(message, &format, nullptr, &told);
    gst_message_parse_qos(message, nullptr, nullptr, nullptr, nullptr, &duration);
    ck_assert_int_eq(format, GST_FORMAT_BUFFERS);
    told_duration += duration;
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  ck_assert_uint_eq(told, dropped);
  ck_assert_uint_eq(told_duration, dropped * 80 * GST_MSECOND);
  ck_assert_uint_gt(source.discontinuities(), 1);
  // It did recognise meanwhile.
  ck_assert_uint_gt(source.words(), word_count);
}

}  // namespace
