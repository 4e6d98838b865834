// SPDX-License-Identifier: LGPL-2.1-or-later
/// `text-unit=line`: the caption with every word, in every format, and in pictures.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gst/app/app.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_begins;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::join;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::run_pipeline;
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;
using kyutaistt::tests::wait_until;

constexpr const char *raw = "text/x-raw, format=utf8";

std::vector<Text> recognise(const std::string &properties, const char *caps = raw) {
  return run_pipeline("filesrc location=" + sample("forecast-01.flac") +
                      " ! decodebin ! kyutaistt domain=asr_is_en model=" + model_folder + " " +
                      properties + " ! " + caps + " ! appsink name=out");
}

/// The words of a text.
std::vector<std::string> words_of(const std::string &text) {
  std::vector<std::string> words(1);
  for (const char letter : text) {
    if (letter == ' ' || letter == '\n') {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

TEST(every_word_brings_the_whole_text) {
  const std::vector<Text> words = recognise("");
  const std::vector<Text> lines = recognise("text-unit=line cue-columns=20");
  auto word = words.begin();
  const Text *before = nullptr;
  for (const Text &text : lines) {
    ck_assert_uint_le(std::count(text.text.begin(), text.text.end(), '\n'), 1);
    ck_assert(GST_CLOCK_TIME_IS_VALID(text.duration) && text.duration > 0);
    if (before == nullptr || before->text != text.text) {
      // A word that is new, with its time.
      ck_assert(word != words.end());
      assert_text(words_of(text.text).back(), word->text);
      ck_assert_uint_eq(text.pts, word->pts);
      ++word;
    }
    if (before != nullptr) {
      ck_assert_uint_eq(text.pts, before->pts + before->duration);
    }
    before = &text;
  }
  ck_assert(word == words.end());
}

TEST(lines_are_consecutive_cues_of_webvtt_and_subrip) {
  const std::vector<Text> texts = recognise("text-unit=line", "application/x-subtitle-vtt");
  assert_text(texts.front().text, "WEBVTT\n\n");
  assert_begins(texts[1].text, "00:00:00.240 --> ");
  assert_contains(texts[1].text, "\nNorthwest\n\n");
  std::string end = "00:00:00.240";
  for (size_t i = 1; i < texts.size(); ++i) {
    assert_begins(texts[i].text, end + " --> ");
    end = texts[i].text.substr(17, 12);
  }
  const std::vector<Text> numbered = recognise("text-unit=line", "application/x-subtitle");
  assert_begins(numbered[0].text, "1\n00:00:00,240 --> ");
  assert_begins(numbered[1].text, "2\n");
  assert_contains(numbered.back().text, "weather.\n\n");
}

TEST(a_pause_clears_the_text_and_gaps_follow) {
  Element element(raw, "domain=asr_is_en text-unit=line cue-max-duration=2000");
  const std::vector<float> speech = read_sample("forecast-01.flac");
  element.start_audio();
  element.push(speech);
  const GstClockTime length = speech.size() * GST_SECOND / 24000;
  element.push(std::vector<float>(size_t{24000} * 8), length);
  element.finish();
  const std::vector<Text> texts = element.take();
  assert_contains(texts.back().text, "weather.");
  const GstClockTime end = texts.back().pts + texts.back().duration;
  ck_assert_uint_gt(end, length);
  ck_assert_uint_lt(end, length + 2 * GST_SECOND);
  GstClockTime position = 0;
  while (GstEvent *event = gst_harness_try_pull_event(element.harness())) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      GstClockTime start = 0;
      GstClockTime duration = 0;
      gst_event_parse_gap(event, &start, &duration);
      // Where text is seen, none says that there is none.
      ck_assert(start + duration <= texts.front().pts || start >= end);
      position = start + duration;
    }
    gst_event_unref(event);
  }
  ck_assert_uint_gt(position, end + 4 * GST_SECOND);
}

TEST(lines_promise_the_latency_of_words) {
  std::map<std::string, GstClockTime> latencies;
  for (const char *unit : {"word", "line", "cue"}) {
    for (const char *caps : {raw, "application/x-subtitle-vtt"}) {
      Element element(caps, std::string("domain=asr_is_en text-unit=") + unit);
      gst_harness_set_upstream_latency(element.harness(), 0);
      gst_harness_set_live(element.harness(), TRUE);
      element.start_audio();
      element.push(read_sample("forecast-03.flac"));
      element.finish();
      latencies[std::string(unit) + " " + caps] = gst_harness_query_latency(element.harness());
    }
  }
  ck_assert_uint_eq(latencies[std::string("line ") + raw], latencies[std::string("word ") + raw]);
  ck_assert_uint_eq(latencies["line application/x-subtitle-vtt"],
                    latencies[std::string("word ") + raw]);
  ck_assert_uint_gt(latencies[std::string("cue ") + raw], latencies[std::string("line ") + raw]);
}

TEST(the_unit_may_change_at_any_time) {
  Element element(raw, "domain=asr_is_en text-unit=line");
  element.start_audio();
  const std::vector<float> speech = read_sample("forecast-01.flac");
  const auto half = speech.begin() + static_cast<std::ptrdiff_t>(speech.size() / 2);
  element.push({speech.begin(), half});
  wait_until([&] { return gst_harness_buffers_received(element.harness()) > 4; });
  const std::vector<Text> lines = element.take();
  gst_util_set_object_arg(G_OBJECT(element.element()), "text-unit", "word");
  const GstClockTime middle = speech.size() / 2 * GST_SECOND / 24000;
  element.push({half, speech.end()}, middle);
  element.finish();
  const std::vector<Text> words = element.take();
  assert_contains(join(lines), "Northwest");
  ck_assert(words_of(words.back().text).size() == 1);
  assert_text(words.back().text, "weather.");
}

/// A pipeline that draws the text of a recording into black pictures, one after the other: each
/// when the text that belongs to it has reached the overlay.
class Drawing {
 public:
  /// `overlay`: elements with the pads of an overlay named "overlay".
  Drawing(const std::string &text_caps, const std::string &overlay, const std::string &text_pad) {
    const std::string description =
        "filesrc location=" + sample("forecast-01.flac") +
        " ! decodebin ! kyutaistt domain=asr_is_en text-unit=line model=" + model_folder + " ! " +
        text_caps + " ! queue ! overlay." + text_pad +
        " appsrc name=video format=time max-buffers=1 block=true "
        "caps=video/x-raw,format=GRAY8,width=320,height=240,framerate=25/1 ! overlay.video_sink " +
        overlay + " ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=out sync=false";
    GError *error = nullptr;
    pipeline_ = gst_parse_launch(description.c_str(), &error);
    g_assert_no_error(error);
    video_ = gst_bin_get_by_name(GST_BIN(pipeline_), "video");
    out_ = gst_bin_get_by_name(GST_BIN(pipeline_), "out");
    g_signal_connect(pipeline_, "deep-element-added", G_CALLBACK(&Drawing::note_element), this);
    watch(gst_bin_get_by_name(GST_BIN(pipeline_), "overlay"));
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
  }
  Drawing(const Drawing &) = delete;
  Drawing &operator=(const Drawing &) = delete;
  ~Drawing() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(video_);
    gst_object_unref(out_);
    gst_object_unref(pipeline_);
  }

  /// Whether there is something bright in the picture at a time.
  bool draws(GstClockTime time) {
    GstBuffer *picture = gst_buffer_new_allocate(nullptr, size_t{320} * 240, nullptr);
    gst_buffer_memset(picture, 0, 0, size_t{320} * 240);
    GST_BUFFER_PTS(picture) = time;
    GST_BUFFER_DURATION(picture) = 40 * GST_MSECOND;
    ck_assert_int_eq(gst_app_src_push_buffer(GST_APP_SRC(video_), picture), GST_FLOW_OK);
    GstSample *drawn = gst_app_sink_pull_sample(GST_APP_SINK(out_));
    ck_assert(drawn != nullptr);
    GstMapInfo map;
    ck_assert(gst_buffer_map(gst_sample_get_buffer(drawn), &map, GST_MAP_READ));
    const bool bright = *std::max_element(map.data, map.data + map.size) > 180;
    gst_buffer_unmap(gst_sample_get_buffer(drawn), &map);
    gst_sample_unref(drawn);
    return bright;
  }

  /// Waits until the overlay has taken text that ends after a time, or there is no more.
  void wait_for_text(GstClockTime time) {
    wait_until([&] { return taken_until_ > time; });
  }

 private:
  static void note_element(GstBin * /*pipeline*/, GstBin * /*bin*/, GstElement *element,
                           Drawing *self) {
    self->watch(GST_ELEMENT(gst_object_ref(element)));
  }

  /// Takes the reference.
  void watch(GstElement *element) {
    GstPad *pad = gst_element_get_static_pad(element, "text_sink");
    if (pad != nullptr) {
      gst_pad_add_probe(pad,
                        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                        &Drawing::note_text, this, nullptr);
      gst_object_unref(pad);
    }
    gst_object_unref(element);
  }

  static GstPadProbeReturn note_text(GstPad * /*pad*/, GstPadProbeInfo *info, gpointer self) {
    auto *drawing = static_cast<Drawing *>(self);
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
      // The overlay holds one text, so the one before has been taken.
      const GstBuffer *text = GST_PAD_PROBE_INFO_BUFFER(info);
      drawing->taken_until_ =
          std::exchange(drawing->offered_until_, GST_BUFFER_PTS(text) + GST_BUFFER_DURATION(text));
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) {
      drawing->taken_until_ = GST_CLOCK_TIME_NONE;
    }
    return GST_PAD_PROBE_OK;
  }

  GstElement *pipeline_;
  GstElement *video_ = nullptr;
  GstElement *out_ = nullptr;
  /// Used by the text's thread only.
  GstClockTime offered_until_ = 0;
  std::atomic<GstClockTime> taken_until_ = 0;
};

