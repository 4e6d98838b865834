// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element turns sound into the right words, however the sound comes.
#include <algorithm>
#include <cmath>

#include <gst/audio/audio.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_greater;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::english;
using kyutaistt::tests::icelandic;
using kyutaistt::tests::join;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::run_pipeline;
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;

std::string launch(const std::string &before, const std::string &properties) {
  return "filesrc location=" + sample("forecast-01.flac") + " ! decodebin ! audioconvert ! " +
         before + " kyutaistt model=" + model_folder + " " + properties + " ! ";
}

/// Cues with line breaks as spaces.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

TEST(both_languages_as_words) {
  assert_text(join(run_pipeline(launch("", "domain=asr_is_is") + "text/x-raw ! appsink name=out")),
              icelandic);
  assert_text(join(run_pipeline(launch("", "domain=asr_is_en") + "text/x-raw ! appsink name=out")),
              english);
}

TEST(words_have_times) {
  // Starts of the words in the recording, in milliseconds.
  const int starts[] = {217,  824,  1247, 1515, 1742, 2117, 2231, 2841, 3306,
                        3479, 4122, 4482, 4867, 5135, 5654, 6042, 6156, 6765};
  const auto words = run_pipeline(launch("", "domain=asr_is_is") + "text/x-raw ! appsink name=out");
  ck_assert_uint_eq(words.size(), std::size(starts));
  GstClockTime last = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    ck_assert(GST_CLOCK_TIME_IS_VALID(words[i].pts));
    ck_assert(GST_CLOCK_TIME_IS_VALID(words[i].duration));
    assert_greater(words[i].duration, 0);
    ck_assert_uint_ge(words[i].pts, last);
    last = words[i].pts;
    const auto found = static_cast<int>(words[i].pts / GST_MSECOND);
    ck_assert_msg(std::abs(found - starts[i]) <= 240, "%s at %d, said at %d", words[i].text.c_str(),
                  found, starts[i]);
  }
}

TEST(any_raw_audio_gives_the_same_words) {
  for (const char *caps :
       {"audio/x-raw,format=S16LE,rate=24000", "audio/x-raw,format=S16BE,rate=48000,channels=2",
        "audio/x-raw,format=S24LE,rate=44100,channels=1", "audio/x-raw,format=F64LE,rate=96000",
        "audio/x-raw,format=U8,rate=32000",
        "audio/x-raw,format=F32LE,rate=48000,channels=2,layout=non-interleaved",
        "audio/x-raw,format=S32LE,rate=16000,channels=6,channel-mask=(bitmask)0x3f"}) {
    const auto words = run_pipeline(
        launch("audioresample ! audioconvert ! " + std::string(caps) + " !", "domain=asr_is_en") +
        "text/x-raw ! appsink name=out");
    assert_equal(join(words), english, caps);
  }
}

TEST(cues_through_subparse) {
  for (const char *caps : {"application/x-subtitle-vtt", "application/x-subtitle"}) {
    const auto cues = run_pipeline(launch("", "domain=asr_is_is") + caps +
                                   " ! subparse ! text/x-raw ! appsink name=out");
    ck_assert_uint_eq(cues.size(), 2);
    assert_text(one_line(join(cues)), icelandic);
    for (const Text &cue : cues) {
      ck_assert(GST_CLOCK_TIME_IS_VALID(cue.pts));
      ck_assert(GST_CLOCK_TIME_IS_VALID(cue.duration));
    }
  }
}

TEST(raw_cues) {
  const auto cues =
      run_pipeline(launch("", "domain=asr_is_en text-unit=cue") + "text/x-raw ! appsink name=out");
  ck_assert_uint_eq(cues.size(), 2);
  assert_text(one_line(join(cues)), english);
}

TEST(gaps_fill_the_time_between) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  ck_assert_int_eq(element.push(read_sample("forecast-01.flac")), GST_FLOW_OK);
  element.finish();
  GstClockTime position = 0;
  int gaps = 0;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event, &start, &duration);
      ck_assert_uint_ge(start, position);
      position = start + duration;
      ++gaps;
    }
    gst_event_unref(event);
  }
  ck_assert_int_gt(gaps, 10);
  // The recording's end was reached, and not passed by more than its silence.
  ck_assert_uint_ge(position, 7700 * GST_MSECOND);
  ck_assert_uint_le(position, 9000 * GST_MSECOND);
}

