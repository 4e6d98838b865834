// SPDX-License-Identifier: LGPL-2.1-or-later
/// Contexts that end because of what is heard: the speaker has stopped, or nothing is written of
/// him.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "decode/speech_watch.h"
#include "engine/model_state.h"
#include "metrics/text_errors.h"
#include "support/bulletin.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/tiny_engine.h"
#include "text/tokenizer.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using decode::SpeechWatch;
using std::chrono::milliseconds;
using enum Renewed::Reason;

constexpr std::array pads{text::pad_token};

ModelInfo model_of_delay(double seconds) {
  ModelInfo model;
  model.delay_seconds = seconds;
  return model;
}

/// Levels of frames as speech has them: words of some frames, stops between them.
std::vector<float> speech_levels(size_t frames) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> loud(-32, -18);
  std::vector<float> levels(frames);
  for (size_t i = 0; i < frames; ++i) {
    levels[i] = i % 6 == 5 ? -58 : loud(random);
  }
  return levels;
}

/// The frame after which a stall is noticed if only pads are written; none if there is none.
std::optional<size_t> stall_in(SpeechWatch &watch, const std::vector<float> &levels) {
  for (size_t i = 0; i < levels.size(); ++i) {
    watch.hear(levels[i]);
    watch.write(pads);
    if (watch.fault() == NoText) {
      return i + 1;
    }
  }
  return std::nullopt;
}

TEST(speech_without_text_is_a_stall) {
  SpeechWatch watch(model_of_delay(2), Time::zero(), true);
  // Three seconds of speech and the delay.
  ck_assert_int_eq(watch.stalled_frames(), 63);
  assert_equal(stall_in(watch, speech_levels(200)).value(), size_t{63});
}

TEST(speech_with_text_is_none) {
  SpeechWatch watch(model_of_delay(2), Time::zero(), true);
  int32_t word = text::pad_token + 1;
  for (const float level : speech_levels(1000)) {
    watch.hear(level);
    watch.write(pads);
    if (level <= -58) {
      watch.write(std::array{word++ % 1000});
    }
    ck_assert(!watch.fault());
  }
}

TEST(noise_hum_and_silence_are_none) {
  std::mt19937 random(6);
  std::uniform_real_distribution<float> noise(-31, -29);
  std::vector<float> levels(2000);
  for (float &level : levels) {
    level = noise(random);
  }
  for (const auto &heard :
       {levels, std::vector<float>(2000, -20), std::vector<float>(2000, -100)}) {
    SpeechWatch watch(model_of_delay(2), Time::zero(), true);
    ck_assert(!stall_in(watch, heard));
  }
}

TEST(a_renewal_in_vain_makes_patient) {
  SpeechWatch watch(model_of_delay(2), Time::zero(), true);
  size_t wanted = 63;
  for (int renewal = 0; renewal < 6; ++renewal) {
    assert_equal(stall_in(watch, speech_levels(20000)).value(), wanted);
    watch.begin_context(NoText);
    wanted *= 2;
  }
  // Text comes: it was speech.
  watch.write(std::array{text::pad_token + 1});
  watch.begin_context(std::nullopt);
  assert_equal(stall_in(watch, speech_levels(200)).value(), size_t{63});
}

/// Tokens until a repetition is noticed, if the same few come again and again; none within 5000.
std::optional<int> repetition_of(decode::RepeatWatch &watch, const std::vector<int32_t> &phrase) {
  for (int written = 0; written < 5000; ++written) {
    watch.write(phrase[static_cast<size_t>(written) % phrase.size()]);
    if (watch.repeats()) {
      return written + 1;
    }
  }
  return std::nullopt;
}

TEST(the_same_few_tokens_again_and_again_are_a_repetition) {
  for (const auto &[phrase, noticed] : std::vector<std::pair<std::vector<int32_t>, int>>{
           {{7}, 24},                                  // One token without end.
           {{7, 8}, 24},                               // A short word, twelve times.
           {{7, 8, 9, 10, 11}, 30},                    // Six times.
           {{7, 8, 8, 8, 9, 9, 10, 8, 9, 7, 12}, 66},  // With repetitions within.
       }) {
    decode::RepeatWatch watch;
    assert_equal(repetition_of(watch, phrase).value(), noticed);
  }
  std::vector<int32_t> sentence(17);
  std::iota(sentence.begin(), sentence.end(), 10);
  decode::RepeatWatch watch;
  ck_assert(!repetition_of(watch, sentence));
}

TEST(a_word_that_is_said_ten_times_is_none) {
  decode::RepeatWatch watch;
  for (int round = 0; round < 50; ++round) {
    for (int word = 0; word < 20; ++word) {
      watch.write(7);
      watch.write(8);
      ck_assert(!watch.repeats() || word > 10);
    }
    watch.begin_context(false);
  }
  for (int32_t token = 0; token < 5000; ++token) {
    watch.write(token % 23);
    ck_assert(!watch.repeats());
  }
}

