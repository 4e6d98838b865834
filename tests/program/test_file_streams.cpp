// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is heard of a file by several streams at the same time.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "program/file_streams.h"
#include "program/piece_cutter.h"
#include "support/recognise.h"
#include "support/suite.h"

namespace {

using kyutaistt::duration_of;
using kyutaistt::Engine;
using kyutaistt::EngineOptions;
using kyutaistt::Event;
using kyutaistt::Failure;
using kyutaistt::Model;
using kyutaistt::ModelOptions;
using kyutaistt::Precision;
using kyutaistt::Progress;
using kyutaistt::sample_rate;
using kyutaistt::samples_per_frame;
using kyutaistt::Status;
using kyutaistt::Step;
using kyutaistt::StreamOptions;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::program::FileStreams;
using kyutaistt::program::PieceCutter;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_differs;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::forcing;
using kyutaistt::tests::make_engine;

constexpr std::chrono::seconds patience(300);

/// A minute and a half of noise that is interrupted, after so many seconds, for one.
std::vector<float> recording() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  std::vector<float> samples;
  for (const int seconds : {9, 14, 3, 18, 5, 11, 20, 3}) {
    std::generate_n(std::back_inserter(samples), seconds * sample_rate,
                    [&] { return uniform(random); });
    samples.resize(samples.size() + sample_rate);
  }
  return samples;
}

std::shared_ptr<Engine> random_engine(Precision precision, EngineOptions options = {}) {
  ModelOptions model_options;
  model_options.precision = precision;
  auto model = Model::synthetic("tiny", model_options);
  assert_ok(model.status());
  return make_engine(std::move(model).value(), std::move(options));
}

StreamOptions stream_options() {
  StreamOptions options = forcing({5, 6});
  options.report_steps = true;
  return options;
}

/// What a stream or several report. Filled on the engine's worker.
struct Heard {
  std::vector<int32_t> tokens;
  std::vector<Word> words;
  std::vector<Time> ends;
  std::vector<Time> progress;
  Status failure;

  void add(const Event &event) {
    if (const auto *step = std::get_if<Step>(&event)) {
      tokens.push_back(step->token);
    } else if (const auto *word = std::get_if<Word>(&event)) {
      assert_equal(word->index, words.size());
      assert_equal(ends.size(), words.size(), "ends before a word");
      words.push_back(*word);
    } else if (const auto *end = std::get_if<WordEnd>(&event)) {
      assert_equal(end->index, ends.size());
      ends.push_back(end->end);
    } else if (const auto *position = std::get_if<Progress>(&event)) {
      progress.push_back(position->position);
    } else if (const auto *failed = std::get_if<Failure>(&event)) {
      failure = failed->status;
    }
  }
};

/// Hears samples to their end.
void hear(FileStreams &streams, const std::vector<PieceCutter::Section> &sections) {
  for (const auto &section : sections) {
    assert_ok(streams.push(section.samples, section.start));
  }
  assert_ok(streams.finish());
  ck_assert(streams.wait(patience));
  assert_equal(streams.waiting().count(), 0);
}

std::vector<std::vector<PieceCutter::Section>> pieces_of(const std::vector<float> &samples) {
  PieceCutter cutter;
  cutter.push(samples, Time());
  cutter.finish();
  std::vector<std::vector<PieceCutter::Section>> pieces(1);
  for (auto &section : cutter.take()) {
    const bool is_last = section.ends_piece;
    pieces.back().push_back(std::move(section));
    if (is_last) {
      pieces.emplace_back();
    }
  }
  pieces.pop_back();
  return pieces;
}

/// Every piece by itself, one after the other.
Heard heard_alone(Engine &engine, const std::vector<float> &samples) {
  Heard all;
  for (const auto &piece : pieces_of(samples)) {
    Heard heard;
    FileStreams stream(engine, stream_options(), 1, [&](const Event &event) { heard.add(event); });
    hear(stream, piece);
    all.tokens.insert(all.tokens.end(), heard.tokens.begin(), heard.tokens.end());
    all.words.insert(all.words.end(), heard.words.begin(), heard.words.end());
    all.ends.insert(all.ends.end(), heard.ends.begin(), heard.ends.end());
  }
  return all;
}

void check_pieces(Precision precision, int max_streams) {
  const std::vector<float> samples = recording();
  std::atomic<int> max_frames = 0;
  EngineOptions engine_options;
  engine_options.step_observer = [&](const auto &report) {
    max_frames = std::max(max_frames.load(), report.frames);
  };
  const auto engine = random_engine(precision, std::move(engine_options));
  const Heard alone = heard_alone(*engine, samples);
  max_frames = 0;
  Heard heard;
  {
    FileStreams streams(*engine, stream_options(), max_streams,
                        [&](const Event &event) { heard.add(event); });
    hear(streams, {{Time(), samples}});
  }
  ck_assert_int_ge(pieces_of(samples).size(), 4);
  ck_assert_int_ge(max_frames.load(), max_streams);
  assert_equal(heard.tokens, alone.tokens);
  assert_equal(heard.words.size(), alone.words.size());
  ck_assert_int_gt(heard.words.size(), 0);
  for (size_t i = 0; i < heard.words.size(); ++i) {
    assert_equal(heard.words[i].text, alone.words[i].text);
    assert_equal(heard.words[i].start.count(), alone.words[i].start.count());
  }
  ck_assert(heard.ends == alone.ends);
  ck_assert(std::is_sorted(heard.progress.begin(), heard.progress.end()));
  assert_equal(engine->stats().open_streams, 0);
}

