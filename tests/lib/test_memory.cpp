// SPDX-License-Identifier: LGPL-2.1-or-later
/// That what a model and its streams are said to cost is what is allocated for them.
#include <cstdint>
#include <cstdio>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>

#include <kyutaistt/option_names.h>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

constexpr auto frame_samples = static_cast<size_t>(kyutaistt::samples_per_frame);

/// Bytes that the process has from malloc now.
int64_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

struct Case {
  Precision precision;
  CachePrecision cache;
};

constexpr Case cases[] = {
    {Precision::F32, CachePrecision::F32},
    {Precision::Bf16, CachePrecision::Bf16},
    {Precision::Int8, CachePrecision::Int8},
    {Precision::Int4, CachePrecision::Int8},
};

std::shared_ptr<const Model> load(const Case &c) {
  ModelOptions options;
  options.precision = c.precision;
  options.cache_precision = c.cache;
  options.threads = 1;
  return load_model(example("model"), options);
}

/// Fails unless `found` is within 5 % of what is reported.
void assert_told(const Case &c, const std::string &what, int64_t found, uint64_t told) {
  const double share = static_cast<double>(found) / static_cast<double>(told);
  std::printf("%s, cache %s: %s takes %.3f MB, %.3f are reported\n", option_name(c.precision),
              option_name(c.cache), what.c_str(), static_cast<double>(found) / 1e6,
              static_cast<double>(told) / 1e6);
  ck_assert_msg(share > 0.95 && share < 1.05, "%s, cache %s: %s takes %jd bytes, %ju are reported",
                option_name(c.precision), option_name(c.cache), what.c_str(),
                static_cast<intmax_t>(found), static_cast<uintmax_t>(told));
}

TEST(a_stream_costs_what_is_told) {
  constexpr int streams = 16;
  for (const Case &c : cases) {
    // What steps of several sizes work in would count as the streams'.
    EngineOptions options;
    options.frames_at_once = 1;
    const auto engine = make_engine(load(c), options);
    std::list<Transcript> transcripts;
    std::vector<std::unique_ptr<Stream>> open;
    const auto hear_a_frame = [](Stream &stream, Transcript &transcript, int times) {
      assert_ok(stream.push(std::vector<float>(frame_samples)));
      assert_ok(stream.drain(1));
      transcript.wait(times);
    };
    const auto add_stream = [&] {
      Transcript &transcript = transcripts.emplace_back();
      open.push_back(open_stream(*engine, {}, transcript));
      hear_a_frame(*open.back(), transcript, 1);
    };
    // The first brings what all of them share.
    add_stream();
    const int64_t before = allocated();
    for (int i = 0; i < streams; ++i) {
      add_stream();
    }
    const uint64_t told = engine->model().info().memory_per_stream_bytes;
    assert_told(c, "a stream", (allocated() - before) / streams, told);
    // All of it is given back, once the worker has turned to another stream.
    open.resize(1);
    hear_a_frame(*open.front(), transcripts.front(), 2);
    ck_assert_int_lt(allocated() - before, static_cast<int64_t>(told / 10));
  }
}

TEST(weights_cost_what_is_told) {
  for (const Case &c : cases) {
    load(c);
    const int64_t before = allocated();
    const auto model = load(c);
    assert_told(c, "the model", allocated() - before, model->loaded().weight_bytes);
  }
}

}  // namespace
