// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whole streams through libtorch's operations, which compute on devices other than the CPU.
#include <cstdlib>
#include <random>
#include <string>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

TEST(codes_and_tokens_are_those_of_the_reference) {
  setenv("KYUTAISTT_OPERATIONS", "libtorch", 1);
  const auto engine = make_engine(load_model(golden("hf-f32")));
  const std::string &used = engine->model().loaded().instruction_set;
  assert_begins(used, "libtorch ");
  const Expected expected("hf-f32");
  for (const std::string recording : {"speech4", "long7"}) {
    Transcript transcript;
    const auto stream = open_stream(*engine, forcing({}), transcript);
    std::mt19937 random(5);
    push_in_chunks(*stream, read_wav(golden("audio/" + recording + ".wav")), 5000, random);
    transcript.wait();
    assert_ok(transcript.failure);
    const auto tokens = expected.integers(recording + ".free.tokens");
    const auto codes = expected.integers(recording + ".codes");
    // A frame more is heard than the reference kept.
    assert_at_least(transcript.tokens.size(), tokens.size());
    assert_at_least(transcript.codes.size(), codes.size());
    transcript.tokens.resize(tokens.size());
    transcript.codes.resize(codes.size());
    assert_equal(transcript.tokens, tokens, recording);
    assert_equal(transcript.codes, codes, recording);
  }
}

TEST(a_device_that_is_not_there_is_refused) {
  ModelOptions options;
  options.device = "cuda:99";
  assert_refused(Model::load(golden("hf-f32"), options).status(), StatusCode::InvalidArgument,
                 "device \"cuda:99\" cannot be used: ");
}

TEST(weights_that_were_packed_for_the_cpu_are_refused) {
  const TestFolder folder;
  ModelOptions options;
  options.precision = Precision::Bf16;
  assert_ok(quantize_model(golden("hf-bf16"), folder.path("packed"), options));
  setenv("KYUTAISTT_OPERATIONS", "libtorch", 1);
  assert_refused(Model::load(folder.path("packed")).status(), StatusCode::Unsupported,
                 "which libtorch cannot read");
}

}  // namespace
