// SPDX-License-Identifier: LGPL-2.1-or-later
/// Domain and language that change while the element runs.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_begins;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_has;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::english;
using kyutaistt::tests::icelandic;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::wait_until;

constexpr int word_count = 18;
constexpr size_t rate = 24000;

void assert_domain(Element &element, const char *expected) {
  gchar *domain = nullptr;
  g_object_get(element.element(), "domain", &domain, nullptr);
  ck_assert_str_eq(domain, expected);
  g_free(domain);
}

/// Sets a domain that the model does not have: a warning names it, and those that it has.
void set_wrong_domain(Element &element) {
  g_object_set(element.element(), "domain", "asr_is_fo", nullptr);
  GstMessage *message = element.wait_for(GST_MESSAGE_WARNING);
  GError *error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  assert_contains(error->message, "asr_is_fo");
  assert_contains(error->message, "asr_is_is");
  g_error_free(error);
  gst_message_unref(message);
}

TEST(the_domain_changes_at_once) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio);
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(audio, audio.size() * GST_SECOND / rate);
  element.finish();
  assert_text(element.take_text(), std::string(icelandic) + " " + english);
  const std::vector<std::string> names = element.take_event_names();
  const std::vector<std::string> expected = {"is", "rstranscribe/final-transcript", "en",
                                             "rstranscribe/final-transcript"};
  std::vector<std::string> found;
  for (const std::string &name : names) {
    // A pause within the recording is nothing new here.
    if (found.empty() || found.back() != name) {
      found.push_back(name);
    }
  }
  assert_equal(found, expected);
}

TEST(the_domain_changes_at_a_pause) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is domain-change=pause");
  element.start_audio();
  std::vector<float> audio = read_sample("forecast-01.flac");
  const std::vector<float> once = audio;
  audio.resize(audio.size() + 10 * rate);
  // In the middle of the first sentence.
  const std::vector<float> beginning(audio.begin(), audio.begin() + rate);
  const std::vector<float> rest(audio.begin() + rate, audio.end());
  element.push(beginning);
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(rest, GST_SECOND);
  element.push(once, audio.size() * GST_SECOND / rate);
  element.finish();
  // Where in the silence the new context begins differs, and with it how good its last words are.
  assert_begins(element.take_text(),
                std::string(icelandic) + " Northwest three to five meters per second");
}

/// Waits until so many words were reported, and a pause after them.
void wait_for_pause(Element &element, int words) {
  for (;;) {
    GstMessage *message = element.wait_for(GST_MESSAGE_ELEMENT);
    const bool is_pause =
        gst_structure_has_name(gst_message_get_structure(message), "kyutaistt/pause") != FALSE;
    gst_message_unref(message);
    if (is_pause && words <= 0) {
      return;
    }
    words -= is_pause ? 0 : 1;
  }
}

TEST(a_pause_that_lasts_is_one) {
  Element element("text/x-raw, format=utf8",
                  "domain=asr_is_is domain-change=pause post-words=true post-pauses=true");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  std::vector<float> with_silence = audio;
  with_silence.resize(audio.size() + 6 * rate);
  element.push(with_silence);
  wait_for_pause(element, word_count);
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(audio, with_silence.size() * GST_SECOND / rate);
  element.finish();
  assert_text(element.take_text(), std::string(icelandic) + " " + english);
}

TEST(silence_before_the_first_word_is_a_pause) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is domain-change=pause");
  element.start_audio();
  element.push(std::vector<float>(6 * rate));
  // All of it waits or has been heard: whenever the pause is noticed, the change is where it ends.
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  wait_until([&] {
    const std::vector<std::string> names = element.take_event_names();
    return std::find(names.begin(), names.end(), "en") != names.end();
  });
  element.push(read_sample("forecast-01.flac"), 6 * GST_SECOND);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(between_segments_is_a_pause) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is domain-change=pause");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(audio);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.push_event(gst_event_new_segment(&segment));
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push(audio, 60 * GST_SECOND);
  element.finish();
  assert_text(element.take_text(), std::string(icelandic) + " " + english);
}

TEST(a_flush_is_a_pause) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is domain-change=pause");
  element.start_audio();
  const std::vector<float> audio = read_sample("forecast-01.flac");
  element.push(std::vector<float>(audio.begin(), audio.begin() + rate));
  g_object_set(element.element(), "domain", "asr_is_en", nullptr);
  element.push_event(gst_event_new_flush_start());
  element.push_event(gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  element.push_event(gst_event_new_segment(&segment));
  element.push(audio);
  element.finish();
  assert_text(element.take_text(), english);
}