TEST(pieces_at_the_same_time_are_what_they_are_alone) {
  check_pieces(Precision::F32, 2);
  check_pieces(Precision::F32, 4);
}

TEST(so_are_they_in_integers) {
  check_pieces(Precision::Int8, 3);
}

TEST(one_stream_hears_everything_in_one_context) {
  const auto engine = random_engine(Precision::F32);
  const std::vector<float> samples = recording();
  Heard heard;
  FileStreams streams(*engine, stream_options(), 1, [&](const Event &event) { heard.add(event); });
  // In parts of no whole frame.
  std::vector<PieceCutter::Section> parts;
  constexpr size_t step = 12345;
  for (size_t first = 0; first < samples.size(); first += step) {
    const size_t end = std::min(first + step, samples.size());
    parts.push_back({duration_of(static_cast<int64_t>(first)),
                     {samples.begin() + static_cast<std::ptrdiff_t>(first),
                      samples.begin() + static_cast<std::ptrdiff_t>(end)}});
  }
  hear(streams, parts);
  kyutaistt::tests::Transcript whole;
  const auto stream = kyutaistt::tests::open_stream(*engine, stream_options(), whole);
  assert_ok(stream->push(samples));
  assert_ok(stream->drain(0));
  whole.wait();
  assert_equal(heard.tokens, whole.tokens);
  assert_equal(heard.words.size(), whole.words.size());
}

TEST(a_recording_may_end_at_any_frame) {
  const auto engine = random_engine(Precision::F32);
  const std::vector<float> samples = recording();
  for (const size_t frames : {1, 20, 99, 100, 101, 250, 400, 1000}) {
    Heard heard;
    FileStreams streams(*engine, stream_options(), 3,
                        [&](const Event &event) { heard.add(event); });
    const auto audio = std::span(samples).first(frames * samples_per_frame);
    assert_ok(streams.push(audio, Time()));
    assert_ok(streams.finish());
    ck_assert(streams.wait(patience));
    assert_at_least(heard.progress.back(), duration_of(static_cast<int64_t>(audio.size())));
  }
}

TEST(several_texts_of_a_recording_are_what_each_is_alone) {
  const std::vector<float> samples = recording();
  const auto engine = random_engine(Precision::F32);
  StreamOptions other = forcing({7, 8});
  other.report_steps = true;
  const auto alone = [&](const StreamOptions &options) {
    Heard heard;
    FileStreams streams(*engine, options, 3, [&](const Event &event) { heard.add(event); });
    hear(streams, {{Time(), samples}});
    return heard;
  };
  const Heard first_alone = alone(stream_options());
  const Heard second_alone = alone(other);
  Heard first;
  Heard second;
  FileStreams streams(*engine, stream_options(), 3, [&](const Event &event) { first.add(event); },
                      {{other.prompt, [&](const Event &event) { second.add(event); }}});
  hear(streams, {{Time(), samples}});
  assert_equal(first.tokens, first_alone.tokens);
  assert_equal(second.tokens, second_alone.tokens);
  assert_differs(first.tokens, second.tokens);
  ck_assert(first.ends == first_alone.ends);
  ck_assert(second.ends == second_alone.ends);
  ck_assert(std::is_sorted(second.progress.begin(), second.progress.end()));
}

TEST(a_failure_ends_all_pieces) {
  const std::vector<float> samples = recording();
  int steps = 0;
  EngineOptions options;
  options.step_observer = [&](const auto &) {
    constexpr int failing_step = 50;
    if (++steps == failing_step) {
      throw std::runtime_error("the fiftieth step");
    }
  };
  const auto engine = random_engine(Precision::F32, std::move(options));
  Heard heard;
  Heard other;
  FileStreams streams(*engine, stream_options(), 3, [&](const Event &event) { heard.add(event); },
                      {{forcing({7, 8}).prompt, [&](const Event &event) { other.add(event); }}});
  Status status = streams.push(samples, Time());
  if (status.ok()) {
    status = streams.finish();
  }
  ck_assert(streams.wait(patience));
  kyutaistt::tests::assert_contains(heard.failure.message(), "the fiftieth step");
  kyutaistt::tests::assert_contains(other.failure.message(), "the fiftieth step");
}

}  // namespace
