// SPDX-License-Identifier: LGPL-2.1-or-later
/// What gst-plugins-rs' transcriberbin and translationbin do to a transcriber. Debian 12 has
/// neither, so a bin of our own does it here.
#include <map>
#include <string>
#include <vector>

#include <gst/app/app.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_text;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::wait_until;

constexpr const char *english = "Good day. Thank you.";
constexpr const char *icelandic = "Góðan dag. Takk fyrir.";
constexpr GstClockTime of_words = 2580 * GST_MSECOND;

GstElement *make(const char *factory, GstElement *bin) {
  GstElement *element = gst_element_factory_make(factory, nullptr);
  ck_assert_msg(element != nullptr, "%s", factory);
  ck_assert(gst_bin_add(GST_BIN(bin), element));
  return element;
}

/// The text that came to one pad of the transcriber.
class Channel {
 public:
  /// Links a pad to elements that pass text on as transcriberbin has them.
  Channel(GstElement *bin, GstPad *source) : bin_(bin), source_(source) {
    for (const char *factory : {"tee", "queue", "appsink"}) {
      elements_.push_back(make(factory, bin));
    }
    GstCaps *caps = gst_caps_from_string("text/x-raw, format=utf8");
    g_object_set(elements_.back(), "sync", FALSE, "async", FALSE, "caps", caps, nullptr);
    gst_caps_unref(caps);
    ck_assert(gst_element_link_many(elements_[0], elements_[1], elements_[2], nullptr));
    for (GstElement *element : elements_) {
      ck_assert(gst_element_sync_state_with_parent(element));
    }
    GstPad *sink = gst_element_get_static_pad(elements_.front(), "sink");
    ck_assert_int_eq(gst_pad_link(source_, sink), GST_PAD_LINK_OK);
    gst_object_unref(sink);
  }
  Channel(const Channel &) = delete;
  Channel &operator=(const Channel &) = delete;
  ~Channel() {
    GstPad *sink = gst_element_get_static_pad(elements_.front(), "sink");
    gst_pad_unlink(source_, sink);
    gst_object_unref(sink);
    for (GstElement *element : elements_) {
      gst_element_set_state(element, GST_STATE_NULL);
      gst_bin_remove(GST_BIN(bin_), element);
    }
  }

  /// Everything up to the end of the stream.
  std::string text() {
    std::string all;
    while (GstSample *sample = gst_app_sink_pull_sample(GST_APP_SINK(elements_.back()))) {
      GstBuffer *buffer = gst_sample_get_buffer(sample);
      // Elements that wrap text or encode it refuse any without.
      ck_assert(GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_DURATION_IS_VALID(buffer));
      GstMapInfo map;
      ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
      all += (all.empty() ? "" : " ") +
             std::string(reinterpret_cast<const char *>(map.data), map.size);
      gst_buffer_unmap(buffer, &map);
      gst_sample_unref(sample);
    }
    return all;
  }

 private:
  GstElement *const bin_;
  GstPad *const source_;
  std::vector<GstElement *> elements_;
};

/// Treats a transcriber as transcriberbin does: learns its latency, then runs it.
class TranscriberBin {
 public:
  TranscriberBin() : transcriber_(gst_element_factory_make("kyutaistt", nullptr)) {
    gst_object_ref_sink(transcriber_);
    g_object_set(transcriber_, "model", model_folder.c_str(), "max-backlog", 60000U, nullptr);
  }
  TranscriberBin(const TranscriberBin &) = delete;
  TranscriberBin &operator=(const TranscriberBin &) = delete;
  ~TranscriberBin() {
    stop();
    gst_object_unref(transcriber_);
  }

  GstElement *transcriber() { return transcriber_; }

