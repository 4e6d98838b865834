// SPDX-License-Identifier: LGPL-2.1-or-later
/// How audio joins, whatever its timestamps do: jitter, bursts, holes, overlaps, drifts.
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gst/audio/audio.h>

#include "common/audio_clock.h"
#include "support/suite.h"

namespace {

using kyutaistt::AudioClock;
using kyutaistt::Time;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_equal;

constexpr int rate = 48000;
constexpr Time frame = std::chrono::milliseconds(80);

Time seconds(double value) {
  return Time(std::llround(value * 1e9));
}

/// A source: which timestamp the piece has that begins so many seconds after the first, and which
/// audio is missing or comes twice there.
struct Source {
  const char *name;
  double piece;
  std::function<double(size_t index, double at)> stamp;
  /// Of the true times of the audio, for the pieces from `settled` on.
  std::function<double(double at)> truth;
  double settled = 0;
  /// What is to be filled with silence where pieces may wait, and where they may not.
  double filled = 0;
  double filled_live = 0;
  std::function<bool(size_t index)> is_marked = [](size_t) { return false; };
};

double same(double at) {
  return at;
}

/// The same numbers in every run.
double noise(size_t index, double bound) {
  std::minstd_rand random(static_cast<unsigned>(index * 7919 + 13));
  random.discard(3);
  return bound * (2.0 * random() / std::minstd_rand::max() - 1);
}

Source jitter(const char *name, double piece, double bound, double settled) {
  return {name, piece, [=](size_t i, double at) { return 1 + at + noise(i, bound); },
          [](double at) { return 1 + at; }, settled};
}

/// Pieces that arrive together and are stamped then.
Source burst(const char *name, double piece, size_t count) {
  const double length = piece * static_cast<double>(count);
  return {name, piece,
          [=](size_t i, double) {
            const size_t arrivals = i / count + 1;
            return length * static_cast<double>(arrivals) + 0.0005 * static_cast<double>(i % count);
          },
          [=](double at) { return at + length / 2; }, 3};
}

Source hole(const char *name, double length, bool is_marked, double filled, double filled_live,
            double settled) {
  constexpr double at_second = 5;
  return {name,
          0.02,
          [=](size_t, double at) { return at >= at_second ? at + length : at; },
          [=](double at) { return at >= at_second ? at + length : at; },
          settled,
          filled,
          filled_live,
          [=](size_t i) { return is_marked && i == 250; }};
}

Source drift(const char *name, double parts_per_million) {
  return {name, 0.05, [=](size_t, double at) { return at * (1 + parts_per_million * 1e-6); },
          [=](double at) { return at * (1 + parts_per_million * 1e-6); }};
}

const std::vector<Source> &sources() {
  static const std::vector<Source> all = {
      {"exact", 0.02, [](size_t, double at) { return at; }, same},
      {"rounded to 100 ms", 0.03, [](size_t, double at) { return std::round(at * 30) / 30; }, same},
      jitter("jitter of 30 ms", 0.02, 0.03, 0),
      jitter("jitter of 50 ms", 0.02, 0.05, 0),
      jitter("jitter of 100 ms", 0.02, 0.1, 3),
      jitter("jitter of 200 ms", 0.02, 0.2, 3),
      jitter("jitter of 100 ms, pieces of 100 ms", 0.1, 0.1, 4),
      burst("bursts of 60 ms", 0.02, 3),
      burst("bursts of 100 ms", 0.02, 5),
      burst("bursts of 200 ms", 0.02, 10),
      burst("bursts of 500 ms", 0.02, 25),
      burst("bursts of 1 s", 0.02, 50),
      {"late once a second", 0.02,
       [](size_t i, double at) { return at + (i % 50 == 49 ? 0.06 : 0); }, same},
      hole("a hole of 50 ms", 0.05, false, 0.05, 0, 7),
      hole("a hole of 300 ms", 0.3, false, 0.3, 0, 7),
      hole("a hole of 900 ms", 0.9, false, 0.9, 0, 7),
      hole("a hole of 300 ms, marked", 0.3, true, 0.3, 0.3, 0),
      hole("a hole of 5 s", 5, false, 0, 0, 0),
      hole("an hour", 3600, false, 0, 0, 0),
      hole("an overlap of 300 ms", -0.3, false, 0, 0, 8),
      hole("an overlap of 300 ms, marked", -0.3, true, 0, 0, 0),
      hole("a clock that begins anew", -4.5, false, 0, 0, 0),
      {"marked all the time", 0.02, [](size_t, double at) { return at; }, same, 0, 0, 0,
       [](size_t) { return true; }},
      {"marked all the time, with jitter of 50 ms", 0.02,
       [](size_t i, double at) { return 1 + at + noise(i, 0.05); },
       [](double at) { return 1 + at; }, 3, -1, -1, [](size_t) { return true; }},
      drift("50 ppm", 50),
      drift("1000 ppm", 1000),
      drift("-1000 ppm", -1000),
      drift("3000 ppm", 3000),
      drift("-3000 ppm", -3000),
      drift("1 %", 10000),
      drift("-1 %", -10000),
  };
  return all;
}

struct Heard {
  double silence = 0;
  Time worst{};
  bool ran_backwards = false;
};

/// Runs a source of a length and looks at where every piece comes to lie.
Heard run(const Source &source, bool may_wait, double length) {
  AudioClock clock;
  clock.set_rate(rate);
  clock.set_may_wait(may_wait);
  Heard heard;
  std::vector<double> pieces;
  size_t joined = 0;
  Time at{};
  Time before = seconds(-1);
  const auto frames = static_cast<uint64_t>(std::llround(source.piece * rate));
  const auto join = [&](const std::vector<AudioClock::Joint> &joints) {
    for (const AudioClock::Joint &joint : joints) {
      at = joint.timestamp.value_or(at);
      if (pieces[joined] >= source.settled) {
        const Time error = std::chrono::abs(at - seconds(source.truth(pieces[joined])));
        heard.worst = std::max(heard.worst, error);
      }
      heard.silence += std::chrono::duration<double>(joint.silence).count();
      heard.ran_backwards = heard.ran_backwards || (at < before && !joint.is_break);
      before = at;
      at += Time(std::llround(source.piece * 1e9));
      ++joined;
    }
  };
  for (size_t i = 0; static_cast<double>(i) * source.piece < length; ++i) {
    const double begin = static_cast<double>(i) * source.piece;
    pieces.push_back(begin);
    join(clock.take({seconds(source.stamp(i, begin)), frames, source.is_marked(i)}));
  }
  join(clock.release());
  ck_assert_uint_eq(joined, pieces.size());
  return heard;
}

TEST(every_source) {
  for (const Source &source : sources()) {
    for (const bool may_wait : {false, true}) {
      const std::string what = std::string(source.name) + (may_wait ? "" : ", live");
      const Heard heard = run(source, may_wait, 20);
      const double filled = may_wait ? source.filled : source.filled_live;
      ck_assert_msg(filled < 0 || std::abs(heard.silence - filled) < 0.001,
                    "%s: %g s of silence, expected %g", what.c_str(), heard.silence, filled);
      ck_assert_msg(heard.worst <= frame, "%s: off by %g ms", what.c_str(),
                    std::chrono::duration<double, std::milli>(heard.worst).count());
      ck_assert_msg(!heard.ran_backwards, "%s: time ran backwards", what.c_str());
    }
  }
}

TEST(a_live_hole_is_believed_when_audio_stream_align_believes_it) {
  constexpr size_t frames = rate / 50;
  constexpr size_t pieces_before = 250;
  for (const double length : {0.05, 0.3, 0.9, -0.3, 1.5}) {
    AudioClock clock;
    clock.set_rate(rate);
    GstAudioStreamAlign *align = gst_audio_stream_align_new(
        rate, static_cast<GstClockTime>(AudioClock::tolerance.count()), GST_SECOND);
    Time ours{};
    size_t compared = 0;
    for (size_t i = 0; i < 2 * pieces_before; ++i) {
      const Time position =
          seconds(0.02 * static_cast<double>(i) + (i >= pieces_before ? length : 0));
      GstClockTime theirs = 0;
      gst_audio_stream_align_process(align, FALSE, static_cast<GstClockTime>(position.count()),
                                     frames, &theirs, nullptr, nullptr);
      for (const AudioClock::Joint &joint : clock.take({position, frames, false})) {
        ours = joint.timestamp.value_or(ours + seconds(0.02));
      }
      // What goes back is made up for bit by bit, so that time does not.
      const size_t patience = length < 0 ? 100 : 0;
      if (i >= pieces_before + patience && Time(theirs) == position) {
        ++compared;
        ck_assert_msg(std::chrono::abs(ours - position) <= AudioClock::tolerance,
                      "a hole of %g s, piece %zu: %g s off", length, i,
                      std::chrono::duration<double>(ours - position).count());
      }
    }
    assert_at_least(compared, pieces_before / 2);
    gst_audio_stream_align_free(align);
  }
}

TEST(an_hour_of_a_slow_clock) {
  for (const double ppm : {-1000.0, 1000.0}) {
    for (const bool may_wait : {false, true}) {
      const Heard heard = run(drift("an hour", ppm), may_wait, 3600);
      ck_assert_double_eq_tol(heard.silence, 0, 1e-9);
      ck_assert_msg(heard.worst <= frame, "%g ppm: off by %g ms", ppm,
                    std::chrono::duration<double, std::milli>(heard.worst).count());
    }
  }
}

TEST(holes_that_follow_each_other_are_all_filled) {
  // As a codec leaves them that sends next to nothing while nobody speaks.
  AudioClock clock;
  clock.set_rate(rate);
  clock.set_may_wait(true);
  Time silence{};
  size_t joints = 0;
  const auto join = [&](const std::vector<AudioClock::Joint> &taken) {
    joints += taken.size();
    for (const AudioClock::Joint &joint : taken) {
      silence += joint.silence;
    }
  };
  for (int i = 0; i < 10; ++i) {
    join(clock.take({seconds(0.4 * i), 960, false}));
  }
  join(clock.release());
  ck_assert_uint_eq(joints, 10);
  ck_assert_double_eq_tol(std::chrono::duration<double>(silence).count(), 9 * 0.38, 0.001);
  ck_assert_double_eq_tol(std::chrono::duration<double>(clock.now()).count(), 9 * 0.4 + 0.02,
                          0.001);
}

TEST(a_hole_before_one_long_piece_is_filled) {
  AudioClock clock;
  clock.set_rate(rate);
  clock.set_may_wait(true);
  clock.take({Time(), 4 * rate, false});
  ck_assert(clock.take({seconds(4.5), 4 * rate, false}).empty());
  const std::vector<AudioClock::Joint> joints = clock.release();
  assert_equal(joints.size(), 1U);
  ck_assert(joints[0].silence == seconds(0.5) && joints[0].timestamp == seconds(4.5));
}

TEST(audio_without_timestamps_follows) {
  AudioClock clock;
  clock.set_rate(44100);
  assert_equal(clock.take({seconds(30), 44100, false}).front().timestamp, seconds(30));
  for (int i = 0; i < 3 * 3600; ++i) {
    ck_assert(!clock.take({std::nullopt, 44100, false}).front().timestamp);
  }
  assert_equal(clock.now(), seconds(31 + 3 * 3600));
}

}  // namespace
