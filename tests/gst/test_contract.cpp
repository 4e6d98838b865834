// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a pipeline may do to the element, and what the element says when something is wrong.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <glib/gstdio.h>

#include "gst/harness.h"
#include "gst/throttle.h"
#include "support/suite.h"

namespace {

namespace fs = std::filesystem;

using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_greater;
using kyutaistt::tests::assert_lacks;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::stat;
using kyutaistt::tests::SteppedModel;
using kyutaistt::tests::Text;
using kyutaistt::tests::wait_until;

constexpr const char *english = "Good day. Thank you.";

std::vector<float> short_sample() {
  return read_sample("forecast-03.flac");
}

/// A folder that is gone with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    gchar *made = g_dir_make_tmp("kyutaistt-XXXXXX", nullptr);
    path_ = made;
    g_free(made);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder() { fs::remove_all(path_); }

  const fs::path &path() const { return path_; }
  void copy_model() const {
    for (const auto &file : fs::directory_iterator(model_folder)) {
      fs::copy_file(file, path_ / file.path().filename(), fs::copy_options::overwrite_existing);
    }
  }

 private:
  fs::path path_;
};

/// The element cannot start: one ERROR, whose text has `part` in it.
void assert_cannot_start(Element &element, const char *part) {
  ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_FAILURE);
  GstMessage *message = element.wait_for(GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  ck_assert_msg(strstr(error->message, part) != nullptr, "%s", error->message);
  g_clear_error(&error);
  gst_message_unref(message);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
  gst_element_set_state(element.element(), GST_STATE_NULL);
}

