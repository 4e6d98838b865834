// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio that comes while the model is being loaded, which takes as long as a test wants.
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::english;
using kyutaistt::tests::join;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::stat;
using kyutaistt::tests::Text;
using kyutaistt::tests::wait_until;

constexpr size_t rate = 24000;
/// Buffers of 20 ms, as most sources give.
constexpr size_t chunk = rate / 50;
constexpr size_t frame_samples = 1920;

/// Holds up the thread that loads the model, in the message that says it begins, until it is
/// released.
class LoadingHeld {
 public:
  explicit LoadingHeld(Element &element) : bus_(gst_element_get_bus(element.element())) {
    gst_bus_set_sync_handler(bus_, &LoadingHeld::take_message, this, nullptr);
  }
  LoadingHeld(const LoadingHeld &) = delete;
  LoadingHeld &operator=(const LoadingHeld &) = delete;
  ~LoadingHeld() {
    release();
    gst_bus_set_sync_handler(bus_, nullptr, nullptr, nullptr);
    gst_object_unref(bus_);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

 private:
  static GstBusSyncReply take_message(GstBus * /*bus*/, GstMessage *message, gpointer self) {
    GstProgressType type = GST_PROGRESS_TYPE_ERROR;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
      gst_message_parse_progress(message, &type, nullptr, nullptr);
    }
    if (type == GST_PROGRESS_TYPE_START) {
      auto *held = static_cast<LoadingHeld *>(self);
      std::unique_lock lock(held->mutex_);
      held->changed_.wait(lock, [held] { return held->is_released_; });
    }
    return GST_BUS_PASS;
  }

  GstBus *const bus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_released_ = false;
};

/// A live element whose model is not loaded before `loading` lets it.
struct LiveElement {
  explicit LiveElement(const std::string &properties)
      : element("text/x-raw, format=utf8", "domain=asr_is_en " + properties), loading(element) {
    gst_harness_set_upstream_latency(element.harness(), 0);
    gst_harness_set_live(element.harness(), TRUE);
    element.start_audio();
  }

  Element element;
  LoadingHeld loading;
};

GstClockTime length_of(const std::vector<float> &audio) {
  return audio.size() * GST_SECOND / rate;
}

TEST(live_audio_does_not_wait_for_the_model) {
  LiveElement live("max-backlog=60000");
  const std::vector<float> audio = read_sample("forecast-01.flac");
  // A push that waited would wait for ever.
  ck_assert_int_eq(live.element.push(audio, 0, chunk), GST_FLOW_OK);
  ck_assert_uint_eq(stat(live.element, "queued"), length_of(audio));
  live.loading.release();
  live.element.finish();
  assert_text(live.element.take_text(), english);
  ck_assert_uint_eq(stat(live.element, "dropped-frames"), 0);
  ck_assert_int_eq(live.element.count(GST_MESSAGE_QOS), 0);
}

TEST(of_live_audio_the_newest_is_kept) {
  LiveElement live("max-backlog=3000");
  const std::vector<float> silence(10 * rate);
  const std::vector<float> audio = read_sample("forecast-03.flac");
  ck_assert_uint_lt(length_of(audio), 3 * GST_SECOND);
  ck_assert_int_eq(live.element.push(silence, 0, chunk), GST_FLOW_OK);
  ck_assert_int_eq(live.element.push(audio, 10 * GST_SECOND, chunk), GST_FLOW_OK);
  const guint64 samples = silence.size() + audio.size();
  const guint64 dropped = (samples - 3 * rate + frame_samples - 1) / frame_samples;
  ck_assert_uint_eq(stat(live.element, "dropped-frames"), dropped);
  ck_assert_uint_eq(stat(live.element, "queued"),
                    (samples - dropped * frame_samples) * GST_SECOND / rate);
  live.loading.release();
  live.element.finish();
  const std::vector<Text> words = live.element.take();
  assert_text(join(words), "Good day. Thank you.");
  ck_assert_uint_ge(words.front().pts, 10 * GST_SECOND);
  ck_assert(words.front().discont);

  GstMessage *message = live.element.wait_for(GST_MESSAGE_QOS);
  GstFormat format = GST_FORMAT_UNDEFINED;
  guint64 told = 0;
  guint64 duration = 0;
  guint64 timestamp = 1;
  gst_message_parse_qos_stats(message, &format, nullptr, &told);
  gst_message_parse_qos(message, nullptr, nullptr, nullptr, &timestamp, &duration);
  gst_message_unref(message);
  ck_assert_uint_eq(told, dropped);
  ck_assert_uint_eq(duration, dropped * 80 * GST_MSECOND);
  ck_assert_uint_eq(timestamp, 0);
  ck_assert_int_eq(live.element.count(GST_MESSAGE_QOS), 0);
}