TEST(buffers_of_one_sample) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  std::vector<float> samples = read_sample("forecast-03.flac");
  ck_assert_int_eq(element.push(samples, 0, 1), GST_FLOW_OK);
  element.finish();
  assert_text(element.take_text(), "Good day. Thank you.");
}

TEST(timestamps_place_the_words) {
  // The same recording twice, the second time after a hole of a minute.
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> samples = read_sample("forecast-03.flac");
  ck_assert_int_eq(element.push(samples), GST_FLOW_OK);
  // Enough silence for the first words to come out.
  ck_assert_int_eq(element.push(std::vector<float>(72000), 10 * GST_SECOND), GST_FLOW_OK);
  ck_assert_int_eq(element.push(samples, 70 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  ck_assert_uint_ge(words.size(), 8);
  ck_assert_uint_lt(words[3].pts, 3 * GST_SECOND);
  for (size_t i = words.size() - 4; i < words.size(); ++i) {
    ck_assert_uint_ge(words[i].pts, 70 * GST_SECOND);
    ck_assert_uint_lt(words[i].pts, 73 * GST_SECOND);
  }
}

TEST(caps_that_change_in_mid_stream) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> samples = read_sample("forecast-01.flac");
  const size_t half = samples.size() / 2;
  ck_assert_int_eq(
      element.push({samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(half)}),
      GST_FLOW_OK);
  // The second half comes in stereo.
  gst_harness_set_src_caps_str(element.harness(),
                               "audio/x-raw, format=F32LE, rate=24000, channels=2, "
                               "layout=interleaved, channel-mask=(bitmask)0x3");
  std::vector<float> stereo;
  for (size_t i = half; i < samples.size(); ++i) {
    stereo.push_back(samples[i]);
    stereo.push_back(samples[i]);
  }
  GstBuffer *buffer = gst_buffer_new_memdup(stereo.data(), stereo.size() * sizeof(float));
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(half, GST_SECOND, 24000);
  ck_assert_int_eq(gst_harness_push(element.harness(), buffer), GST_FLOW_OK);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(silence_instead_of_audio_brings_the_words_out) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> samples = read_sample("forecast-03.flac");
  ck_assert_int_eq(element.push(samples), GST_FLOW_OK);
  const GstClockTime end = gst_util_uint64_scale(samples.size(), GST_SECOND, 24000);
  element.push_event(gst_event_new_gap(end, 4 * GST_SECOND));
  // Without any end of the stream.
  for (int i = 0; i < 4; ++i) {
    GstBuffer *word = gst_harness_pull(element.harness());
    ck_assert(word != nullptr);
    gst_buffer_unref(word);
  }
}

TEST(another_domain_while_playing) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> samples = read_sample("forecast-03.flac");
  const GstClockTime length = gst_util_uint64_scale(samples.size(), GST_SECOND, 24000);
  ck_assert_int_eq(element.push(samples), GST_FLOW_OK);
  g_object_set(element.element(), "domain", "asr_is_is", nullptr);
  ck_assert_int_eq(element.push(samples, length), GST_FLOW_OK);
  // A wrong one is reported, and changes nothing.
  g_object_set(element.element(), "domain", "asr_xx", nullptr);
  GstMessage *warning = element.wait_for(GST_MESSAGE_WARNING);
  GError *error = nullptr;
  gst_message_parse_warning(warning, &error, nullptr);
  assert_contains(error->message, "asr_is_en, asr_is_is");
  g_clear_error(&error);
  gst_message_unref(warning);
  gchar *domain = nullptr;
  g_object_get(element.element(), "domain", &domain, nullptr);
  assert_text(domain, "asr_is_is");
  g_free(domain);
  ck_assert_int_eq(element.push(samples, 2 * length), GST_FLOW_OK);
  element.finish();
  const std::string text = element.take_text();
  ck_assert_msg(text.starts_with("Good day. Thank you. Góðan dag. Takk fyrir."), "%s",
                text.c_str());
}

}  // namespace
