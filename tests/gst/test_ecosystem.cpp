// SPDX-License-Identifier: LGPL-2.1-or-later
/// Pipelines with the elements that text goes to and audio comes from; docs/pipelines.md has them
/// all. A pipeline whose elements are not installed is left out.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_begins;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::english;
using kyutaistt::tests::icelandic;
using kyutaistt::tests::join;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::run_pipeline;
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;

/// Text comes later than its audio by the model's delay: parallel branches have to wait for it.
const std::string long_queue = "queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! ";

std::string source() {
  return "filesrc location=" + sample("forecast-01.flac") + " ! decodebin ! ";
}

std::string recognise(const std::string &properties) {
  return "kyutaistt model=" + model_folder + " " + properties + " ! ";
}

bool has_elements(const std::vector<const char *> &names) {
  return std::all_of(names.begin(), names.end(), [](const char *name) {
    GstElementFactory *factory = gst_element_factory_find(name);
    if (factory == nullptr) {
      std::printf("left out: there is no element %s\n", name);
      return false;
    }
    gst_object_unref(factory);
    return true;
  });
}

/// A file that is removed with the object.
class File {
 public:
  File() {
    char name[] = "/tmp/kyutaistt-ecosystem-XXXXXX";
    const int descriptor = mkstemp(name);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
    path_ = name;
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  ~File() { unlink(path_.c_str()); }

  const std::string &path() const { return path_; }
  std::string read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
};

/// Runs a pipeline without an appsink to its end.
void run(const std::string &description) {
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(description.c_str(), &error);
  g_assert_no_error(error);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus *bus = gst_element_get_bus(pipeline);
  constexpr GstClockTime patience = 60 * GST_SECOND;
  GstMessage *message = gst_bus_timed_pop_filtered(
      bus, patience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  ck_assert_msg(message != nullptr, "no end: %s", description.c_str());
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, nullptr);
    ck_abort_msg("%s: %s", description.c_str(), error->message);
  }
  gst_message_unref(message);
  gst_object_unref(bus);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

TEST(webvttenc_writes_a_file) {
  if (!has_elements({"webvttenc"})) {
    return;
  }
  const File file;
  run(source() + recognise("text-unit=cue domain=asr_is_en") +
      "text/x-raw ! webvttenc ! filesink location=" + file.path());
  const std::string text = file.read();
  assert_begins(text, "WEBVTT");
  assert_contains(text, "00:00:00.240 --> ");
  assert_contains(one_line(text), "mostly dry.");
}

/// A subtitle track beside the audio, read back.
void check_container(const std::string &mux, const std::string &encoder, const std::string &demux) {
  const File file;
  run(mux + " name=mux ! filesink location=" + file.path() + " " + source() + "tee name=t t. ! " +
      long_queue + "audioconvert ! " + encoder + " ! mux. t. ! queue ! " +
      recognise("text-unit=cue") + "text/x-raw ! mux.");
  const std::vector<Text> cues =
      run_pipeline("filesrc location=" + file.path() + " ! " + demux +
                   " name=d d.subtitle_0 ! queue ! appsink name=out d.audio_0 ! queue ! fakesink");
  std::vector<Text> filled;
  std::copy_if(cues.begin(), cues.end(), std::back_inserter(filled), [](const Text &cue) {
    // qtmux fills the time between cues with empty samples.
    return cue.text.find_first_not_of(std::string("\0 \n", 3)) != std::string::npos;
  });
  ck_assert_uint_eq(filled.size(), 2);
  assert_text(one_line(join(filled)), icelandic);
  // From one to the other: qtmux says where the first begins by an edit list.
  const auto distance = static_cast<int>((filled.back().pts - filled.front().pts) / GST_MSECOND);
  ck_assert_int_ge(distance, 3700);
  ck_assert_int_le(distance, 4000);
}

TEST(matroskamux_keeps_a_subtitle_track) {
  if (has_elements({"matroskamux", "matroskademux", "flacenc"})) {
    check_container("matroskamux", "flacenc", "matroskademux");
  }
}

TEST(qtmux_keeps_a_subtitle_track) {
  if (has_elements({"qtmux", "qtdemux"})) {
    check_container("qtmux", "audio/x-raw,format=S16LE", "qtdemux");
  }
}

/// When the first word of a subtitle track is seen.
GstClockTime first_word_in(const File &file) {
  const std::vector<Text> texts = run_pipeline(
      "filesrc location=" + file.path() +
      " ! qtdemux name=d d.subtitle_0 ! queue ! appsink name=out d.audio_0 ! queue ! fakesink");
  const auto first = std::find_if(texts.begin(), texts.end(), [](const Text &text) {
    return text.text.find("Northwest") != std::string::npos;
  });
  ck_assert(first != texts.end());
  return first->pts;
}

TEST(cues_in_mp4_have_their_time_after_silence) {
  if (!has_elements({"qtmux", "qtdemux"})) {
    return;
  }
  const std::string caps = "audio/x-raw,format=S16LE,rate=24000,channels=1 ! ";
  const File speech;
  run("concat name=all ! wavenc ! filesink location=" + speech.path() +
      " audiotestsrc wave=silence num-buffers=60 samplesperbuffer=2400 ! " + caps +
      "all. filesrc location=" + sample("forecast-01.flac") +
      " ! flacparse ! flacdec ! audioconvert ! audioresample ! " + caps + "all.");
  struct Case {
    const char *mux;
    const char *text;
    int milliseconds;
  };
  // 6 s of silence, and the recording's own 0.24 s.
  for (const Case &way :
       {Case{"fragment-duration=1000", "begin-empty=true", 6240},
        Case{"fragment-duration=1000", "begin-empty=true text-unit=line", 6240},
        Case{"fragment-duration=1000 streamable=true", "begin-empty=true text-unit=cue", 6240},
        Case{"", "begin-empty=true text-unit=cue", 6240},
        // What it is for.
        Case{"fragment-duration=1000", "text-unit=cue", 0}}) {
    const File file;
    run(std::string("qtmux name=mux ") + way.mux + " ! filesink location=" + file.path() +
        " filesrc location=" + speech.path() + " ! wavparse ! tee name=t t. ! " + long_queue +
        "mux. t. ! queue ! " + recognise(std::string("domain=asr_is_en ") + way.text) +
        "text/x-raw ! mux.");
    const auto time = static_cast<int>(first_word_in(file) / GST_MSECOND);
    ck_assert_msg(std::abs(time - way.milliseconds) < 90, "%s, %s: %d ms", way.mux, way.text, time);
  }
}

TEST(textoverlay_and_subtitleoverlay_draw) {
  if (!has_elements({"textoverlay", "videotestsrc"})) {
    return;
  }
  const std::string video =
      "videotestsrc num-buffers=200 ! video/x-raw,width=160,height=120,framerate=25/1 ! ";
  // To the end, with the video waiting for the text (wait-text is on unless it is switched off).
  run(video + "textoverlay name=o ! fakesink " + source() + recognise("text-unit=cue") +
      "text/x-raw ! queue ! o.text_sink");
  run(video + "o.video_sink subtitleoverlay name=o ! videoconvert ! fakesink " + source() +
      recognise("") + "application/x-subtitle-vtt ! queue ! o.subtitle_sink");
}

TEST(a_tee_to_two_domains) {
  const File icelandic_file;
  const File english_file;
  run(source() + "tee name=t t. ! " + long_queue + recognise("domain=asr_is_is") +
      "application/x-subtitle ! filesink location=" + icelandic_file.path() + " t. ! " +
      long_queue + recognise("domain=asr_is_en") +
      "application/x-subtitle ! filesink location=" + english_file.path());
  assert_contains(icelandic_file.read(), "þurrt að kalla.");
  assert_contains(english_file.read(), "mostly dry.");
}

TEST(audio_over_rtp) {
  if (!has_elements({"rtpL16pay", "rtpL16depay"})) {
    return;
  }
  const std::vector<Text> words =
      run_pipeline(source() +
                   "audioconvert ! audioresample ! audio/x-raw,rate=44100,channels=1 ! rtpL16pay ! "
                   "rtpL16depay ! " +
                   recognise("domain=asr_is_en") + "text/x-raw ! appsink name=out");
  assert_text(join(words), english);
}

}  // namespace
