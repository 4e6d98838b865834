// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/timeline.h"
#include "support/suite.h"

namespace {

using kyutaistt::Time;
using kyutaistt::decode::Timeline;
using std::chrono::milliseconds;
using std::chrono::seconds;

void assert_time(Time found, Time expected) {
  ck_assert_int_eq(found.count(), expected.count());
}

TEST(steps_between_and_after_frames) {
  Timeline timeline;
  timeline.reset(seconds(5));
  for (int frame = 0; frame < 10; ++frame) {
    timeline.append(seconds(5) + milliseconds(80) * frame);
  }
  assert_time(timeline.at(0), seconds(5));
  assert_time(timeline.at(2.25), seconds(5) + milliseconds(180));
  assert_time(timeline.at(20), seconds(5) + milliseconds(1600));
  assert_time(timeline.at(-3.5), seconds(5));
}

TEST(nothing_lies_before_the_first_real_sample) {
  Timeline timeline;
  timeline.reset(milliseconds(250));
  timeline.append(Time(0));
  timeline.append(milliseconds(80));
  assert_time(timeline.at(1), milliseconds(250));
  assert_time(timeline.at(4), milliseconds(320));
}

TEST(jumps_are_kept_until_they_are_forgotten) {
  Timeline timeline;
  timeline.reset(Time(0));
  timeline.append(Time(0));
  timeline.append(milliseconds(80));
  timeline.append(seconds(60));
  timeline.append(seconds(60) + milliseconds(80));
  timeline.append(seconds(30));
  assert_time(timeline.at(1.5), milliseconds(120));
  assert_time(timeline.at(2), seconds(60));
  assert_time(timeline.at(3.5), seconds(60) + milliseconds(120));
  assert_time(timeline.at(5), seconds(30) + milliseconds(80));
  timeline.forget_before(3);
  assert_time(timeline.at(3), seconds(60) + milliseconds(80));
  assert_time(timeline.at(4), seconds(30));
}

TEST(the_clock_stands_when_the_audio_has_ended) {
  Timeline timeline;
  timeline.reset(Time(0));
  timeline.append(seconds(60));
  timeline.append(seconds(10));
  timeline.end_audio(seconds(10) + milliseconds(100));
  timeline.append(seconds(10) + milliseconds(80));
  timeline.append(seconds(10) + milliseconds(160));
  // Earlier frames may have later times.
  assert_time(timeline.at(0.5), seconds(60) + milliseconds(40));
  assert_time(timeline.at(1.5), seconds(10) + milliseconds(40));
  assert_time(timeline.at(2.125), seconds(10) + milliseconds(90));
  assert_time(timeline.at(2.5), seconds(10) + milliseconds(100));
  assert_time(timeline.at(30), seconds(10) + milliseconds(100));
  timeline.reset(Time(0));
  timeline.append(Time(0));
  assert_time(timeline.at(30), milliseconds(2400));
}

}  // namespace