TEST(what_one_buffer_brings_stays_whole) {
  LiveElement live("max-backlog=1000");
  const std::vector<float> audio = read_sample("forecast-01.flac");
  ck_assert_int_eq(live.element.push(audio, 0, audio.size()), GST_FLOW_OK);
  ck_assert_uint_eq(stat(live.element, "queued"), length_of(audio));
  ck_assert_uint_eq(stat(live.element, "dropped-frames"), 0);
}

TEST(events_keep_their_place) {
  LiveElement live("max-backlog=60000");
  const std::vector<float> audio = read_sample("forecast-03.flac");
  ck_assert_int_eq(live.element.push(audio, 0, chunk), GST_FLOW_OK);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  live.element.push_event(gst_event_new_segment(&segment));
  ck_assert_int_eq(live.element.push(audio, 100 * GST_SECOND, chunk), GST_FLOW_OK);
  live.loading.release();
  live.element.finish();
  const std::vector<Text> words = live.element.take();
  assert_text(join(words), "Good day. Thank you. Good day. Thank you.");
  ck_assert_uint_lt(words[3].pts, 3 * GST_SECOND);
  ck_assert_uint_ge(words[4].pts, 100 * GST_SECOND);
}

TEST(the_end_waits_for_the_model) {
  LiveElement live("max-backlog=60000");
  ck_assert_int_eq(live.element.push(read_sample("forecast-01.flac"), 0, chunk), GST_FLOW_OK);
  std::thread end([&] { live.element.push_event(gst_event_new_eos()); });
  live.loading.release();
  end.join();
  live.element.finish();
  assert_text(live.element.take_text(), english);
}

TEST(a_source_that_stopped_before_is_heard) {
  LiveElement live("max-backlog=60000");
  ck_assert_int_eq(live.element.push(read_sample("forecast-01.flac"), 0, chunk), GST_FLOW_OK);
  live.loading.release();
  // Nothing more comes, neither audio nor an event.
  gst_harness_set_time(live.element.harness(), 20 * GST_SECOND);
  std::string text;
  wait_until([&] {
    for (const Text &word : live.element.take()) {
      text += (text.empty() ? "" : " ") + word.text;
    }
    return text.size() >= std::string(english).size();
  });
  assert_text(text, english);
}

TEST(a_flush_forgets_what_came_before) {
  LiveElement live("max-backlog=60000");
  ck_assert_int_eq(live.element.push(read_sample("forecast-01.flac"), 0, chunk), GST_FLOW_OK);
  live.element.push_event(gst_event_new_flush_start());
  live.element.push_event(gst_event_new_flush_stop(TRUE));
  ck_assert_uint_eq(stat(live.element, "queued"), 0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  live.element.push_event(gst_event_new_segment(&segment));
  ck_assert_int_eq(live.element.push(read_sample("forecast-03.flac"), 0, chunk), GST_FLOW_OK);
  live.loading.release();
  live.element.finish();
  assert_text(live.element.take_text(), "Good day. Thank you.");
}

TEST(stopping_lets_go_of_an_end_that_waits) {
  LiveElement live("max-backlog=60000");
  ck_assert_int_eq(live.element.push(read_sample("forecast-01.flac"), 0, chunk), GST_FLOW_OK);
  std::thread end([&] { live.element.push_event(gst_event_new_eos()); });
  std::thread stop([&] { gst_element_set_state(live.element.element(), GST_STATE_NULL); });
  // The model is not loaded yet.
  end.join();
  live.loading.release();
  stop.join();
}

}  // namespace