TEST(a_wrong_domain_is_a_warning) {
  for (const char *when : {"now", "pause"}) {
    Element element("text/x-raw, format=utf8",
                    std::string("domain=asr_is_en domain-change=") + when);
    element.start_audio();
    const std::vector<float> audio = read_sample("forecast-01.flac");
    element.push(audio);
    set_wrong_domain(element);
    assert_domain(element, "asr_is_en");
    element.finish();
    assert_text(element.take_text(), english);
  }
}

TEST(the_language_code_can_be_set) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is language-code=isl");
  element.start_audio();
  element.push(read_sample("forecast-01.flac"));
  g_object_set(element.element(), "language-code", "is-IS", nullptr);
  element.finish();
  const std::vector<std::string> names = element.take_event_names();
  assert_has(names, "isl");
  assert_has(names, "is-IS");
}

/// Brings an element to PAUSED, and holds its model back before it is loaded.
class HeldModel {
 public:
  explicit HeldModel(Element &element) : bus_(gst_element_get_bus(element.element())) {
    gst_bus_set_sync_handler(bus_, &HeldModel::hold, this, nullptr);
    ck_assert_int_eq(gst_element_set_state(element.element(), GST_STATE_PAUSED),
                     GST_STATE_CHANGE_SUCCESS);
  }
  HeldModel(const HeldModel &) = delete;
  HeldModel &operator=(const HeldModel &) = delete;
  ~HeldModel() {
    release();
    gst_bus_set_sync_handler(bus_, nullptr, nullptr, nullptr);
    gst_object_unref(bus_);
  }

  void release() {
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
    }
    changed_.notify_all();
  }

 private:
  static GstBusSyncReply hold(GstBus * /*bus*/, GstMessage *message, gpointer self) {
    GstProgressType type = GST_PROGRESS_TYPE_ERROR;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
      gst_message_parse_progress(message, &type, nullptr, nullptr);
    }
    if (type == GST_PROGRESS_TYPE_START) {
      auto *model = static_cast<HeldModel *>(self);
      std::unique_lock lock(model->mutex_);
      model->changed_.wait(lock, [model] { return model->released_; });
    }
    return GST_BUS_PASS;
  }

  GstBus *bus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
};

/// Pushes a recording in a thread. When this is made, its first buffer waits for the model.
class WaitingAudio {
 public:
  explicit WaitingAudio(Element &element)
      : pad_(element.harness()->srcpad), query_function_(GST_PAD_QUERYFUNC(pad_)) {
    // The element asks about latency on its way to the model.
    gst_pad_set_query_function_full(pad_, &WaitingAudio::note, &asked_, nullptr);
    pusher_ = std::thread([this, &element] { flow_ = element.push(audio_); });
    while (!asked_) {
      g_usleep(1000);
    }
  }
  WaitingAudio(const WaitingAudio &) = delete;
  WaitingAudio &operator=(const WaitingAudio &) = delete;
  ~WaitingAudio() {
    pusher_.join();
    gst_pad_set_query_function(pad_, query_function_);
    ck_assert_int_eq(flow_, GST_FLOW_OK);
  }

 private:
  static gboolean note(GstPad *pad, GstObject *parent, GstQuery *query) {
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) {
      return gst_pad_query_default(pad, parent, query);
    }
    gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
    *static_cast<std::atomic<bool> *>(pad->querydata) = true;
    return TRUE;
  }

  GstPad *const pad_;
  const GstPadQueryFunction query_function_;
  const std::vector<float> audio_ = read_sample("forecast-01.flac");
  std::atomic<bool> asked_ = false;
  GstFlowReturn flow_ = GST_FLOW_ERROR;
  std::thread pusher_;
};

TEST(the_domain_changes_while_the_model_loads) {
  for (const char *when : {"now", "pause"}) {
    Element element("text/x-raw, format=utf8",
                    std::string("domain=asr_is_is domain-change=") + when);
    HeldModel model(element);
    element.start_audio();
    {
      const WaitingAudio audio(element);
      g_object_set(element.element(), "domain", "asr_is_en", nullptr);
      model.release();
    }
    element.finish();
    assert_text(element.take_text(), english);
    std::vector<std::string> languages = element.take_event_names();
    languages.erase(std::remove_if(languages.begin(), languages.end(),
                                   [](const std::string &name) { return name.size() > 2; }),
                    languages.end());
    assert_equal(languages, std::vector<std::string>({"is", "en"}));
  }
}

TEST(a_wrong_domain_while_the_model_loads_is_a_warning) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  HeldModel model(element);
  element.start_audio();
  set_wrong_domain(element);
  assert_domain(element, "asr_is_en");
  {
    const WaitingAudio audio(element);
    set_wrong_domain(element);
    assert_domain(element, "asr_is_en");
    model.release();
  }
  element.finish();
  assert_text(element.take_text(), english);
}

}  // namespace
