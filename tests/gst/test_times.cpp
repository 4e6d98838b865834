// SPDX-License-Identifier: LGPL-2.1-or-later
/// Words keep their times, whatever happens to the clock of the audio.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_less;
using kyutaistt::tests::Element;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::Text;
using kyutaistt::tests::to_text;

constexpr int64_t rate = 24000;
constexpr double frame_seconds = 0.08;
/// What the reference reaches itself: 99 % within the first, all within the second.
constexpr double usual_error = 0.16;
constexpr double greatest_error = 0.24;

struct Clip {
  std::string file;
  std::vector<float> samples;
  /// Where each word begins, in seconds.
  std::vector<double> starts;
};

std::vector<Clip> read_clips() {
  std::ifstream file(KYUTAISTT_EXAMPLES_FOLDER "/samples/manifest.json");
  const nlohmann::json manifest = nlohmann::json::parse(file);
  std::vector<Clip> clips;
  for (const auto &entry : manifest.at("clips")) {
    // Those that are recognised without an error: their words can be compared one by one.
    if (entry.at("set") == "forecast") {
      Clip clip;
      clip.file = entry.at("file").get<std::string>();
      clip.samples = read_sample(clip.file);
      clip.starts = entry.at("word_starts_is").get<std::vector<double>>();
      clips.push_back(std::move(clip));
    }
  }
  ck_assert_uint_ge(clips.size(), 8);
  return clips;
}

/// A way to send a clip: pushes it, and says which time a moment of the recording has in the
/// output.
using Way = std::function<std::function<double(double)>(Element &element, const Clip &clip)>;

GstBuffer *make_buffer(const Clip &clip, size_t first, size_t count, double seconds) {
  GstBuffer *buffer = gst_buffer_new_memdup(clip.samples.data() + first, count * sizeof(float));
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
  GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(count, GST_SECOND, rate);
  return buffer;
}

/// Pushes the clip in buffers of 50 ms, each changed by `change`, which may also drop it.
void push_changed(Element &element, const Clip &clip,
                  const std::function<bool(GstBuffer *buffer, double seconds)> &change) {
  constexpr size_t chunk = 1200;
  for (size_t at = 0; at < clip.samples.size(); at += chunk) {
    const size_t count = std::min(chunk, clip.samples.size() - at);
    const double seconds = static_cast<double>(at) / rate;
    GstBuffer *buffer = make_buffer(clip, at, count, seconds);
    if (change(buffer, seconds)) {
      ck_assert_int_eq(gst_harness_push(element.harness(), buffer), GST_FLOW_OK);
    } else {
      gst_buffer_unref(buffer);
    }
  }
}

double same_time(double seconds) {
  return seconds;
}

void push_segment(Element &element, GstClockTime start, GstClockTime base, double segment_rate) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = start;
  segment.base = base;
  segment.rate = segment_rate;
  element.push_event(gst_event_new_segment(&segment));
}

struct NamedWay {
  const char *name;
  Way run;
};

/// The start of the word that the longest time lies before.
double separate_start(const Clip &clip) {
  double longest = 0;
  double start = 0;
  for (size_t i = 1; i < clip.starts.size(); ++i) {
    if (clip.starts[i] - clip.starts[i - 1] > longest) {
      longest = clip.starts[i] - clip.starts[i - 1];
      start = clip.starts[i];
    }
  }
  return start;
}

