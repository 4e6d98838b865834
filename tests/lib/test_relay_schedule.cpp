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
/// Ages at which a context still stays, may end at a long pause, and ends at any moment.
constexpr int64_t young = 50;
constexpr int64_t middling = 80;
constexpr int64_t old = 150;

/// Decibels.
constexpr float loud = -20;
constexpr float silent = -100;
constexpr float quiet = loud - 40;

ModelInfo model(int64_t window_frames = window) {
  ModelInfo info;
  info.delay_seconds = 2;
  info.language_model.window = window_frames;
  return info;
}

/// A schedule that has heard some speech.
struct Listening {
  RelaySchedule schedule{model(), forced};

  Listening() { hear(30, loud, young); }

  /// Whether a fresh context is to begin with the last of these frames.
  bool hear(int64_t count, float level, int64_t age) {
    bool begins = false;
    for (int64_t i = 0; i < count; ++i) {
      begins = schedule.hear(level, age);
    }
    return begins;
  }
};

TEST(a_young_context_stays) {
  Listening listening;
  assert_equal(listening.hear(10, silent, young), false);
  assert_equal(listening.hear(1, silent, middling), true);
}

TEST(a_fresh_context_begins_in_a_pause_of_the_voice) {
  Listening listening;
  assert_equal(listening.hear(5, loud, middling), false);
  // A long stop within a word is as quiet for one frame.
  assert_equal(listening.hear(1, silent, middling), false);
  assert_equal(listening.hear(1, silent, middling), true);
}

TEST(the_older_the_less_of_a_pause_will_do) {
  Listening listening;
  assert_equal(listening.hear(5, quiet, middling), false);
  assert_equal(listening.hear(5, quiet, old - 25), true);
  assert_equal(listening.hear(1, loud, old - 25), false);
  assert_equal(listening.hear(1, loud, old), true);
}

TEST(one_at_a_time) {
  Listening listening;
  assert_equal(listening.hear(2, silent, middling), true);
  listening.schedule.begin();
  assert_equal(listening.hear(2, silent, old), false);
  listening.schedule.end();
  assert_equal(listening.hear(1, silent, old), true);
}

TEST(the_text_is_about_what_both_hear_after_the_delay) {
  Listening listening;
  assert_equal(listening.hear(2, silent, middling), true);
  listening.schedule.begin();
  listening.hear(delay - 1, loud, middling);
  assert_equal(listening.schedule.shares_audio(), false);
  listening.hear(1, loud, middling);
  assert_equal(listening.schedule.shares_audio(), true);
}

TEST(it_takes_over_with_a_history) {
  Listening listening;
  assert_equal(listening.hear(2, silent, middling), true);
  listening.schedule.begin();
  int64_t frames = 0;
  while (!listening.schedule.can_take_over()) {
    listening.hear(1, loud, middling);
    ++frames;
    assert_at_most(frames, window);
  }
  assert_at_least(frames, delay + 10);
  listening.schedule.end();
  assert_equal(listening.schedule.can_take_over(), false);
  assert_equal(listening.schedule.shares_audio(), false);
}

TEST(a_small_window_has_no_room) {
  assert_equal(RelaySchedule(model(), forced).has_room(), true);
  assert_equal(RelaySchedule(model(100), forced).has_room(), false);
}

}  // namespace
