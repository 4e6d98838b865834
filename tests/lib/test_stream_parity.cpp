// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whole streams through the engine against the reference's codes and tokens.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

#include "ops/native/instruction_set.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

constexpr const char *recordings[] = {"speech4", "long7"};

std::vector<float> audio_of(const std::string &recording) {
  return read_wav(golden("audio/" + recording + ".wav"));
}

void assert_heard(const std::string &what, std::vector<int32_t> found,
                  const std::vector<int32_t> &expected) {
  // With `Alignment::Hf` a frame more is heard than the reference kept.
  assert_at_least(found.size(), expected.size(), what);
  found.resize(expected.size());
  assert_equal(found, expected, what);
}

/// One run of one recording; compares tokens, and codes if their name is given.
void check_run(const std::shared_ptr<Engine> &engine, const Expected &expected,
               const std::string &recording, const std::string &run, const std::string &codes,
               size_t max_samples) {
  std::mt19937 random(static_cast<unsigned>(max_samples));
  const bool forced = run.starts_with("forced");
  Transcript transcript;
  const auto stream = open_stream(
      *engine, forcing(forced ? expected.forced(recording) : std::vector<int32_t>()), transcript);
  push_in_chunks(*stream, audio_of(recording), max_samples, random);
  transcript.wait();
  assert_ok(transcript.failure);
  const std::string name = recording + "." + run;
  assert_heard(name + " tokens", transcript.tokens, expected.integers(name + ".tokens"));
  if (!codes.empty()) {
    assert_heard(name + " codes", transcript.codes, expected.integers(recording + "." + codes));
  }
}

TEST(every_checkpoint_frame_by_frame_and_in_random_chunks) {
  const std::pair<const char *, const char *> checkpoints[] = {
      {"hf-f32", "hf-f32"},
      {"hf-sharded", "hf-f32"},
      {"hf-bf16", "hf-bf16"},
      {"hf-window1", "hf-window1"},
  };
  for (const auto &[name, expectation] : checkpoints) {
    const auto engine = make_engine(load_model(golden(name)));
    const Expected expected(expectation);
    for (const std::string recording : recordings) {
      for (const std::string run : {"free", "forced"}) {
        check_run(engine, expected, recording, run, "codes", 5000);
        check_run(engine, expected, recording, run, "codes", 100);
      }
    }
  }
}

TEST(other_rules_of_attention_and_alignment) {
  const auto run = [](const char *name, const ModelOptions &options, const std::string &tokens,
                      const std::string &codes) {
    const auto engine = make_engine(load_model(golden(name), options));
    const Expected expected(name);
    for (const std::string recording : recordings) {
      check_run(engine, expected, recording, tokens, codes, 4000);
    }
  };
  ModelOptions ring;
  ring.codec_attention = CodecAttention::Ring2;
  run("hf-f32", ring, "free_ring2", "codes_ring2");
  ModelOptions frame;
  frame.codec_attention = CodecAttention::Frame;
  run("hf-window1", frame, "free_frame", "codes_frame");
  ModelOptions drop_first;
  drop_first.alignment = Alignment::DropFirst;
  run("hf-f32", drop_first, "free_drop_first", "");
}

TEST(every_instruction_set) {
  const Expected expected("hf-f32");
  for (const ops::Kernels *kernels : ops::supported_kernels()) {
    setenv("KYUTAISTT_INSTRUCTION_SET", kernels->name, 1);
    const auto engine = make_engine(load_model(golden("hf-f32")));
    assert_equal(engine->model().loaded().instruction_set, kernels->name);
    for (const std::string recording : recordings) {
      check_run(engine, expected, recording, "free", "codes", 5000);
    }
  }
}

TEST(transformers_bf16_tokens) {
  // bfloat16 weights and products: agreement is counted, a single token may differ.
  ModelOptions options;
  options.precision = Precision::Bf16;
  const auto engine = make_engine(load_model(golden("hf-bf16"), options));
  const Expected expected("hf-bf16");
  for (const std::string recording : recordings) {
    Transcript transcript;
    const auto stream = open_stream(*engine, forcing(expected.forced(recording)), transcript);
    std::mt19937 random(1);
    push_in_chunks(*stream, audio_of(recording), 5000, random);
    transcript.wait();
    assert_heard(recording + " codes", transcript.codes, expected.integers(recording + ".codes"));
    assert_heard(recording + " tokens", transcript.tokens,
                 expected.integers(recording + ".forced.transformers_bf16.tokens"));
  }
}

TEST(eight_streams_that_come_and_go) {
  const auto engine = make_engine(load_model(golden("hf-f32")));
  const Expected expected("hf-f32");
  // Eight streams are always open, each with audio of its own, started at another time; whenever
  // one has ended the next begins in its place.
  const auto run_user = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (unsigned round = 0; round < 3; ++round) {
      const std::string recording = recordings[(seed + round) % 2];
      const std::string run = (seed / 2 + round) % 2 == 0 ? "free" : "forced";
      if (random() % 3 == 0) {
        // A stream that is closed in the middle of its audio.
        Transcript abandoned;
        const auto stream = open_stream(*engine, forcing({}), abandoned);
        const std::vector<float> audio = audio_of(recording);
        assert_ok(stream->push(std::span(audio).first(40000)));
      }
      check_run(engine, expected, recording, run, "codes", 3000 + 500 * seed);
    }
  };
  run_users(*engine, 8, run_user);
}

}  // namespace
