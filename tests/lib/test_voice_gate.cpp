// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is no speech is not heard, if that is wanted.
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "decode/voice_gate.h"
#include "metrics/text_errors.h"
#include "support/bulletin.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/tiny_engine.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using decode::VoiceGate;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A level for each of so many frames.
using Levels = std::function<float(int frame)>;

float speech(int frame) {
  return frame % 6 == 5 ? -58.0F : -20.0F - static_cast<float>(frame * 7 % 11);
}

/// Frames until the gate is open, or until it is not; none if it stays as it is.
int frames_until(bool open, VoiceGate &gate, const Levels &levels) {
  for (int frame = 0; frame < 500; ++frame) {
    gate.hear(levels(frame));
    if (gate.is_open() == open) {
      return frame + 1;
    }
  }
  return 0;
}

TEST(what_does_not_change_its_level_closes_the_gate) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> noise(-31, -29);
  for (const Levels &levels :
       {Levels([](int) { return -100.0F; }), Levels([](int) { return -10.0F; }),
        Levels([&](int) { return noise(random); })}) {
    VoiceGate gate(seconds(2));
    const int closed = frames_until(false, gate, levels);
    assert_equal(closed, 25);
    assert_equal(frames_until(true, gate, levels), 0);
    // The sound that opens it is among the frames before.
    const int opened = frames_until(true, gate, speech);
    assert_at_least(opened, 1);
    assert_at_most(opened, static_cast<int>(VoiceGate::frames_before_opening) - 4);
  }
}

TEST(speech_and_its_pauses_keep_it_open) {
  VoiceGate gate(seconds(2));
  assert_equal(
      frames_until(false, gate, [](int frame) { return frame % 40 < 22 ? speech(frame) : -70.0F; }),
      0);
}

TEST(without_a_time_it_is_always_open) {
  VoiceGate gate(Time::zero());
  assert_equal(frames_until(false, gate, [](int) { return -100.0F; }), 0);
}

std::vector<float> hum(int length) {
  std::vector<float> samples(static_cast<size_t>(length) * sample_rate);
  for (size_t i = 0; i < samples.size(); ++i) {
    const double turns = 2 * std::numbers::pi * static_cast<double>(i) / sample_rate;
    samples[i] = static_cast<float>(0.1 * std::sin(50 * turns) + 0.05 * std::sin(150 * turns));
  }
  return samples;
}

/// Hum, speech, hum, and what the bundled model makes of it.
struct Heard {
  Transcript transcript;
  StreamStats stats;
};
void hear(Engine &engine, const std::vector<float> &samples, Time gate, Heard &heard) {
  StreamOptions options = for_domain("asr_is_is");
  options.report_steps = false;
  options.voice_gate = gate;
  const auto stream = open_stream(engine, options, heard.transcript);
  assert_ok(stream->push(samples));
  assert_ok(stream->drain(1));
  heard.transcript.wait();
  heard.stats = stream->stats();
}

TEST(nothing_is_written_of_hum_and_speech_is_heard_whole) {
  constexpr int around = 30;
  const std::vector<float> clip = read_sample("forecast-01.flac");
  std::vector<float> samples = hum(around);
  samples.insert(samples.end(), clip.begin(), clip.end());
  const std::vector<float> after = hum(around);
  samples.insert(samples.end(), after.begin(), after.end());
  const auto engine = make_engine(load_model(example("model")));
  Heard open;
  hear(*engine, samples, Time::zero(), open);
  Heard gated;
  hear(*engine, samples, seconds(1), gated);
  const auto words = [](const Heard &heard) { return heard.transcript.words.size(); };
  // Eighteen were said. What hums beside them, until the gate closes and where it opens, is heard.
  const std::string text = gated.transcript.text();
  assert_at_least(words(open), size_t{100});
  assert_at_most(words(gated), size_t{40}, text);
  // Times are those of the audio.
  size_t in_the_clip = 0;
  for (const Word &word : gated.transcript.words) {
    in_the_clip += word.start >= seconds(around - 1) && word.start <= seconds(around + 9) ? 1 : 0;
  }
  assert_at_least(in_the_clip, size_t{16});
  // And little was computed of the hum.
  assert_at_most(2 * gated.stats.frames, open.stats.frames);
  // Progress went on all the time.
  Time reached{};
  for (const Time position : gated.transcript.progress) {
    assert_at_most(position - reached, Time(seconds(7)));
    reached = std::max(reached, position);
  }
  assert_at_least(reached, Time(seconds(2 * around)));
}

TEST(speech_with_pauses_is_heard_as_without_a_gate) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  Heard open;
  hear(*engine, bulletin.samples, Time::zero(), open);
  Heard gated;
  hear(*engine, bulletin.samples, seconds(2), gated);
  assert_equal(gated.transcript.text(), open.transcript.text());
}

TEST(several_ends_lose_nothing_while_the_gate_is_closed) {
  const auto engine = make_engine(load_model(example("model")));
  StreamOptions options = for_domain("asr_is_is");
  options.report_steps = false;
  options.voice_gate = seconds(1);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  const std::vector<float> clip = read_sample("forecast-01.flac");
  for (uint64_t end = 1; end <= 3; ++end) {
    assert_ok(stream->push(std::vector<float>(5 * static_cast<size_t>(sample_rate))));
    assert_ok(stream->drain(end));
  }
  assert_ok(stream->push(clip));
  assert_ok(stream->drain(4));
  transcript.wait(4);
  assert_equal(transcript.drained.size(), size_t{4});
  assert_at_most(metrics::count_word_edits(icelandic, transcript.text()).errors(), 1,
                 transcript.text());
  assert_at_least(transcript.words.front().start, Time(seconds(14)));
}

}  // namespace
