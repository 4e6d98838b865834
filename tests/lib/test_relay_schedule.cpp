// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/relay_schedule.h"
#include "support/suite.h"

namespace {

using kyutaistt::ModelInfo;
using kyutaistt::decode::RelaySchedule;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_at_most;
using kyutaistt::tests::assert_equal;

/// A prompt of 16 tokens, a delay of 25 frames, a window of 250.
constexpr int64_t forced = 16;
constexpr int64_t delay = 25;
constexpr int64_t window = 250;

ModelInfo model(int64_t window_frames = window) {
  ModelInfo info;
  info.delay_seconds = 2;
  info.language_model.window = window_frames;
  return info;
}

/// `count` frames with a word in each.
void speak(RelaySchedule &schedule, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    schedule.push(false);
  }
}

void pause(RelaySchedule &schedule, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    schedule.push(true);
  }
}

TEST(a_young_context_stays) {
  RelaySchedule schedule(model(), forced);
  speak(schedule, 60);
  pause(schedule, 40);
  assert_equal(schedule.find(100).has_value(), false);
}

TEST(the_older_the_shorter_a_pause_will_do) {
  struct Row {
    int64_t age;
    int64_t enough;
  };
  for (const Row row : {Row{130, 12}, Row{160, 8}, Row{200, 4}}) {
    RelaySchedule schedule(model(), forced);
    speak(schedule, row.age);
    pause(schedule, row.enough - 1);
    assert_equal(schedule.find(row.age).has_value(), false, "one pad less");
    pause(schedule, 1);
    assert_equal(schedule.find(row.age).has_value(), true, "enough pads");
  }
}

TEST(in_the_middle_of_speech_before_the_prompt_is_out_of_sight) {
  RelaySchedule schedule(model(), forced);
  speak(schedule, 230);
  assert_equal(schedule.find(210).has_value(), false);
  const auto handover = schedule.find(230);
  assert_equal(handover.has_value(), true);
  assert_equal(handover->pause_frame, 230);
  assert_equal(handover->first_frame, 230 - delay);
}

TEST(the_longest_pause_a_while_ago_is_taken) {
  RelaySchedule schedule(model(), forced);
  speak(schedule, 90);
  pause(schedule, 16);  // 90 to 106
  speak(schedule, 5);
  pause(schedule, 3);
  speak(schedule, 20);
  pause(schedule, 12);
  const auto handover = schedule.find(146);
  assert_equal(handover.has_value(), true);
  assert_equal(handover->pause_frame, 98);
  assert_equal(handover->first_frame, 98 - delay);
}

TEST(a_handover_needs_what_is_still_known) {
  RelaySchedule schedule(model(), forced);
  for (int64_t frame = 0; frame < 5000; ++frame) {
    schedule.push(frame % 7 < 4);
    if (const auto handover = schedule.find(240)) {
      assert_at_least(handover->first_frame, schedule.frames() - schedule.max_frames());
      assert_at_least(handover->first_frame, int64_t{0});
      assert_at_most(handover->pause_frame, schedule.frames());
      assert_equal(handover->pause_frame - handover->first_frame, delay);
    }
  }
}

TEST(nothing_of_another_stream_counts) {
  RelaySchedule schedule(model(), forced);
  pause(schedule, 200);
  schedule = RelaySchedule(model(), forced);
  assert_equal(schedule.frames(), int64_t{0});
  speak(schedule, 10);
  assert_equal(schedule.find(150).has_value(), false);
}

TEST(a_small_window_has_no_room) {
  assert_equal(RelaySchedule(model(), forced).has_room(), true);
  assert_equal(RelaySchedule(model(100), forced).has_room(), false);
}

}  // namespace
