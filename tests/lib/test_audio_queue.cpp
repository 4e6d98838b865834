// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "engine/audio_queue.h"
#include "support/suite.h"

namespace {

using kyutaistt::Time;
using kyutaistt::engine::AudioQueue;
using kyutaistt::engine::ContextEnd;
using kyutaistt::engine::QueuedFrame;
using kyutaistt::tests::assert_equal;
using Next = AudioQueue::Next;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto frame_samples = static_cast<size_t>(kyutaistt::samples_per_frame);

constexpr float ramp_step = 0x1p-14F;

std::vector<float> ramp(size_t count, float first = 0) {
  std::vector<float> samples(count);
  std::iota(samples.begin(), samples.end(), first);
  // Within what a sample can be.
  for (float &sample : samples) {
    sample *= ramp_step;
  }
  return samples;
}

struct Popped {
  QueuedFrame info;
  std::vector<float> samples;
};

Popped pop(AudioQueue &queue) {
  assert_equal(queue.next(), Next::Frame);
  Popped popped;
  popped.samples.resize(frame_samples);
  popped.info = queue.pop_frame(popped.samples);
  return popped;
}

void assert_time(Time found, Time expected) {
  ck_assert_int_eq(found.count(), expected.count());
}

TEST(frames_come_whole_whatever_the_pushes) {
  std::mt19937 random(7);
  std::uniform_int_distribution<size_t> size(0, 5000);
  AudioQueue queue({});
  const std::vector<float> all = ramp(frame_samples * 40);
  std::vector<float> heard;
  for (size_t at = 0; at < all.size();) {
    const size_t count = std::min(size(random), all.size() - at);
    queue.push(std::span(all).subspan(at, count), std::nullopt);
    at += count;
    while (queue.next() == Next::Frame) {
      const Popped popped = pop(queue);
      assert_time(popped.info.start, milliseconds(80) * (heard.size() / frame_samples));
      heard.insert(heard.end(), popped.samples.begin(), popped.samples.end());
    }
  }
  assert_equal(heard, all);
  ck_assert_int_eq(queue.samples(), 0);
}

TEST(single_samples_make_frames_too) {
  AudioQueue queue({});
  for (float sample : ramp(frame_samples)) {
    assert_equal(queue.next(), Next::Nothing);
    queue.push({&sample, 1}, std::nullopt);
  }
  assert_equal(pop(queue).samples, ramp(frame_samples));
}

TEST(timestamps_place_what_follows_them) {
  AudioQueue queue({});
  queue.push(ramp(frame_samples), seconds(10));
  queue.push(ramp(frame_samples), std::nullopt);
  queue.push(ramp(frame_samples), seconds(20));
  // Off by less than a sample: rounding, not a jump.
  queue.push(ramp(frame_samples), seconds(20) + milliseconds(80) + Time(30000));
  assert_time(pop(queue).info.start, seconds(10));
  assert_time(pop(queue).info.start, seconds(10) + milliseconds(80));
  assert_time(pop(queue).info.start, seconds(20));
  const Popped last = pop(queue);
  assert_time(last.info.start, seconds(20) + milliseconds(80));
  assert_time(last.info.origin, seconds(10));
}

TEST(odd_pushes_do_not_drift) {
  AudioQueue queue({});
  const std::vector<float> odd(441);
  int64_t frames = 0;
  for (int i = 0; i < 200000; ++i) {
    queue.push(odd, std::nullopt);
    while (queue.next() == Next::Frame) {
      assert_time(pop(queue).info.start, milliseconds(80) * frames);
      ++frames;
    }
  }
  ck_assert_int_eq(frames, 200000LL * 441 / 1920);
}

TEST(an_end_brings_whole_frames_of_silence) {
  AudioQueue queue({.tail_samples = 2 * 1920 + 500});
  queue.push(ramp(100, 1), std::nullopt);
  queue.push_end({.marker = 5});
  queue.push(ramp(10), std::nullopt);

  const Popped first = pop(queue);
  ck_assert_float_eq(first.samples[99], 100 * ramp_step);
  ck_assert_float_eq(first.samples[100], 0);
  assert_time(first.info.end.value(), std::chrono::nanoseconds(4166666));
  assert_equal(queue.next(), Next::ContextEnd);
  const ContextEnd end = queue.pop_end();
  ck_assert_uint_eq(end.marker.value(), 5);
  // Of the tail 1820 samples are in the first frame; what is left of it is one frame and a part.
  ck_assert_int_eq(end.silent_frames, 1);
  assert_time(end.silence_start, milliseconds(80));
  ck_assert(!end.audio_end);
  assert_equal(queue.next(), Next::Nothing);
  ck_assert_int_eq(queue.samples(), 10);
}

TEST(an_end_after_a_whole_frame_brings_the_time_of_it) {
  AudioQueue queue({.tail_samples = 2 * 1920});
  queue.push(ramp(frame_samples), seconds(3));
  queue.push_end({});
  ck_assert(!pop(queue).info.end);
  const ContextEnd end = queue.pop_end();
  ck_assert_int_eq(end.silent_frames, 2);
  assert_time(end.audio_end.value(), seconds(3) + milliseconds(80));
}

TEST(an_end_without_audio_brings_no_silence) {
  AudioQueue queue({.prefix_samples = 6000, .tail_samples = 48000});
  queue.push_end({.marker = 1});
  queue.push_end({.marker = 2});
  queue.push({}, std::nullopt);
  assert_equal(queue.next(), Next::ContextEnd);
  const ContextEnd end = queue.pop_end();
  ck_assert_uint_eq(end.marker.value(), 1);
  ck_assert_int_eq(end.silent_frames, 0);
  ck_assert_uint_eq(queue.pop_end().marker.value(), 2);
  assert_equal(queue.next(), Next::Nothing);
}

TEST(a_prefix_of_silence_lies_before_the_first_sample) {
  AudioQueue queue({.prefix_samples = 960, .tail_samples = 24000});
  for (const Time origin : {Time(seconds(3)), Time(seconds(9))}) {
    queue.push(std::vector<float>(frame_samples, 1), origin);
    queue.push_end({});
    const Popped popped = pop(queue);
    assert_time(popped.info.start, origin - milliseconds(40));
    assert_time(popped.info.origin, origin);
    ck_assert_float_eq(popped.samples[959], 0);
    ck_assert_float_eq(popped.samples[960], 1);
    while (queue.next() == Next::Frame) {
      pop(queue);
    }
    queue.pop_end();
  }
}

TEST(the_first_frame_of_each_context_can_come_twice) {
  AudioQueue queue({.tail_samples = 24000, .repeat_first_frame = true});
  for (int context = 0; context < 2; ++context) {
    queue.push(ramp(2 * frame_samples), seconds(1));
    const Popped first = pop(queue);
    const Popped again = pop(queue);
    const Popped second = pop(queue);
    assert_equal(first.samples, again.samples);
    assert_time(again.info.start, first.info.start);
    assert_time(second.info.start, first.info.start + milliseconds(80));
    ck_assert_float_eq(second.samples[0], frame_samples * ramp_step);
    queue.push_end({});
    while (queue.next() == Next::Frame) {
      pop(queue);
    }
    queue.pop_end();
  }
}

TEST(dropped_audio_moves_the_clock_and_is_reported_once) {
  AudioQueue queue({.tail_samples = 24000});
  queue.push(ramp(1000), std::nullopt);
  queue.push_dropped(1920, std::nullopt);
  queue.push_dropped(1920, std::nullopt);
  queue.push(ramp(920 + frame_samples, 1000), std::nullopt);
  const Popped first = pop(queue);
  assert_equal(first.samples, ramp(frame_samples));
  ck_assert_uint_eq(first.info.dropped.size(), 1);
  assert_time(first.info.dropped[0].position, Time(41666666));
  assert_time(first.info.dropped[0].duration, milliseconds(160));
  assert_time(pop(queue).info.start, milliseconds(240));
  queue.push_dropped(1920, std::nullopt);
  queue.push_end({});
  const ContextEnd end = queue.pop_end();
  ck_assert_uint_eq(end.dropped.size(), 1);
  assert_time(end.dropped[0].position, milliseconds(320));
}

TEST(clearing_starts_a_new_context) {
  AudioQueue queue({.tail_samples = 24000});
  queue.push(ramp(3000), seconds(1));
  queue.push_end({.marker = 1});
  pop(queue);
  queue.clear();
  assert_equal(queue.next(), Next::Nothing);
  ck_assert_int_eq(queue.samples(), 0);
  queue.push(ramp(frame_samples), seconds(50));
  const Popped popped = pop(queue);
  assert_time(popped.info.origin, seconds(50));
  assert_equal(popped.samples, ramp(frame_samples));
}

TEST(samples_that_are_no_numbers_become_silence) {
  AudioQueue queue({});
  std::vector<float> samples(frame_samples, 0.5F);
  samples[3] = std::numeric_limits<float>::quiet_NaN();
  samples[4] = -std::numeric_limits<float>::infinity();
  queue.push(samples, std::nullopt);
  const Popped popped = pop(queue);
  ck_assert_float_eq(popped.samples[3], 0);
  ck_assert_float_eq(popped.samples[4], 0);
  ck_assert_float_eq(popped.samples[5], 0.5F);
}

TEST(samples_far_beyond_full_scale_are_cut_off) {
  AudioQueue queue({});
  std::vector<float> samples(frame_samples, 1.5F);
  samples[3] = 1e38F;
  samples[4] = -11;
  queue.push(samples, std::nullopt);
  const Popped popped = pop(queue);
  ck_assert_float_eq(popped.samples[3], 10);
  ck_assert_float_eq(popped.samples[4], -10);
  ck_assert_float_eq(popped.samples[5], 1.5F);
}

TEST(only_what_was_pushed_counts_as_waiting) {
  AudioQueue queue({.prefix_samples = 6000, .tail_samples = 24000, .repeat_first_frame = true});
  const auto pushed = static_cast<int64_t>(frame_samples);
  queue.push(ramp(2 * frame_samples), std::nullopt);
  ck_assert_int_eq(queue.samples(), 2 * pushed);
  // A frame of the prefix, the same again, two more, and the prefix' last samples with pushed ones.
  for (int frame = 0; frame < 4; ++frame) {
    pop(queue);
    ck_assert_int_eq(queue.samples(), 2 * pushed);
  }
  pop(queue);
  ck_assert_int_eq(queue.samples(), 2 * pushed - (4 * pushed - 6000));
  queue.push_end({});
  while (queue.next() == Next::Frame) {
    pop(queue);
  }
  ck_assert_int_eq(queue.samples(), 0);
}

}  // namespace
