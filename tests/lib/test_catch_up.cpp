// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream that is late hears several frames in a step: what it writes is the same, token for
/// token, as if it had heard one after the other.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <kyutaistt/option_names.h>

#include "engine/catch_up.h"
#include "engine/model_state.h"
#include "support/bulletin.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/tiny_engine.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

constexpr auto rolling_frames = int64_t{90};

TEST(frames_at_once_leave_the_codec_as_one_after_the_other) {
  for (const Precision precision : {Precision::F32, Precision::Int8}) {
    ModelOptions options;
    options.precision = precision;
    const auto model = load_model(golden("hf-f32"), options);
    const mimi::Encoder &encoder = *model->state().encoder;
    const auto codebooks = static_cast<size_t>(model->info().language_model.codebooks);
    // Long enough for the ring to go round, in the company of a stream with a frame at a time.
    const std::vector<float> heard = noise(rolling_frames * frame_samples);
    const auto frame = [&](int64_t index) {
      return std::span(heard).subspan(static_cast<size_t>(index) * frame_samples, frame_samples);
    };
    const auto single = encoder.make_state();
    const auto several = encoder.make_state();
    const auto companion = encoder.make_state();
    std::mt19937 random(3);
    std::vector<int32_t> expected;
    std::vector<int32_t> found;
    for (int64_t done = 0; done < rolling_frames;) {
      const auto count = std::min<int64_t>(1 + random() % 8, rolling_frames - done);
      std::vector<mimi::EncoderState *> batch;
      std::vector<float> samples;
      const auto add = [&](mimi::EncoderState *state, int64_t index) {
        batch.push_back(state);
        samples.insert(samples.end(), frame(index).begin(), frame(index).end());
      };
      add(companion.get(), done);
      for (int64_t i = 0; i < count; ++i) {
        add(several.get(), done + i);
        mimi::EncoderState *const one[] = {single.get()};
        const auto codes = encoder.encode(one, frame(done + i));
        expected.insert(expected.end(), codes.begin(), codes.end());
      }
      const auto codes = encoder.encode(batch, samples);
      found.insert(found.end(), codes.begin() + static_cast<std::ptrdiff_t>(codebooks),
                   codes.end());
      done += count;
    }
    assert_equal(found, expected, option_name(precision));
    assert_equal(several->frame, single->frame);
  }
}

TEST(what_is_forgotten_leaves_no_trace) {
  for (const Precision precision : {Precision::F32, Precision::Int8}) {
    ModelOptions options;
    options.precision = precision;
    const auto model = load_model(golden("hf-f32"), options);
    const lm::LanguageModel &language_model = *model->state().language_model;
    const LanguageModelInfo &info = model->info().language_model;
    const auto single = language_model.make_state();
    const auto several = language_model.make_state();
    std::mt19937 random(5);
    std::vector<std::vector<int32_t>> codes;
    for (int64_t position = 0; position < 3 * info.window; ++position) {
      auto &added = codes.emplace_back();
      for (int64_t book = 0; book < info.codebooks; ++book) {
        added.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(info.codebook_size)));
      }
    }
    for (int64_t position = 0; position + 8 < 3 * info.window;) {
      const auto tried =
          static_cast<int64_t>(1 + random() % lm::LanguageModel::max_positions_ahead);
      const auto right = static_cast<int64_t>(1 + random() % static_cast<uint32_t>(tried));
      std::vector<lm::StepInput> inputs;
      for (int64_t i = 0; i < tried; ++i) {
        // What is forgotten was fed something else.
        const auto text = static_cast<int32_t>(i < right ? (position + i) % 7 : 9);
        inputs.push_back({several.get(), text, codes[static_cast<size_t>(position + i)]});
      }
      const auto found = language_model.step(inputs);
      several->position = position + right;
      for (int64_t i = 0; i < right; ++i) {
        const lm::StepInput one[] = {{single.get(), static_cast<int32_t>((position + i) % 7),
                                      codes[static_cast<size_t>(position + i)]}};
        const auto expected = language_model.step(one);
        assert_equal(found[static_cast<size_t>(i)].token, expected[0].token);
        ck_assert_float_eq(found[static_cast<size_t>(i)].probability, expected[0].probability);
      }
      position += right;
    }
  }
}

