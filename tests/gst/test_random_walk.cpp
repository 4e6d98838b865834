// SPDX-License-Identifier: LGPL-2.1-or-later
/// Seeded sequences of everything that can happen to the element, and flushes from another thread.
///
/// KYUTAISTT_RANDOM_WALKS and KYUTAISTT_FLUSHES set how many, e.g. fewer under valgrind.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::Element;
using kyutaistt::tests::read_sample;
using kyutaistt::tests::Text;
using kyutaistt::tests::TextPad;

constexpr int rate = 24000;
constexpr unsigned step_seconds = 100;
constexpr double max_seconds = 1500;

int count_from(const char *variable, int otherwise) {
  const char *text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

/// Looks at all that leaves a pad, in its order: text and GAPs lie within their segment, their
/// times go back only with a new one, and a GAP says nothing of a time that has text.
class TimeKeeper {
 public:
  /// Takes the pad over.
  explicit TimeKeeper(GstPad *pad) : pad_(pad) {
    const auto mask = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH);
    probe_ = gst_pad_add_probe(pad_, mask, look, this, nullptr);
  }
  TimeKeeper(const TimeKeeper &) = delete;
  TimeKeeper &operator=(const TimeKeeper &) = delete;
  ~TimeKeeper() {
    gst_pad_remove_probe(pad_, probe_);
    gst_object_unref(pad_);
  }

  /// What was wrong first, or nothing.
  std::string complaint() const {
    const std::lock_guard lock(mutex_);
    return complaint_;
  }

 private:
  static GstPadProbeReturn look(GstPad * /*pad*/, GstPadProbeInfo *info, gpointer self) {
    auto *keeper = static_cast<TimeKeeper *>(self);
    const std::lock_guard lock(keeper->mutex_);
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
      keeper->take(gst_pad_probe_info_get_buffer(info));
    } else {
      keeper->take(gst_pad_probe_info_get_event(info));
    }
    return GST_PAD_PROBE_OK;
  }

  void take(GstEvent *event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      gst_event_copy_segment(event, &segment_);
      last_ = 0;
      text_end_ = 0;
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
      take_gap(event);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
      gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    }
  }

  void take_gap(GstEvent *event) {
    GstClockTime start = 0;
    gst_event_parse_gap(event, &start, nullptr);
    if (start < text_end_) {
      complain("a gap before the end of the text", start);
    }
    take_time("a gap", start);
  }

  void take(GstBuffer *buffer) {
    const GstClockTime pts = GST_BUFFER_PTS(buffer);
    take_time("a buffer", pts);
    text_end_ = pts + GST_BUFFER_DURATION(buffer);
  }

  void take_time(const std::string &what, GstClockTime pts) {
    if (segment_.format != GST_FORMAT_TIME) {
      complain(what + " without a segment", pts);
    } else if (pts < segment_.start) {
      complain(what + " before its segment's start", pts);
    } else if (GST_CLOCK_TIME_IS_VALID(segment_.stop) && pts > segment_.stop) {
      complain(what + " after its segment's stop", pts);
    } else if (pts < last_) {
      complain(what + " before what came before it", pts);
    }
    last_ = pts;
  }

  void complain(const std::string &what, GstClockTime pts) {
    if (complaint_.empty()) {
      complaint_ = what + ": " + std::to_string(pts) + " after " + std::to_string(last_) +
                   ", segment from " + std::to_string(segment_.start) + " to " +
                   std::to_string(segment_.stop);
    }
  }

  GstPad *pad_;
  gulong probe_ = 0;
  mutable std::mutex mutex_;
  /// Of the pad; undefined where there is none. These four under mutex_.
  GstSegment segment_ = {};
  GstClockTime last_ = 0;
  GstClockTime text_end_ = 0;
  std::string complaint_;
};

/// One walk: an element, where its audio has got to, and what its output must keep to.
class Walk {
 public:
  Walk(unsigned seed, const std::vector<float> &speech)
      : random_(seed),
        speech_(speech),
        element_(pick({"text/x-raw, format=utf8", "application/x-subtitle-vtt",
                       "application/x-subtitle"}),
                 pick({"domain=asr_is_is", "domain=asr_is_en", "domain=asr_is_en text-unit=cue",
                       "domain=asr_is_en text-unit=line",
                       "domain=asr_is_is domain-change=pause post-words=true"})),
        times_(gst_element_get_static_pad(element_.element(), "src")) {
    if (below(2) == 0) {
      request();
    }
    gst_harness_set_live(element_.harness(), below(2) == 0);
    begin();
  }