  /// Asks each pad for its latency, in PAUSED, after a source that is live and brings nothing.
  std::vector<GstClockTime> probe(const std::vector<const char *> &languages) {
    GstElement *pipeline = gst_pipeline_new(nullptr);
    GstElement *source = make("appsrc", pipeline);
    g_object_set(source, "is-live", TRUE, nullptr);
    ck_assert(gst_bin_add(GST_BIN(pipeline), transcriber_));
    ck_assert(gst_element_link(source, transcriber_));
    std::vector<GstClockTime> latencies;
    GstPad *transcript = gst_element_get_static_pad(transcriber_, "src");
    ck_assert_int_eq(gst_element_set_state(pipeline, GST_STATE_PAUSED),
                     GST_STATE_CHANGE_NO_PREROLL);
    latencies.push_back(latency_at(pipeline, transcript));
    for (const char *language : languages) {
      GstPad *pad = request(language);
      latencies.push_back(latency_at(pipeline, pad));
      gst_element_release_request_pad(transcriber_, pad);
      gst_object_unref(pad);
    }
    gst_object_unref(transcript);
    ck_assert_int_eq(gst_element_set_state(pipeline, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    ck_assert(gst_bin_remove(GST_BIN(pipeline), transcriber_));
    gst_object_unref(pipeline);
    return latencies;
  }

  void start(const std::vector<const char *> &languages) {
    pipeline_ = gst_pipeline_new(nullptr);
    source_ = make("appsrc", pipeline_);
    GstCaps *caps = gst_caps_from_string(
        "audio/x-raw, format=F32LE, rate=24000, channels=1, layout=interleaved");
    g_object_set(source_, "is-live", TRUE, "format", GST_FORMAT_TIME, "caps", caps, nullptr);
    gst_caps_unref(caps);
    GstElement *queue = make("queue", pipeline_);
    ck_assert(gst_bin_add(GST_BIN(pipeline_), transcriber_));
    ck_assert(gst_element_link_many(source_, queue, transcriber_, nullptr));
    add_channel("transcript");
    for (const char *language : languages) {
      add_channel(language);
    }
    ck_assert_int_ne(gst_element_set_state(pipeline_, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  }

  void stop() {
    if (pipeline_ == nullptr) {
      return;
    }
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    while (!channels_.empty()) {
      remove_channel(channels_.begin()->first);
    }
    gst_bin_remove(GST_BIN(pipeline_), transcriber_);
    gst_clear_object(&pipeline_);
  }

  /// As for its property `translation-languages`: while it runs.
  void add_channel(const std::string &language) {
    GstPad *pad = language == "transcript" ? gst_element_get_static_pad(transcriber_, "src")
                                           : request(language.c_str());
    pads_[language] = pad;
    channels_.try_emplace(language, pipeline_, pad);
  }
  void remove_channel(std::string language) {  // NOLINT(performance-unnecessary-value-param)
    channels_.erase(language);
    if (language != "transcript") {
      gst_element_release_request_pad(transcriber_, pads_[language]);
    }
    gst_object_unref(pads_[language]);
    pads_.erase(language);
  }
  Channel &channel(const char *language) { return channels_.at(language); }

  void push(const std::vector<float> &samples, GstClockTime pts) {
    GstBuffer *buffer = gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float));
    GST_BUFFER_PTS(buffer) = pts;
    ck_assert_int_eq(gst_app_src_push_buffer(GST_APP_SRC(source_), buffer), GST_FLOW_OK);
  }
  void end() { ck_assert_int_eq(gst_app_src_end_of_stream(GST_APP_SRC(source_)), GST_FLOW_OK); }

 private:
  GstPad *request(const char *language) {
    GstPad *pad = gst_element_request_pad_simple(transcriber_, "translate_src_%u");
    ck_assert(pad != nullptr);
    g_object_set(pad, "language-code", language, nullptr);
    return pad;
  }

  static GstClockTime latency_at(GstElement *pipeline, GstPad *pad) {
    GstElement *sink = make("fakesink", pipeline);
    GstPad *sink_pad = gst_element_get_static_pad(sink, "sink");
    ck_assert_int_eq(gst_pad_link(pad, sink_pad), GST_PAD_LINK_OK);
    ck_assert(gst_element_sync_state_with_parent(sink));
    GstQuery *query = gst_query_new_latency();
    ck_assert(gst_pad_peer_query(sink_pad, query));
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    ck_assert(live);
    gst_query_unref(query);
    gst_pad_unlink(pad, sink_pad);
    gst_object_unref(sink_pad);
    gst_element_set_state(sink, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline), sink);
    return least;
  }

  GstElement *transcriber_;
  GstElement *pipeline_ = nullptr;
  GstElement *source_ = nullptr;
  std::map<std::string, GstPad *> pads_;
  std::map<std::string, Channel> channels_;
};

TEST(a_transcriber_bin_learns_the_latency) {
  TranscriberBin bin;
  const std::vector<GstClockTime> latencies = bin.probe({"en", "is-IS"});
  ck_assert_uint_eq(latencies.size(), 3);
  for (const GstClockTime latency : latencies) {
    ck_assert_uint_eq(latency, of_words);
  }
}

TEST(a_transcriber_bin_writes_several_languages) {
  TranscriberBin bin;
  bin.probe({"en"});
  g_object_set(bin.transcriber(), "language-code", "is", "lateness", 0U, nullptr);
  bin.start({"en", "is"});
  bin.push(read_sample("forecast-03.flac"), 0);
  bin.end();
  // The bundled model's default.
  assert_text(bin.channel("transcript").text(), icelandic);
  assert_text(bin.channel("en").text(), english);
  assert_text(bin.channel("is").text(), icelandic);
}

TEST(a_transcriber_bin_may_run_again) {
  TranscriberBin bin;
  for (int round = 0; round < 3; ++round) {
    bin.probe({"en"});
    bin.start({"en"});
    bin.push(read_sample("forecast-03.flac"), 0);
    bin.end();
    assert_text(bin.channel("transcript").text(), icelandic);
    assert_text(bin.channel("en").text(), english);
    bin.stop();
  }
}

TEST(a_transcriber_bin_may_change_its_languages) {
  TranscriberBin bin;
  bin.start({"is"});
  const std::vector<float> audio = read_sample("forecast-03.flac");
  bin.push(audio, 0);
  const auto frames = [&] {
    GstStructure *stats = nullptr;
    g_object_get(bin.transcriber(), "stats", &stats, nullptr);
    guint64 count = 0;
    gst_structure_get_uint64(stats, "frames", &count);
    gst_structure_free(stats);
    return count;
  };
  wait_until([&] { return frames() > 0; });
  bin.remove_channel("is");
  bin.add_channel("en");
  bin.push(audio, 10 * GST_SECOND);
  bin.end();
  assert_text(bin.channel("transcript").text(), std::string(icelandic) + " " + icelandic);
  assert_text(bin.channel("en").text(), english);
}

}  // namespace