TEST(guesses_are_right_up_to_the_first_that_is_not) {
  const std::vector<int32_t> expected = {3, 3, 0};
  const engine::Attempt attempt(7, expected);
  assert_equal(attempt.tokens(), std::vector<int32_t>{7, 3, 3, 0});
  const std::vector<std::pair<std::vector<int32_t>, size_t>> cases = {
      {{3, 3, 0, 5}, 4}, {{3, 3, 5, 5}, 3}, {{3, 5, 0, 5}, 2}, {{5, 3, 0, 5}, 1}};
  for (const auto &[written, right] : cases) {
    assert_equal(attempt.count_right(written), right);
  }
}

TEST(the_pace_follows_what_proves_right) {
  engine::Pace pace;
  const size_t most = pace.frames();
  pace.note(most, 1);
  assert_equal(pace.frames(), size_t{2});
  pace.note(2, 2);
  assert_equal(pace.frames(), size_t{4});
  // One alone says nothing.
  pace.note(1, 1);
  assert_equal(pace.frames(), size_t{4});
  pace.note(4, 4);
  pace.note(8, 8);
  assert_equal(pace.frames(), most);
}

/// All that a stream said.
struct Said {
  std::list<Transcript> texts;
  StreamStats stats;
  uint64_t steps = 0;
};

struct Way {
  StreamOptions options;
  std::vector<Prompt> further;
};