const std::vector<NamedWay> &ways() {
  static const std::vector<NamedWay> all = {
      {"undisturbed",
       [](Element &element, const Clip &clip) {
         push_changed(element, clip, [](GstBuffer *, double) { return true; });
         return same_time;
       }},
      {"an hour later",
       [](Element &element, const Clip &clip) {
         push_changed(element, clip, [](GstBuffer *buffer, double) {
           GST_BUFFER_PTS(buffer) += 3600 * GST_SECOND;
           return true;
         });
         return [](double seconds) { return seconds + 3600; };
       }},
      {"a segment that begins later, with a base",
       [](Element &element, const Clip &clip) {
         push_segment(element, 10 * GST_SECOND, 7 * GST_SECOND, 1);
         push_changed(element, clip, [](GstBuffer *buffer, double) {
           GST_BUFFER_PTS(buffer) += 10 * GST_SECOND;
           return true;
         });
         return [](double seconds) { return seconds + 10; };
       }},
      {"another rate",
       [](Element &element, const Clip &clip) {
         push_segment(element, 0, 0, 2);
         push_changed(element, clip, [](GstBuffer *, double) { return true; });
         return same_time;
       }},
      {"most timestamps missing",
       [](Element &element, const Clip &clip) {
         int count = 0;
         push_changed(element, clip, [&count](GstBuffer *buffer, double) {
           if (count++ % 7 != 0) {
             GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_NONE;
             GST_BUFFER_DURATION(buffer) = GST_CLOCK_TIME_NONE;
           }
           return true;
         });
         return same_time;
       }},
      {"timestamps that jitter",
       [](Element &element, const Clip &clip) {
         std::mt19937 random(3);
         std::uniform_int_distribution<int> uniform(0, 20);
         push_changed(element, clip, [&](GstBuffer *buffer, double) {
           GST_BUFFER_PTS(buffer) += static_cast<GstClockTime>(uniform(random)) * GST_MSECOND;
           return true;
         });
         return same_time;
       }},
      {"marked as discontinuous all the time",
       [](Element &element, const Clip &clip) {
         int count = 0;
         push_changed(element, clip, [&count](GstBuffer *buffer, double) {
           if (count++ % 5 == 0) {
             GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
           }
           return true;
         });
         return same_time;
       }},
      {"time jumps by five seconds",
       [](Element &element, const Clip &clip) {
         // Recognised starts are a little early: the jump must not lie between the two.
         const double moment = separate_start(clip) - greatest_error;
         push_changed(element, clip, [moment](GstBuffer *buffer, double seconds) {
           GST_BUFFER_PTS(buffer) += seconds >= moment ? 5 * GST_SECOND : 0;
           return true;
         });
         return [moment](double seconds) { return seconds < moment ? seconds : seconds + 5; };
       }},
      {"a packet is lost where nobody speaks",
       [](Element &element, const Clip &clip) {
         const double moment = separate_start(clip) - 0.06;
         push_changed(element, clip, [moment](GstBuffer *, double seconds) {
           return seconds < moment - 0.05 || seconds >= moment;
         });
         return same_time;
       }},
      {"a gap is sent where a packet was lost",
       [](Element &element, const Clip &clip) {
         const double moment = separate_start(clip) - 0.06;
         push_changed(element, clip, [&element, moment](GstBuffer *, double seconds) {
           if (seconds >= moment - 0.05 && seconds < moment) {
             const auto start = static_cast<GstClockTime>(std::llround(seconds * GST_SECOND));
             element.push_event(gst_event_new_gap(start, 50 * GST_MSECOND));
             return false;
           }
           return true;
         });
         return same_time;
       }},
      {"only the first timestamp",
       [](Element &element, const Clip &clip) {
         push_changed(element, clip, [](GstBuffer *buffer, double seconds) {
           GST_BUFFER_PTS(buffer) = seconds > 0 ? GST_CLOCK_TIME_NONE : 30 * GST_SECOND;
           return true;
         });
         return [](double seconds) { return seconds + 30; };
       }},
      {"a flush and a new segment",
       [](Element &element, const Clip &clip) {
         element.push({clip.samples.begin(), clip.samples.begin() + 2 * rate});
         element.push_event(gst_event_new_flush_start());
         element.push_event(gst_event_new_flush_stop(TRUE));
         element.take();
         push_segment(element, 100 * GST_SECOND, 0, 1);
         push_changed(element, clip, [](GstBuffer *buffer, double) {
           GST_BUFFER_PTS(buffer) += 100 * GST_SECOND;
           return true;
         });
         return [](double seconds) { return seconds + 100; };
       }},
      {"a second segment after the first",
       [](Element &element, const Clip &clip) {
         element.push(std::vector<float>(rate));
         push_segment(element, 50 * GST_SECOND, 1 * GST_SECOND, 1);
         push_changed(element, clip, [](GstBuffer *buffer, double) {
           GST_BUFFER_PTS(buffer) += 50 * GST_SECOND;
           return true;
         });
         return [](double seconds) { return seconds + 50; };
       }},
  };
  return all;
}

