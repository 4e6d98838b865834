// SPDX-License-Identifier: LGPL-2.1-or-later
/// Elements that share a model: they come and go while others run, and the last one frees it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <kyutaistt/model.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::read_sample;

constexpr size_t rate = 24000;
constexpr const char *english = "Good day. Thank you.";
constexpr const char *icelandic = "Góðan dag. Takk fyrir.";

guint64 steps_of(Element &element) {
  GstStructure *stats = nullptr;
  g_object_get(element.element(), "stats", &stats, nullptr);
  guint64 steps = 0;
  ck_assert(gst_structure_get_uint64(stats, "steps", &steps));
  gst_structure_free(stats);
  return steps;
}

void recognise(Element &element, const std::vector<float> &audio, const char *expected) {
  element.start_audio();
  ck_assert_int_eq(element.push(audio), GST_FLOW_OK);
  element.finish();
  assert_text(element.take_text(), expected);
}

TEST(elements_come_and_go_while_others_run) {
  const std::vector<float> audio = read_sample("forecast-03.flac");
  const auto come_and_go = [&audio](const char *properties, const char *expected) {
    for (int round = 0; round < 10; ++round) {
      Element element("text/x-raw, format=utf8", properties);
      if (round % 3 == 2) {
        // One that leaves in the middle of it.
        element.start_audio();
        element.push({audio.begin(), audio.begin() + rate / 2});
      } else {
        recognise(element, audio, expected);
      }
    }
  };
  // One context that goes on all the time.
  Element staying("text/x-raw, format=utf8", "domain=asr_is_en");
  staying.start_audio();
  ck_assert_int_eq(staying.push({audio.begin(), audio.begin() + rate}), GST_FLOW_OK);
  std::thread in_english(come_and_go, "domain=asr_is_en", english);
  std::thread in_icelandic(come_and_go, "domain=asr_is_is", icelandic);
  for (size_t at = rate; at < audio.size(); at += rate / 50) {
    const size_t end = std::min(at + rate / 50, audio.size());
    ck_assert_int_eq(staying.push({audio.begin() + static_cast<std::ptrdiff_t>(at),
                                   audio.begin() + static_cast<std::ptrdiff_t>(end)},
                                  at * GST_SECOND / rate),
                     GST_FLOW_OK);
    g_usleep(5000);
  }
  in_english.join();
  in_icelandic.join();
  staying.finish();
  assert_text(staying.take_text(), english);
}

TEST(the_last_one_frees_the_model) {
  const std::vector<float> audio = read_sample("forecast-03.flac");
  guint64 steps = 0;
  {
    auto last = std::make_unique<Element>("text/x-raw, format=utf8", "domain=asr_is_en");
    recognise(*last, audio, english);
    // More often than one step has frames, of which audio that is there at once takes several.
    for (int round = 0; round < 10; ++round) {
      steps = steps_of(*last);
      auto next = std::make_unique<Element>("text/x-raw, format=utf8", "domain=asr_is_en");
      recognise(*next, audio, english);
      gst_element_set_state(last->element(), GST_STATE_NULL);
      ck_assert_uint_gt(steps_of(*next), steps);
      last = std::move(next);
    }
  }
  // Loaded anew: it counts from the beginning.
  Element anew("text/x-raw, format=utf8", "domain=asr_is_en");
  recognise(anew, audio, english);
  ck_assert_uint_lt(steps_of(anew), steps);
}

/// The file is mapped into this process.
bool is_mapped(const std::string &path) {
  std::ifstream file("/proc/self/maps");
  const std::string maps((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return maps.find(path) != std::string::npos;
}

TEST(packed_weights_are_mapped_if_asked) {
  gchar *made = g_dir_make_tmp("kyutaistt-XXXXXX", nullptr);
  const std::string folder = std::filesystem::canonical(made);
  g_free(made);
  assert_ok(kyutaistt::quantize_model(model_folder, folder));
  const std::vector<float> audio = read_sample("forecast-03.flac");
  for (const bool mapped : {false, true}) {
    Element element("text/x-raw, format=utf8",
                    mapped ? "domain=asr_is_en packed-weights=mapped" : "domain=asr_is_en", folder);
    recognise(element, audio, english);
    assert_equal(is_mapped(folder + "/model.safetensors"), mapped);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