TEST(contexts_that_go_on_repeating_are_renewed_ever_later) {
  decode::RepeatWatch watch;
  int noticed = 24;
  for (int renewal = 0; renewal < 8; ++renewal) {
    assert_equal(repetition_of(watch, {7, 8}).value(), noticed);
    watch.begin_context(true);
    noticed = std::min(2 * noticed, 64 * 24);
  }
  // The text varies again.
  for (int32_t token = 0; token < 30; ++token) {
    watch.write(token);
  }
  watch.begin_context(false);
  assert_equal(repetition_of(watch, {7, 8}).value(), 24);
}

TEST(a_pause_counts_after_speech_only) {
  SpeechWatch watch(model_of_delay(2), milliseconds(400), false);
  for (int frame = 0; frame < 100; ++frame) {
    watch.hear(-100);
    ck_assert(!watch.has_ended());
  }
  for (const float level : speech_levels(50)) {
    watch.hear(level);
    ck_assert(!watch.has_ended());
  }
  for (int frame = 0; frame < 4; ++frame) {
    watch.hear(-70);
    ck_assert(!watch.has_ended());
  }
  watch.hear(-70);
  ck_assert(watch.has_ended());
  watch.begin_context(std::nullopt);
  ck_assert(!watch.has_ended());
}

StreamOptions options_of(bool relay, bool watchdog) {
  StreamOptions options = for_domain("asr_is_is");
  options.report_steps = false;
  options.relay = relay;
  options.watchdog = watchdog;
  return options;
}

TEST(the_last_words_come_when_the_speaker_stops) {
  const std::vector<float> speech = read_sample("forecast-01.flac");
  const auto engine = make_engine(load_model(example("model")));
  StreamOptions options = options_of(true, true);
  Transcript whole;
  {
    const auto stream = open_stream(*engine, options, whole);
    assert_ok(stream->push(speech));
    assert_ok(stream->drain(1));
    whole.wait();
  }
  options.flush_on_pause = milliseconds(480);
  Flag last_word_came;
  std::vector<std::string> words;
  auto stream = engine->open_stream(options, [&](const Event &event) {
    if (const auto *word = std::get_if<Word>(&event)) {
      words.push_back(word->text);
      if (words.size() == whole.words.size()) {
        last_word_came.set();
      }
    }
  });
  assert_ok(stream.status());
  assert_ok(stream.value()->push(speech));
  // Less than the model's delay, and nothing follows.
  assert_ok(stream.value()->push(std::vector<float>(8 * frame_samples)));
  last_word_came.wait();
  stream.value().reset();
  for (size_t i = 0; i < words.size(); ++i) {
    assert_equal(words[i], whole.words[i].text);
  }
}

TEST(the_text_is_as_good_with_a_flush_at_every_pause) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  StreamOptions options = options_of(true, true);
  options.flush_on_pause = milliseconds(480);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  assert_ok(stream->push(bulletin.samples));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_at_most(bulletin.errors("is", transcript.text()), 5, transcript.text());
  for (size_t i = 1; i < transcript.words.size(); ++i) {
    assert_at_least(transcript.words[i].start, transcript.words[i - 1].start);
    assert_equal(transcript.words[i].index, static_cast<uint64_t>(i));
  }
}

TEST(a_context_that_has_gone_deaf_is_renewed_and_its_words_come) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  // The prompt has left the window when speech begins.
  std::vector<float> samples(30 * static_cast<size_t>(sample_rate));
  const std::span<const float> speech = std::span(bulletin.samples).first(14 * sample_rate);
  samples.insert(samples.end(), speech.begin(), speech.end());
  const auto hear = [&](std::span<const float> heard, bool watchdog, Transcript &transcript) {
    const auto stream = open_stream(*engine, options_of(false, watchdog), transcript);
    assert_ok(stream->push(heard));
    assert_ok(stream->drain(1));
    transcript.wait();
    assert_equal(stream->stats().renewals, static_cast<uint64_t>(transcript.renewed.size()));
    return transcript.renewed.size();
  };
  Transcript alone;
  Transcript deaf;
  Transcript renewed;
  assert_equal(hear(speech, true, alone), size_t{0});
  assert_equal(hear(samples, false, deaf), size_t{0});
  assert_equal(hear(samples, true, renewed), size_t{1});
  ck_assert(renewed.renewed.front().reason == NoText);
  assert_equal(deaf.text(), std::string());
  assert_at_most(metrics::count_word_edits(alone.text(), renewed.text()).errors(), 2,
                 renewed.text());
  // None of them before the time that the text had come to already.
  for (size_t i = 1; i < renewed.words.size(); ++i) {
    assert_at_least(renewed.words[i].start, renewed.words[i - 1].start);
  }
}

TEST(a_context_that_repeats_itself_is_renewed) {
  const auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({5, 6, 7}), transcript);
  assert_ok(stream->push(hypnotic_tone(800 * frame_samples)));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_at_least(transcript.renewed.size(), size_t{1});
  // Each takes 24 tokens at least.
  assert_at_most(transcript.renewed.size(), size_t{800 / 24});
  for (const Renewed &renewed : transcript.renewed) {
    ck_assert(renewed.reason == Repetition);
  }
  assert_equal(transcript.failure.message(), std::string());
}

}  // namespace