/// Recognises samples, pushed in runs of so many frames in turn, each of which is there at once.
Said hear(const std::shared_ptr<const Model> &model, const Way &way, std::span<const float> samples,
          int frames_at_once, std::mt19937 &random) {
  Said said;
  EngineOptions engine_options;
  engine_options.frames_at_once = frames_at_once;
  const auto engine = make_engine(model, std::move(engine_options));
  StreamOptions options = way.options;
  options.report_steps = true;
  options.queue_capacity = std::chrono::seconds(3);
  std::vector<Translation> translations;
  Transcript &first = said.texts.emplace_back();
  for (const Prompt &prompt : way.further) {
    translations.push_back({prompt, said.texts.emplace_back().listener()});
  }
  auto stream = engine->open_stream(options, first.listener(), 64, std::move(translations));
  assert_ok(stream.status());
  while (!samples.empty()) {
    const size_t count = std::min<size_t>(1 + random() % (30 * frame_samples), samples.size());
    assert_ok(stream.value()->push(samples.first(count)));
    samples = samples.subspan(count);
    if (random() % 2 == 0) {
      while (stream.value()->stats().queued > frame_duration) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }
  assert_ok(stream.value()->drain(1));
  for (Transcript &text : said.texts) {
    text.wait();
    assert_ok(text.failure);
  }
  said.stats = stream.value()->stats();
  said.steps = engine->stats().steps;
  return said;
}

void assert_same(const Said &found, const Said &expected) {
  assert_equal(found.texts.size(), expected.texts.size());
  auto other = expected.texts.begin();
  for (const Transcript &text : found.texts) {
    assert_equal(text.tokens, other->tokens);
    assert_equal(text.codes, other->codes);
    assert_equal(text.text(), other->text());
    ck_assert(text.ends == other->ends);
    ck_assert(text.progress == other->progress);
    for (size_t i = 0; i < text.words.size(); ++i) {
      ck_assert(text.words[i].start == other->words[i].start);
      ck_assert(text.words[i].end == other->words[i].end);
      ck_assert_float_eq(text.words[i].confidence, other->words[i].confidence);
    }
    ++other;
  }
  assert_equal(found.stats.frames, expected.stats.frames);
  assert_equal(found.stats.relays, expected.stats.relays);
  assert_equal(found.stats.renewals, expected.stats.renewals);
}

StreamOptions options_of(const std::string &domain) {
  StreamOptions options = for_domain(domain);
  options.relay = true;
  options.watchdog = true;
  return options;
}

TEST(the_text_is_the_same_with_and_without) {
  const Bulletin bulletin;
  std::vector<float> samples = bulletin.samples;
  // Pauses, for what ends there.
  samples.insert(samples.end(), 40 * frame_samples, 0.0F);
  samples.insert(samples.end(), bulletin.samples.begin(), bulletin.samples.end());
  const auto model = load_model(example("model"));
  Prompt english;
  english.domain = "asr_is_en";
  Way ends{options_of("asr_is_is"), {}};
  ends.options.flush_on_pause = std::chrono::milliseconds(480);
  Way rolls{for_domain("asr_is_is"), {}};
  const std::vector<std::pair<std::string, Way>> ways = {
      {"relays", {options_of("asr_is_is"), {}}},
      {"two texts", {options_of("asr_is_is"), {english}}},
      {"ends in pauses", ends},
      {"one context", rolls},
  };
  for (const auto &[name, way] : ways) {
    std::mt19937 random(11);
    const Said expected = hear(model, way, samples, 1, random);
    const Said found = hear(model, way, samples, 8, random);
    assert_same(found, expected);
    // It did hear several at once, and mostly guessed right.
    assert_less(found.steps, expected.steps * 3 / 4, name);
    std::printf("%s: %ju frames in %ju steps, one at a time in %ju\n", name.c_str(),
                static_cast<uintmax_t>(found.stats.frames), static_cast<uintmax_t>(found.steps),
                static_cast<uintmax_t>(expected.steps));
  }
}

TEST(speech_that_a_deaf_context_missed_is_heard_again_all_the_same) {
  const Bulletin bulletin;
  std::vector<float> samples(30 * static_cast<size_t>(sample_rate), 0.0F);
  samples.insert(samples.end(), bulletin.samples.begin(), bulletin.samples.end());
  const auto model = load_model(example("model"));
  Way way{for_domain("asr_is_is"), {}};
  way.options.watchdog = true;
  std::mt19937 random(13);
  const Said expected = hear(model, way, samples, 1, random);
  assert_at_least(expected.stats.renewals, uint64_t{1});
  assert_same(hear(model, way, samples, 8, random), expected);
}

TEST(a_model_whose_text_is_random_is_the_same_too) {
  const std::vector<float> samples = hypnotic_tone(400 * frame_samples);
  for (const Precision precision : {Precision::F32, Precision::Bf16, Precision::Int8}) {
    ModelOptions options;
    options.precision = precision;
    const auto model = load_model(golden("hf-f32"), options);
    std::mt19937 random(17);
    for (const bool watchdog : {false, true}) {
      Way way{forcing({5, 6, 7}), {}};
      way.options.watchdog = watchdog;
      const Said expected = hear(model, way, samples, 1, random);
      assert_same(hear(model, way, samples, 8, random), expected);
      // It repeats itself, and is noticed at the same frame.
      assert_equal(expected.stats.renewals > 0, watchdog);
    }
  }
}

TEST(other_streams_do_not_wait_for_one_that_is_late) {
  constexpr int streams = 3;
  constexpr int most = 8;
  std::atomic<int> greatest = 0;
  EngineOptions options;
  options.frames_at_once = most;
  options.step_observer = [&](const StepReport &report) {
    greatest = std::max(greatest.load(), report.frames);
  };
  auto engine = tiny_engine(std::move(options));
  std::list<Transcript> transcripts;
  std::vector<std::unique_ptr<Stream>> open;
  {
    Brake brake(*engine);
    for (int i = 0; i < streams; ++i) {
      open.push_back(open_stream(*engine, forcing({}), transcripts.emplace_back()));
      assert_ok(open.back()->push(noise(20 * frame_samples, static_cast<unsigned>(i))));
      assert_ok(open.back()->drain(1));
    }
  }
  for (Transcript &transcript : transcripts) {
    transcript.wait();
    assert_ok(transcript.failure);
  }
  open.clear();
  engine.reset();
  assert_at_most(greatest.load(), most);
  ck_assert_int_gt(greatest.load(), streams);
}

TEST(no_frame_at_once_is_refused) {
  EngineOptions options;
  options.frames_at_once = 0;
  assert_refused(Engine::create(load_model(golden("hf-f32")), options).status(),
                 StatusCode::InvalidArgument, "frames_at_once: found 0, expected at least 1");
}

}  // namespace
