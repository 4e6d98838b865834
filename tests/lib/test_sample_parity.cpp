// SPDX-License-Identifier: LGPL-2.1-or-later
/// The bundled model on its sample recordings: every token is the reference's, however the audio
/// comes and whoever else is listening.
#include <algorithm>
#include <random>
#include <string>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/samples.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

constexpr const char *domains[] = {"asr_is_is", "asr_is_en"};
constexpr auto frame_samples = static_cast<size_t>(kyutaistt::samples_per_frame);

std::shared_ptr<Engine> f32_engine() {
  ModelOptions options;
  options.precision = Precision::F32;
  return make_engine(load_model(example("model"), options));
}

/// `tokens`: those of the clip's context.
void assert_reference(const Clip &clip, const std::string &domain,
                      std::span<const int32_t> tokens) {
  const std::vector<int32_t> &expected = clip.references.at(domain).tokens;
  const std::string what = clip.file + ", " + domain;
  // We say one token more: the reference stops before the last frame is heard.
  ck_assert_msg(tokens.size() == expected.size() + 1, "%s: %zu tokens, expected %zu and one",
                what.c_str(), tokens.size(), expected.size());
  const auto differ = std::mismatch(expected.begin(), expected.end(), tokens.begin());
  ck_assert_msg(differ.first == expected.end(), "%s: token %td is %d, expected %d", what.c_str(),
                differ.first - expected.begin(), *differ.second, *differ.first);
}

TEST(frame_by_frame) {
  const auto engine = f32_engine();
  for (const Clip &clip : read_clips()) {
    for (const char *domain : domains) {
      Transcript transcript;
      const auto stream = open_stream(*engine, for_domain(domain), transcript);
      std::span<const float> samples = clip.samples;
      while (!samples.empty()) {
        const size_t count = std::min(frame_samples, samples.size());
        assert_ok(stream->push(samples.first(count)));
        samples = samples.subspan(count);
      }
      assert_ok(stream->drain(1));
      transcript.wait();
      assert_ok(transcript.failure);
      assert_reference(clip, domain, transcript.tokens);
      assert_text(transcript.text(), clip.references.at(domain).text);
    }
  }
}

TEST(random_chunks_one_context_after_the_other) {
  // All recordings go through one stream of each domain, so that nothing of one may reach the next.
  const auto engine = f32_engine();
  const std::vector<Clip> clips = read_clips();
  std::mt19937 random(7);
  for (const char *domain : domains) {
    Transcript transcript;
    const auto stream = open_stream(*engine, for_domain(domain), transcript);
    int drained = 0;
    size_t tokens = 0;
    for (const Clip &clip : clips) {
      push_in_chunks(*stream, clip.samples, 5000, random);
      transcript.wait(++drained);
      assert_ok(transcript.failure);
      assert_reference(clip, domain, std::span(transcript.tokens).subspan(tokens));
      tokens = transcript.tokens.size();
    }
  }
}

TEST(eight_at_once_while_others_come_and_go) {
  const auto engine = f32_engine();
  const std::vector<Clip> clips = read_clips();
  constexpr unsigned users = 8;
  // Eight streams are always open, at different places of different recordings in both domains.
  const auto run_user = [&](unsigned user) {
    std::mt19937 random(user);
    for (size_t round = 0; round < 2 * clips.size() / users; ++round) {
      const Clip &clip = clips[(user + round * users) % clips.size()];
      const char *domain = domains[(user + round / 2) % 2];
      {
        // One that is closed in the middle of its audio, or begins anew there.
        Transcript other;
        const auto stream = open_stream(*engine, for_domain(domain), other);
        const size_t most = clip.samples.size() - 1;
        const size_t heard = std::uniform_int_distribution<size_t>(1, most)(random);
        assert_ok(stream->push(std::span(clip.samples).first(heard)));
        if (random() % 2 == 0) {
          stream->reset();
          assert_ok(stream->push(std::span(clip.samples).last(most / 3)));
        }
      }
      Transcript transcript;
      const auto stream = open_stream(*engine, for_domain(domain), transcript);
      push_in_chunks(*stream, clip.samples, 5000, random);
      transcript.wait();
      assert_ok(transcript.failure);
      assert_reference(clip, domain, transcript.tokens);
    }
  };
  run_users(*engine, users, run_user);
}

}  // namespace