  void step() {
    // Nothing may take so long: the signal ends the test.
    alarm(step_seconds);
    switch (below(15)) {
      case 0:
        gap();
        break;
      case 1:
        flush();
        break;
      case 2:
        seek();
        break;
      case 3:
        change_caps();
        break;
      case 4:
        g_object_set(element_.element(), "domain", pick({"asr_is_is", "asr_is_en"}), nullptr);
        break;
      case 5:
        end();
        break;
      case 6:
        change_state();
        break;
      case 7:
        relink();
        break;
      case 8:
        change_settings();
        break;
      case 9:
        change_translation();
        break;
      default:
        push();
        break;
    }
    check_output();
    alarm(0);
  }

  void finish() {
    alarm(step_seconds);
    element_.finish();
    if (translation_ && translation_->is_linked) {
      translation_->pad.wait_for_end();
    }
    check_output();
    // Text that arrives after the end is a fault.
    ck_assert(element_.count(GST_MESSAGE_ERROR) == 0 || relinked_);
    alarm(0);
  }

 private:
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }

  const char *pick(std::vector<const char *> choices) {
    return choices[static_cast<size_t>(below(static_cast<int>(choices.size())))];
  }

  bool allowed(GstFlowReturn flow) const {
    return flow == GST_FLOW_OK || (relinked_ && flow == GST_FLOW_NOT_LINKED);
  }

  void begin() {
    // Takes the end away that there may have been.
    element_.push_event(gst_event_new_stream_start("walk"));
    element_.start_audio();
    position_ = 0;
    ended_ = false;
  }

  void push() {
    if (ended_) {
      return;
    }
    const auto first = static_cast<size_t>(below(static_cast<int>(speech_.size()) - rate));
    const auto count = 1 + static_cast<size_t>(below(rate));
    const std::vector<float> part(speech_.begin() + static_cast<std::ptrdiff_t>(first),
                                  speech_.begin() + static_cast<std::ptrdiff_t>(first + count));
    // Sometimes not where the last audio ended.
    position_ += below(4) == 0 ? static_cast<GstClockTime>(below(2000)) * GST_MSECOND : 0;
    const GstFlowReturn flow = element_.push(part, position_, 1 + static_cast<size_t>(below(9600)));
    ck_assert(allowed(flow));
    position_ += count * GST_SECOND / rate;
  }

  void gap() {
    if (ended_) {
      return;
    }
    const GstClockTime length = static_cast<GstClockTime>(below(3000)) * GST_MSECOND;
    element_.push_event(gst_event_new_gap(position_, length));
    position_ += length;
  }

  void flush() {
    element_.push_event(gst_event_new_flush_start());
    element_.push_event(gst_event_new_flush_stop(TRUE));
    new_segment();
  }

  /// As a seek that does not flush brings it: a segment somewhere else.
  void seek() {
    if (!ended_) {
      new_segment();
    }
  }

  void new_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = static_cast<guint64>(below(100)) * GST_SECOND;
    segment.time = segment.start;
    segment.position = segment.start;
    segment.base = static_cast<guint64>(below(10)) * GST_SECOND;
    if (below(4) == 0) {
      segment.stop = segment.start + static_cast<guint64>(1 + below(5)) * GST_SECOND;
    }
    element_.push_event(gst_event_new_segment(&segment));
    position_ = segment.start;
    ended_ = false;
  }

  /// Other audio for a moment.
  void change_caps() {
    if (ended_) {
      return;
    }
    const int other_rate = below(2) == 0 ? 16000 : 48000;
    take_caps(other_rate);
    const auto count = 1 + static_cast<size_t>(below(other_rate));
    GstBuffer *buffer = gst_buffer_new_memdup(speech_.data(), count * sizeof(float));
    GST_BUFFER_PTS(buffer) = position_;
    const GstFlowReturn flow = gst_harness_push(element_.harness(), buffer);
    ck_assert(allowed(flow));
    position_ += count * GST_SECOND / static_cast<GstClockTime>(other_rate);
    take_caps(rate);
  }

  void take_caps(int samples_a_second) {
    GstCaps *caps = gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, "F32LE", "layout",
                                        G_TYPE_STRING, "interleaved", "rate", G_TYPE_INT,
                                        samples_a_second, "channels", G_TYPE_INT, 1, nullptr);
    element_.push_event(gst_event_new_caps(caps));
    gst_caps_unref(caps);
  }

  void end() {
    if (!ended_) {
      element_.push_event(gst_event_new_eos());
      ended_ = true;
    }
  }

  void change_state() {
    const GstState states[] = {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED};
    const GstState state = states[below(3)];
    gst_element_set_state(element_.element(), state);
    ck_assert_int_ne(gst_element_set_state(element_.element(), GST_STATE_PLAYING),
                     GST_STATE_CHANGE_FAILURE);
    if (state != GST_STATE_PAUSED) {
      begin();
    }
  }

  void change_settings() {
    GObject *element = G_OBJECT(element_.element());
    gst_util_set_object_arg(element, "text-unit", pick({"word", "cue", "line"}));
    gst_util_set_object_arg(element, "cue-preset", pick({"bbc", "netflix", "cea-608", "live"}));
    gst_util_set_object_arg(element, "domain-change", pick({"now", "pause"}));
    g_object_set(element, "latency", below(2) * 1000, "language-code", pick({"", "isl"}), nullptr);
  }

  /// Asks for a translation, has it in another language, or takes it away.
  void change_translation() {
    if (!translation_) {
      request();
    } else if (below(2) == 0) {
      g_object_set(translation_->pad.source(), "language-code", pick({"is", "en"}), nullptr);
    } else if (below(3) == 0 && translation_->is_linked) {
      gst_pad_unlink(translation_->pad.source(), translation_->pad.pad());
      translation_->is_linked = false;
    } else {
      translation_.reset();
    }
  }

  void request() {
    translation_ = std::make_unique<Translation>(
        pick({"text/x-raw, format=utf8", "application/x-subtitle-vtt", "application/x-subtitle"}));
    translation_->pad.request_from(element_, pick({"is", "en"}));
    translation_->times.emplace(GST_PAD(gst_object_ref(translation_->pad.source())));
    // Once the end has come, nothing follows that a new pad could learn it from.
    translation_->is_linked = !ended_;
  }

  /// Takes the next element away and gives it back.
  void relink() {
    if (ended_) {
      // An EOS that meets no pad is lost, as everywhere in GStreamer.
      return;
    }
    GstPad *src = gst_element_get_static_pad(element_.element(), "src");
    GstPad *peer = gst_pad_get_peer(src);
    relinked_ = true;
    ck_assert(gst_pad_unlink(src, peer));
    ck_assert_int_eq(gst_pad_link(src, peer), GST_PAD_LINK_OK);
    gst_object_unref(peer);
    gst_object_unref(src);
  }

  void check_output() {
    for (const Text &text : element_.take()) {
      ck_assert(GST_CLOCK_TIME_IS_VALID(text.pts));
      ck_assert(GST_CLOCK_TIME_IS_VALID(text.duration));
      ck_assert(g_utf8_validate(text.text.data(), static_cast<gssize>(text.text.size()), nullptr));
    }
    kyutaistt::tests::assert_text(times_.complaint(), "");
    if (translation_) {
      kyutaistt::tests::assert_text(translation_->times->complaint(), "");
    }
    while (GstEvent *event = gst_harness_try_pull_event(element_.harness())) {
      gst_event_unref(event);
    }
    while (GstEvent *event = gst_harness_try_pull_upstream_event(element_.harness())) {
      gst_event_unref(event);
    }
  }

  struct Translation {
    explicit Translation(const char *caps) : pad(caps) {}

    TextPad pad;
    std::optional<TimeKeeper> times;
    /// Everything comes through, the end included.
    bool is_linked = true;
  };

  std::mt19937 random_;
  const std::vector<float> &speech_;
  Element element_;
  std::unique_ptr<Translation> translation_;
  TimeKeeper times_;
  GstClockTime position_ = 0;
  bool ended_ = false;
  /// The text found nobody for a moment.
  bool relinked_ = false;
};

