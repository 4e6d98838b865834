// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tests that fail, each while something goes on that would keep the program from ending: what
/// test_failures.py runs.
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "support/suite.h"

#ifdef KYUTAISTT_TESTS_WITH_GSTREAMER
#include "gst/harness.h"
#endif

namespace {

using kyutaistt::tests::assert_equal;

TEST(a_value_differs) {
  assert_equal(std::vector<int>{1, 2, 3}, {1, 4, 3}, "the codes");
}

TEST(a_thread_goes_on) {
  std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  assert_equal(std::chrono::milliseconds(80), std::chrono::seconds(2));
}

TEST(a_thread_fails) {
  std::thread([] { assert_equal(0.5, 0.25); }).join();
}

#ifdef KYUTAISTT_TESTS_WITH_GSTREAMER

TEST(a_pipeline_plays_on) {
  GstElement *pipeline =
      gst_parse_launch("audiotestsrc is-live=true ! fakesink sync=true", nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  ck_assert_int_eq(gst_element_get_state(pipeline, nullptr, nullptr, GST_CLOCK_TIME_NONE),
                   GST_STATE_CHANGE_SUCCESS);
  assert_equal(GST_STATE(pipeline), GST_STATE_READY);
}

TEST(the_element_plays_on) {
  kyutaistt::tests::Element element("text/x-raw, format=utf8", "domain=asr_is_en");
  element.start_audio();
  element.push(kyutaistt::tests::read_sample("forecast-03.flac"));
  assert_equal(element.count(GST_MESSAGE_ERROR), 7);
}

TEST(an_object_is_left) {
  gst_object_ref_sink(gst_element_factory_make("fakesink", "left behind"));
}

#endif

}  // namespace
