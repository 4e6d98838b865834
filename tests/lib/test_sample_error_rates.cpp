// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the smaller precisions cost in words: their error rates on the sample recordings beside
/// that of f32. Prints the rates.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <list>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <kyutaistt/option_names.h>

#include "metrics/text_errors.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/samples.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

using metrics::Edits;

/// Hundredths of the words that are wrong.
double points(const Edits &edits) {
  return 100.0 * static_cast<double>(edits.errors()) / static_cast<double>(edits.expected());
}

struct Case {
  Precision precision;
  CachePrecision cache;
  /// How many points (hundredths of the words) the rate may lie above that of f32.
  double max_points;
};

/// Recognises all clips at once in a domain.
Edits recognise(const std::vector<Clip> &clips, const std::string &domain, const Case &c) {
  ModelOptions options;
  options.precision = c.precision;
  options.cache_precision = c.cache;
  const auto engine = make_engine(load_model(example("model"), options));
  assert_equal(engine->model().loaded().precision, c.precision);
  assert_equal(engine->model().loaded().cache_precision, c.cache);
  std::list<Transcript> transcripts;
  std::list<std::thread> threads;
  for (const Clip &clip : clips) {
    Transcript &transcript = transcripts.emplace_back();
    threads.emplace_back([&engine, &clip, &domain, &transcript] {
      const auto stream = open_stream(*engine, for_domain(domain), transcript);
      assert_ok(stream->push(clip.samples));
      assert_ok(stream->drain(1));
      transcript.wait();
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  Edits sum;
  auto transcript = transcripts.begin();
  for (const Clip &clip : clips) {
    assert_ok(transcript->failure);
    sum += metrics::count_word_edits(clip.references.at(domain).said, transcript->text());
    ++transcript;
  }
  return sum;
}

TEST(small_precisions_cost_few_words) {
  const std::vector<Clip> clips = read_clips();
  const Case cases[] = {
      {Precision::F32, CachePrecision::Bf16, 0.5},  {Precision::F32, CachePrecision::Int8, 0.5},
      {Precision::Bf16, CachePrecision::Bf16, 0.5}, {Precision::Bf16, CachePrecision::Int8, 0.5},
      {Precision::Int8, CachePrecision::Bf16, 0.5}, {Precision::Int8, CachePrecision::Int8, 0.5},
      {Precision::Int4, CachePrecision::Int8, 1.5},
  };
  for (const char *domain : {"asr_is_is", "asr_is_en"}) {
    const Edits f32 = recognise(clips, domain, {Precision::F32, CachePrecision::F32, 0});
    int expected = 0;
    for (const Clip &clip : clips) {
      expected += clip.references.at(domain).errors;
    }
    ck_assert_int_eq(f32.errors(), expected);
    for (const Case &c : cases) {
      const Edits found = recognise(clips, domain, c);
      std::printf("%s, %s, cache %s: %" PRId64 " of %" PRId64 " words, %.2f %%; f32 %.2f %%\n",
                  domain, option_name(c.precision), option_name(c.cache), found.errors(),
                  found.expected(), points(found), points(f32));
      ck_assert_msg(points(found) <= points(f32) + c.max_points,
                    "%s, %s, cache %s: %" PRId64 " of %" PRId64
                    " words are wrong, %.2f %%, expected at most %.2f "
                    "%% and %.1f",
                    domain, option_name(c.precision), option_name(c.cache), found.errors(),
                    found.expected(), points(found), points(f32), c.max_points);
    }
  }
}

}  // namespace