/// The element recognises the short sample.
void assert_works(Element &element) {
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(wrong_models_are_told_at_once) {
  struct Case {
    const char *properties;
    std::string model;
    const char *expected;
  };
  const Case cases[] = {
      {"", "", "set the property"},
      {"", "/nowhere/at/all", "/nowhere/at/all: there is no such model folder"},
      {"", model_folder + "/config.json", "is a file, expected a model folder"},
      {"", "nobody/has-this", "hf download nobody/has-this"},
      {"domain=asr_xx", model_folder, "asr_is_en, asr_is_is"},
      {"prompt-tokens=1,x", model_folder, "expected token ids separated by commas"},
      {"prompt-tokens=1,99999", model_folder, "99999 is out of range"},
  };
  for (const Case &wrong : cases) {
    Element element("text/x-raw, format=utf8", wrong.properties, wrong.model);
    assert_cannot_start(element, wrong.expected);
    // Mended, it works.
    g_object_set(element.element(), "model", model_folder.c_str(), "domain", "asr_is_en",
                 "prompt-tokens", "", nullptr);
    assert_works(element);
  }
}

TEST(a_broken_file_is_told_and_can_be_mended) {
  const TemporaryFolder folder;
  folder.copy_model();
  const fs::path weights = folder.path() / "model.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  Element element("text/x-raw, format=utf8", "domain=asr_is_en", folder.path().string());
  assert_cannot_start(element, "model.safetensors");
  folder.copy_model();
  assert_works(element);
}

TEST(weights_that_are_no_numbers_are_one_error) {
  const TemporaryFolder folder;
  folder.copy_model();
  // The last bytes of the file belong to the last tensor: make them NaN (bfloat16 and f32 alike).
  std::fstream file(folder.path() / "model.safetensors",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-4, std::ios::end);
  file.write("\xFF\x7F\xFF\x7F", 4);
  file.close();
  Element element("text/x-raw, format=utf8", "domain=asr_is_en", folder.path().string());
  element.start_audio();
  // Audio that comes while the model is loading waits, and then finds out.
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_ERROR);
  GstMessage *message = element.wait_for(GST_MESSAGE_ERROR);
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  ck_assert_msg(strstr(error->message, "is not a finite number") != nullptr, "%s", error->message);
  g_clear_error(&error);
  gst_message_unref(message);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

TEST(an_end_without_audio_comes_through) {
  Element element;
  element.start_audio();
  element.finish();
  ck_assert_uint_eq(element.take().size(), 0);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

TEST(segments_that_are_not_time_are_refused) {
  Element element;
  element.push_event(gst_event_new_stream_start("bytes"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  element.push_event(gst_event_new_segment(&segment));
  GstMessage *message = element.wait_for(GST_MESSAGE_ERROR);
  gst_message_unref(message);
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

TEST(audio_outside_of_the_segment_is_not_heard) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 100 * GST_SECOND;
  segment.stop = 110 * GST_SECOND;
  segment.time = 0;
  element.push_event(gst_event_new_segment(&segment));
  ck_assert_int_eq(element.push(short_sample(), 0), GST_FLOW_OK);
  ck_assert_int_eq(element.push(short_sample(), 101 * GST_SECOND), GST_FLOW_OK);
  ck_assert_int_eq(element.push(short_sample(), 200 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  assert_text(kyutaistt::tests::join(words), english);
  ck_assert_uint_ge(words.front().pts, 101 * GST_SECOND);
}

TEST(a_flush_forgets_and_goes_on) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  for (int round = 0; round < 3; ++round) {
    ck_assert_int_eq(element.push(read_sample("forecast-01.flac")), GST_FLOW_OK);
    element.push_event(gst_event_new_flush_start());
    element.push_event(gst_event_new_flush_stop(TRUE));
    element.take();
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.push_event(gst_event_new_segment(&segment));
  }
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  assert_text(kyutaistt::tests::join(words), english);
  ck_assert(words.front().discont);
}

TEST(what_is_about_the_text_does_not_reach_the_audio) {
  Element element;
  element.start_audio();
  GstHarness *harness = element.harness();
  gst_harness_push_upstream_event(harness, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1, 0, 0));
  while (GstEvent *event = gst_harness_try_pull_upstream_event(harness)) {
    ck_assert_int_ne(GST_EVENT_TYPE(event), GST_EVENT_QOS);
    gst_event_unref(event);
  }
}

TEST(a_flush_releases_a_waiting_push) {
  // It stands still: without the flush the push would wait for ever.
  SteppedModel model;
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> minutes(24000 * 600);
  std::thread pusher([&] {
    GstBuffer *buffer = gst_buffer_new_memdup(minutes.data(), minutes.size() * sizeof(float));
    GST_BUFFER_PTS(buffer) = 0;
    ck_assert_int_eq(gst_harness_push(element.harness(), buffer), GST_FLOW_FLUSHING);
  });
  wait_until([&] { return stat(element, "queued") > 0; });
  gst_pad_push_event(element.harness()->srcpad, gst_event_new_flush_start());
  pusher.join();
  gst_pad_push_event(element.harness()->srcpad, gst_event_new_flush_stop(TRUE));
}

TEST(a_flush_releases_a_push_at_any_moment) {
  SteppedModel model;
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  const std::vector<float> minute(24000 * 60);
  GstPad *source = element.harness()->srcpad;
  for (guint round = 0; round < 100; ++round) {
    std::thread pusher([&] { element.push(minute, 0, minute.size()); });
    // Before the push, when it begins, or in the middle of it.
    g_usleep(round * 10);
    gst_pad_push_event(source, gst_event_new_flush_start());
    pusher.join();
    gst_pad_push_event(source, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(source, gst_event_new_segment(&segment));
  }
}

TEST(no_text_task_outlives_its_pad) {
  // Kept, so that no start loads it again.
  const auto engine = kyutaistt::Engine::shared(model_folder);
  assert_ok(engine.status());
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  std::atomic<bool> stops = false;
  std::thread flusher([&] {
    GstPad *source = element.harness()->srcpad;
    while (!stops) {
      gst_pad_push_event(source, gst_event_new_flush_start());
      gst_pad_push_event(source, gst_event_new_flush_stop(TRUE));
    }
  });
  GstPad *text = gst_element_get_static_pad(element.element(), "src");
  for (int round = 0; round < 200; ++round) {
    ck_assert_int_ne(gst_element_set_state(element.element(), GST_STATE_PLAYING),
                     GST_STATE_CHANGE_FAILURE);
    g_usleep(static_cast<gulong>(round % 20) * 50);
    ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_READY),
                     GST_STATE_CHANGE_SUCCESS);
    // Nor is there one a little later, when a flush that was under way has ended.
    g_usleep(500);
    GST_OBJECT_LOCK(text);
    ck_assert(GST_PAD_TASK(text) == nullptr);
    GST_OBJECT_UNLOCK(text);
  }
  stops = true;
  flusher.join();
  gst_object_unref(text);
}

TEST(a_new_segment_waits_for_the_text_before_it) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en lateness=500");
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 50 * GST_SECOND;
  segment.base = 20 * GST_SECOND;
  element.push_event(gst_event_new_segment(&segment));
  ck_assert_int_eq(element.push(short_sample(), 50 * GST_SECOND), GST_FLOW_OK);
  element.finish();
  const std::vector<Text> words = element.take();
  ck_assert_uint_eq(words.size(), 8);
  ck_assert_uint_lt(words[3].pts, 50 * GST_SECOND);
  ck_assert_uint_ge(words[4].pts, 50 * GST_SECOND);
  const GstEvent *sent = gst_pad_get_sticky_event(element.harness()->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment *seen = nullptr;
  gst_event_parse_segment(const_cast<GstEvent *>(sent), &seen);
  ck_assert_uint_eq(seen->base, 20 * GST_SECOND + 500 * GST_MSECOND);
  gst_event_unref(const_cast<GstEvent *>(sent));
}

TEST(starting_and_stopping_any_number_of_times) {
  GstElement *element = gst_element_factory_make("kyutaistt", nullptr);
  g_object_set(element, "model", model_folder.c_str(), nullptr);
  for (int round = 0; round < 10; ++round) {
    ck_assert_int_ne(gst_element_set_state(element, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    if (round % 3 == 0) {
      g_usleep(static_cast<gulong>(round) * 20000);
    }
    ck_assert_int_eq(
        gst_element_set_state(element, round % 2 == 0 ? GST_STATE_NULL : GST_STATE_READY),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}

TEST(latency_is_told_before_anything_else) {
  Element element;
  gst_harness_set_upstream_latency(element.harness(), 100 * GST_MSECOND);
  // Not live: nothing is added.
  ck_assert_uint_eq(gst_harness_query_latency(element.harness()), 100 * GST_MSECOND);
  gst_harness_set_live(element.harness(), TRUE);
  // The model is not loaded yet and no caps have come; its delay is two seconds.
  ck_assert_uint_ge(gst_harness_query_latency(element.harness()), 2180 * GST_MSECOND);
  ck_assert_uint_lt(gst_harness_query_latency(element.harness()), 4000 * GST_MSECOND);
  g_object_set(element.element(), "latency", 1234U, nullptr);
  gst_message_unref(element.wait_for(GST_MESSAGE_LATENCY));
  ck_assert_uint_eq(gst_harness_query_latency(element.harness()), 1334 * GST_MSECOND);
}

TEST(the_text_has_a_stream_and_a_language_of_its_own) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  ck_assert_int_eq(element.push(short_sample()), GST_FLOW_OK);
  element.finish();
  GstEvent *start = gst_pad_get_sticky_event(element.harness()->sinkpad, GST_EVENT_STREAM_START, 0);
  const gchar *id = nullptr;
  gst_event_parse_stream_start(start, &id);
  assert_contains(id, "text");
  gst_event_unref(start);
  GstEvent *tag = gst_pad_get_sticky_event(element.harness()->sinkpad, GST_EVENT_TAG, 0);
  ck_assert(tag != nullptr);
  GstTagList *tags = nullptr;
  gst_event_parse_tag(tag, &tags);
  gchar *language = nullptr;
  ck_assert(gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &language));
  assert_text(language, "en");
  g_free(language);
  gst_event_unref(tag);
}

TEST(elements_with_one_model_share_it) {
  Element first("text/x-raw, format=utf8", "domain=asr_is_en");
  Element second("text/x-raw, format=utf8", "domain=asr_is_en");
  first.start_audio();
  second.start_audio();
  ck_assert_int_eq(first.push(short_sample()), GST_FLOW_OK);
  ck_assert_int_eq(second.push(short_sample()), GST_FLOW_OK);
  GstStructure *stats = nullptr;
  g_object_get(first.element(), "stats", &stats, nullptr);
  gint streams = 0;
  ck_assert(gst_structure_get_int(stats, "streams", &streams));
  ck_assert_int_eq(streams, 2);
  gst_structure_free(stats);
  first.finish();
  second.finish();
  assert_text(first.take_text(), english);
  assert_text(second.take_text(), english);
}

TEST(live_audio_that_comes_too_fast_is_dropped_and_counted) {
  SteppedModel model;
  Element element("text/x-raw, format=utf8", "domain=asr_is_en max-backlog=240");
  gst_harness_set_upstream_latency(element.harness(), 0);
  gst_harness_set_live(element.harness(), TRUE);
  element.start_audio();
  element.wait_for_model();
  const std::vector<float> minute(24000 * 60);
  ck_assert_int_eq(element.push(minute, 0, 480), GST_FLOW_OK);
  // Three frames wait; of the other 747 none is left.
  ck_assert_uint_eq(stat(element, "queued"), 240 * GST_MSECOND);
  ck_assert_uint_eq(stat(element, "dropped-frames"), 747);
  model.release();
  element.finish();
  ck_assert_int_gt(element.count(GST_MESSAGE_QOS), 0);
}

TEST(contexts_are_relayed_as_the_window_demands) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  ck_assert_int_eq(element.push(read_sample("bulletin.flac")), GST_FLOW_OK);
  element.finish();
  // A minute: of contexts of 14 s at most, or of 9.
  const bool is_small = std::getenv("KYUTAISTT_TESTS_MODEL") != nullptr;
  ck_assert_uint_ge(stat(element, "relays"), is_small ? 6 : 3);
}

TEST(every_property_is_described) {
  GstElement *element = gst_element_factory_make("kyutaistt", nullptr);
  guint count = 0;
  GParamSpec **properties = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
  int own = 0;
  for (guint i = 0; i < count; ++i) {
    if (properties[i]->owner_type != G_OBJECT_TYPE(element)) {
      continue;
    }
    ++own;
    assert_greater(strlen(g_param_spec_get_blurb(properties[i])), 20, properties[i]->name);
    // Every value that can be read can be written back.
    if ((properties[i]->flags & G_PARAM_WRITABLE) != 0) {
      GValue value = G_VALUE_INIT;
      g_value_init(&value, properties[i]->value_type);
      g_object_get_property(G_OBJECT(element), properties[i]->name, &value);
      g_object_set_property(G_OBJECT(element), properties[i]->name, &value);
      g_value_unset(&value);
    }
  }
  ck_assert_int_eq(own, 34);
  g_free(properties);
  gst_object_unref(element);
}

TEST(libtorch_is_not_loaded_before_a_model_is_wanted) {
  GstElement *element = gst_element_factory_make("kyutaistt", nullptr);
  gst_element_set_state(element, GST_STATE_READY);
  std::ifstream maps("/proc/self/maps");
  const std::string text((std::istreambuf_iterator<char>(maps)), std::istreambuf_iterator<char>());
  assert_contains(text, "libgstkyutaistt");
  assert_lacks(text, "libtorch");
  assert_lacks(text, "sentencepiece");
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}

}  // namespace