TEST(random_walks, max_seconds) {
  const std::vector<float> speech = read_sample("forecast-01.flac");
  // Keeps the model loaded from walk to walk.
  Element keeper;
  keeper.start_audio();
  keeper.push(std::vector<float>(rate));
  const int walks = count_from("KYUTAISTT_RANDOM_WALKS", 1000);
  for (int seed = 0; seed < walks; ++seed) {
    // Read when a watchdog ends the test.
    g_setenv("KYUTAISTT_SEED", std::to_string(seed).c_str(), TRUE);
    Walk walk(static_cast<unsigned>(seed), speech);
    for (int step = 0; step < 12; ++step) {
      walk.step();
    }
    walk.finish();
  }
}

TEST(flushes_while_another_thread_pushes, max_seconds) {
  const std::vector<float> speech = read_sample("forecast-01.flac");
  Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  std::atomic<bool> stopping = false;
  // As upstream elements have one: taken for every buffer, and for the end of a flush.
  std::mutex streaming;
  std::thread pusher([&] {
    const std::vector<float> chunk(speech.begin(), speech.begin() + 2400);
    for (GstClockTime position = 0; !stopping; position += 100 * GST_MSECOND) {
      const std::lock_guard lock(streaming);
      const GstFlowReturn flow = element.push(chunk, position);
      ck_assert(flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING);
    }
  });
  const int flushes = count_from("KYUTAISTT_FLUSHES", 10000);
  for (int i = 0; i < flushes; ++i) {
    alarm(step_seconds);
    // From this thread, while the other is somewhere in a push.
    element.push_event(gst_event_new_flush_start());
    const std::lock_guard lock(streaming);
    element.push_event(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    element.push_event(gst_event_new_segment(&segment));
  }
  alarm(0);
  stopping = true;
  pusher.join();
  element.finish();
  ck_assert_int_eq(element.count(GST_MESSAGE_ERROR), 0);
}

}  // namespace