bool has_element(const char *name) {
  GstElementFactory *factory = gst_element_factory_find(name);
  if (factory == nullptr) {
    std::printf("left out: there is no element %s\n", name);
    return false;
  }
  gst_object_unref(factory);
  return true;
}

TEST(no_picture_is_without_text_from_the_first_word_to_the_last) {
  struct Case {
    const char *caps;
    const char *overlay;
    const char *text_pad;
  };
  for (const Case &way :
       {Case{raw, "textoverlay name=overlay", "text_sink"},
        Case{"application/x-subtitle-vtt", "subtitleoverlay name=overlay", "subtitle_sink"}}) {
    if (!has_element("textoverlay")) {
      return;
    }
    const std::vector<Text> texts = recognise("text-unit=line");
    const GstClockTime end = texts.back().pts + texts.back().duration;
    Drawing drawing(way.caps, way.overlay, way.text_pad);
    std::vector<GstClockTime> dark;
    for (GstClockTime time = 0; time < end; time += 40 * GST_MSECOND) {
      drawing.wait_for_text(time);
      const bool bright = drawing.draws(time);
      if (time + 40 * GST_MSECOND <= texts.front().pts) {
        ck_assert_msg(!bright, "text in the picture at %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
      } else if (!bright && time >= texts.front().pts) {
        dark.push_back(time);
      }
    }
    ck_assert_msg(dark.empty(), "%s: no text in %zu pictures, first at %" GST_TIME_FORMAT,
                  way.overlay, dark.size(), GST_TIME_ARGS(dark.front()));
  }
}

}  // namespace
