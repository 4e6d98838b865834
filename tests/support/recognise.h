// SPDX-License-Identifier: LGPL-2.1-or-later
/// Runs audio through an engine and keeps what comes out.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <kyutaistt/engine.h>

namespace kyutaistt::tests {

/// Everything that a stream said. Threads: filled on the engine's worker; read it after `wait`.
class Transcript {
 public:
  /// To be given to `Engine::open_stream`. The transcript must outlive the stream.
  EventListener listener();
  /// Waits until `Drained` or `Failure` has come this many times in all.
  void wait(int times = 1);

  std::vector<int32_t> tokens;
  /// [positions that heard a frame, codebooks]
  std::vector<int32_t> codes;
  std::vector<Word> words;
  /// Of the words, by index.
  std::vector<Time> ends;
  std::vector<Time> progress;
  std::vector<Dropped> dropped;
  std::vector<Renewed> renewed;
  std::vector<uint64_t> drained;
  Status failure;

  /// The words with spaces between.
  std::string text() const;

 private:
  void take(const Event &event);

  std::mutex mutex_;
  std::condition_variable changed_;
  int ends_seen_ = 0;
};

std::shared_ptr<Engine> make_engine(std::shared_ptr<const Model> model, EngineOptions options = {});
std::unique_ptr<Stream> open_stream(Engine &engine, const StreamOptions &options,
                                    Transcript &transcript);

/// Prompt of plain token ids without pads after them; none at all if there are no tokens.
StreamOptions forcing(std::vector<int32_t> tokens);
/// Options that force a domain's prompt and report steps, in one context as the reference has it.
StreamOptions for_domain(const std::string &domain);

/// Pushes audio in chunks of random sizes up to `most`, then drains.
void push_in_chunks(Stream &stream, std::span<const float> samples, size_t most,
                    std::mt19937 &random);

/// Calls run_user(user) for all users at once, each of which opens and closes streams, and checks
/// that they shared steps and left none open.
void run_users(const Engine &engine, unsigned users,
               const std::function<void(unsigned user)> &run_user);

}  // namespace kyutaistt::tests
