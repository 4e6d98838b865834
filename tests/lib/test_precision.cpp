// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many tokens the smaller precisions choose as f32 does. Prints the shares.
#include <cstdio>
#include <string>
#include <vector>

#include <kyutaistt/option_names.h>

#include "engine/model_state.h"
#include "support/golden.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

ModelOptions options_for(Precision precision, CachePrecision cache) {
  ModelOptions options;
  options.precision = precision;
  options.cache_precision = cache;
  return options;
}

/// The best token at every position when the reference's own tokens are fed: one wrong choice does
/// not lead to the next.
double teacher_forced_agreement(const ModelState &state, const std::vector<int32_t> &codes,
                                const std::vector<int32_t> &tokens) {
  const auto books = static_cast<size_t>(state.info.language_model.codebooks);
  const auto stream = state.language_model->make_state();
  auto text = static_cast<int32_t>(state.info.language_model.text_start);
  const size_t positions = std::min(codes.size() / books + 1, tokens.size());
  size_t same = 0;
  for (size_t position = 0; position < positions; ++position) {
    const auto heard = position == 0 ? std::span<const int32_t>()
                                     : std::span(codes).subspan((position - 1) * books, books);
    const lm::StepInput input{stream.get(), text, heard};
    same += state.language_model->step({&input, 1}).front().token == tokens[position] ? 1 : 0;
    text = tokens[position];
  }
  return static_cast<double>(same) / static_cast<double>(positions);
}

TEST(agreement_with_the_reference) {
  struct Case {
    Precision precision;
    CachePrecision cache;
    double least;
  };
  // The fixture's model is random: the first and second choice often lie together, so this is
  // harder than speech.
  const Case cases[] = {
      {Precision::F32, CachePrecision::F32, 1.0},    {Precision::F32, CachePrecision::Int8, 0.97},
      {Precision::Bf16, CachePrecision::Bf16, 0.97}, {Precision::Bf16, CachePrecision::Int8, 0.96},
      {Precision::Int8, CachePrecision::Int8, 0.95}, {Precision::Int4, CachePrecision::Int8, 0.6},
  };
  const Expected expected("hf-bf16");
  for (const Case &c : cases) {
    const auto model = load_model(golden("hf-bf16"), options_for(c.precision, c.cache));
    for (const std::string recording : {"speech4", "long7"}) {
      const double share =
          teacher_forced_agreement(model->state(), expected.integers(recording + ".codes"),
                                   expected.integers(recording + ".free.tokens"));
      std::printf("%s, cache %s, %s: %.2f %% of the tokens\n", option_name(c.precision),
                  option_name(c.cache), recording.c_str(), 100 * share);
      assert_at_least(share, c.least, recording);
    }
  }
}

}  // namespace