TEST(every_way_of_breaking_time) {
  const std::vector<Clip> clips = read_clips();
  // Of the undisturbed run, in seconds of the recording.
  std::vector<std::vector<double>> undisturbed(clips.size());
  size_t words = 0;
  size_t usual = 0;
  for (const NamedWay &way : ways()) {
    for (size_t i = 0; i < clips.size(); ++i) {
      const Clip &clip = clips[i];
      Element element("text/x-raw, format=utf8", "domain=asr_is_is");
      element.start_audio();
      const auto expected = way.run(element, clip);
      element.finish();
      const std::vector<Text> texts = element.take();
      const std::string what = std::string(way.name) + ", " + clip.file;
      assert_equal(texts.size(), clip.starts.size(), what);
      for (size_t word = 0; word < texts.size(); ++word) {
        const double found = static_cast<double>(texts[word].pts) / GST_SECOND;
        const double error = std::abs(found - expected(clip.starts[word]));
        ck_assert_msg(error <= greatest_error, "%s: \"%s\" at %g, said at %g", what.c_str(),
                      texts[word].text.c_str(), found, expected(clip.starts[word]));
        usual += error <= usual_error ? 1 : 0;
        ++words;
        if (&way == &ways().front()) {
          undisturbed[i].push_back(found);
        } else {
          const double shift = std::abs(found - expected(undisturbed[i][word]));
          ck_assert_msg(shift <= frame_seconds + 1e-6, "%s: \"%s\" at %g, undisturbed %g",
                        what.c_str(), texts[word].text.c_str(), found,
                        expected(undisturbed[i][word]));
        }
      }
    }
  }
  assert_at_least(static_cast<double>(usual), 0.99 * static_cast<double>(words),
                  "words within " + to_text(usual_error) + " s");
}

/// Where the last of the gaps that came out ends.
GstClockTime last_gap_end(Element &element) {
  GstClockTime end = 0;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event, &start, &duration);
      end = start + duration;
    }
    gst_event_unref(event);
  }
  return end;
}

TEST(three_hours_do_not_drift) {
  // Of a model that takes a moment for them; only the first buffer has a timestamp, the others are
  // counted. What was processed is reported by gaps, to the sample.
  constexpr size_t source_rate = 44100;
  constexpr GstClockTime length = 3 * 3600 * GST_SECOND;
  const std::string caps = "audio/x-raw, format=S16LE, channels=1, layout=interleaved, rate=" +
                           std::to_string(source_rate);
  Element element("text/x-raw, format=utf8", "prompt-tokens=5,6,7,8 pad-steps=2",
                  KYUTAISTT_GOLDEN_FOLDER "/hf-window1");
  element.start_audio(caps.c_str());
  constexpr size_t total = length / GST_SECOND * source_rate;
  // Of no round length in either rate.
  constexpr size_t chunk = 65537;
  const std::vector<int16_t> silence(chunk);
  GstClockTime end = 0;
  for (size_t at = 0; at < total; at += chunk) {
    const size_t count = std::min(chunk, total - at);
    GstBuffer *buffer = gst_buffer_new_memdup(silence.data(), count * sizeof(int16_t));
    GST_BUFFER_PTS(buffer) = at == 0 ? 0 : GST_CLOCK_TIME_NONE;
    ck_assert_int_eq(gst_harness_push(element.harness(), buffer), GST_FLOW_OK);
    end = std::max(end, last_gap_end(element));
    element.take();
  }
  element.finish();
  end = std::max(end, last_gap_end(element));
  const auto drift = static_cast<double>(std::abs(GST_CLOCK_DIFF(length, end))) / GST_SECOND;
  // The last frame is filled up with silence.
  assert_less(drift, frame_seconds, "seconds after three hours");
}

TEST(text_lies_within_its_segment) {
  const Clip clip = read_clips().front();
  const double stop = separate_start(clip);
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.stop = static_cast<guint64>(stop * GST_SECOND);
  element.push_event(gst_event_new_segment(&segment));
  // Nothing but the first buffer says that the last ones are outside.
  push_changed(element, clip, [](GstBuffer *buffer, double seconds) {
    if (seconds > 0) {
      GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_NONE;
    }
    return true;
  });
  element.push_event(gst_event_new_gap(segment.stop - GST_SECOND, 20 * GST_SECOND));
  element.finish();
  const auto said = std::count_if(clip.starts.begin(), clip.starts.end(),
                                  [stop](double start) { return start < stop; });
  const std::vector<Text> texts = element.take();
  ck_assert_uint_eq(texts.size(), static_cast<size_t>(said));
  for (const Text &text : texts) {
    ck_assert_uint_lt(text.pts, segment.stop);
  }
  ck_assert_uint_le(last_gap_end(element), segment.stop);
}

}  // namespace
