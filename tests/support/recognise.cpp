// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/recognise.h"

#include <algorithm>
#include <list>
#include <thread>
#include <type_traits>

#include "support/suite.h"

namespace kyutaistt::tests {

EventListener Transcript::listener() {
  return [this](const Event &event) { take(event); };
}

void Transcript::take(const Event &event) {
  const std::lock_guard lock(mutex_);
  std::visit(
      [this](const auto &what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Word>) {
          ck_assert_uint_eq(what.index, words.size());
          words.push_back(what);
        } else if constexpr (std::is_same_v<What, WordEnd>) {
          ck_assert_uint_eq(what.index, ends.size());
          ends.push_back(what.end);
        } else if constexpr (std::is_same_v<What, Progress>) {
          progress.push_back(what.position);
        } else if constexpr (std::is_same_v<What, Step>) {
          tokens.push_back(what.token);
          codes.insert(codes.end(), what.codes.begin(), what.codes.end());
        } else if constexpr (std::is_same_v<What, Dropped>) {
          dropped.push_back(what);
        } else if constexpr (std::is_same_v<What, Renewed>) {
          renewed.push_back(what);
        } else if constexpr (std::is_same_v<What, Drained>) {
          drained.push_back(what.marker);
          ++ends_seen_;
        } else {
          failure = what.status;
          ++ends_seen_;
        }
      },
      event);
  changed_.notify_all();
}

void Transcript::wait(int times) {
  std::unique_lock lock(mutex_);
  const bool came =
      changed_.wait_for(lock, std::chrono::seconds(100), [&] { return ends_seen_ >= times; });
  ck_assert_msg(came, "the stream was not drained in time");
}

std::string Transcript::text() const {
  std::string text;
  for (const Word &word : words) {
    text += (text.empty() ? "" : " ") + word.text;
  }
  return text;
}

std::shared_ptr<Engine> make_engine(std::shared_ptr<const Model> model, EngineOptions options) {
  auto engine = Engine::create(std::move(model), std::move(options));
  assert_ok(engine.status());
  return std::move(engine).value();
}

std::unique_ptr<Stream> open_stream(Engine &engine, const StreamOptions &options,
                                    Transcript &transcript) {
  auto stream = engine.open_stream(options, transcript.listener());
  assert_ok(stream.status());
  return std::move(stream).value();
}

StreamOptions forcing(std::vector<int32_t> tokens) {
  StreamOptions options;
  options.prompt.enabled = !tokens.empty();
  options.prompt.tokens = std::move(tokens);
  options.prompt.pad_steps = 0;
  options.report_steps = true;
  return options;
}

StreamOptions for_domain(const std::string &domain) {
  StreamOptions options;
  options.prompt.domain = domain;
  options.report_steps = true;
  // The reference lets its context roll.
  options.relay = false;
  options.watchdog = false;
  return options;
}

void push_in_chunks(Stream &stream, std::span<const float> samples, size_t most,
                    std::mt19937 &random) {
  std::uniform_int_distribution<size_t> size(1, most);
  while (!samples.empty()) {
    const size_t count = std::min(size(random), samples.size());
    assert_ok(stream.push(samples.first(count)));
    samples = samples.subspan(count);
  }
  assert_ok(stream.drain(1));
}

void run_users(const Engine &engine, unsigned users,
               const std::function<void(unsigned user)> &run_user) {
  std::list<std::thread> threads;
  for (unsigned user = 0; user < users; ++user) {
    threads.emplace_back(run_user, user);
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  const EngineStats stats = engine.stats();
  ck_assert_int_eq(stats.open_streams, 0);
  ck_assert_uint_gt(stats.frames, stats.steps * 2);
}

}  // namespace kyutaistt::tests
