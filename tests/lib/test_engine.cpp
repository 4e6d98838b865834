// SPDX-License-Identifier: LGPL-2.1-or-later
/// How streams behave when something goes wrong or changes: full queues, resets, failures, prompts.
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t frame_samples = 1920;

std::vector<float> noise(size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  std::vector<float> samples(count);
  for (float &sample : samples) {
    sample = uniform(random);
  }
  return samples;
}

std::shared_ptr<Engine> tiny_engine(EngineOptions options = {}) {
  return make_engine(load_model(golden("hf-f32")), std::move(options));
}

/// Something that has happened, once.
class Flag {
 public:
  void set() {
    {
      const std::lock_guard lock(mutex_);
      is_set_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

/// Keeps the engine's worker busy until it is let go: its listener waits.
class Brake {
 public:
  explicit Brake(Engine &engine) {
    auto stream = engine.open_stream(forcing({}), [this](const Event &) {
      stopped_.set();
      released_.wait();
    });
    assert_ok(stream.status());
    stream_ = std::move(stream).value();
    assert_ok(stream_->push(noise(frame_samples)));
    stopped_.wait();
  }
  Brake(const Brake &) = delete;
  Brake &operator=(const Brake &) = delete;
  ~Brake() { release(); }

  void release() { released_.set(); }

 private:
  Flag stopped_;
  Flag released_;
  std::unique_ptr<Stream> stream_;
};

START_TEST(a_full_queue_drops_whole_frames_and_counts_them) {
  const auto engine = tiny_engine();
  StreamOptions options = forcing({});
  options.overflow = Overflow::Drop;
  options.queue_capacity = milliseconds(400);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  {
    Brake brake(*engine);
    for (int i = 0; i < 100; ++i) {
      assert_ok(stream->push(noise(960)));
    }
    // Five frames wait; of the other forty-five none is left.
    ck_assert_int_eq(stream->stats().queued.count(), Time(milliseconds(400)).count());
    ck_assert_uint_eq(stream->stats().dropped_frames, 45);
  }
  assert_ok(stream->drain(7));
  transcript.wait();
  ck_assert_uint_eq(transcript.dropped.size(), 1);
  ck_assert_int_eq(transcript.dropped[0].position.count(), Time(milliseconds(400)).count());
  ck_assert_int_eq(transcript.dropped[0].duration.count(), Time(milliseconds(3600)).count());
  ck_assert_uint_eq(transcript.drained[0], 7);

  // The clock went on over what was dropped.
  assert_ok(stream->push(noise(frame_samples)));
  assert_ok(stream->drain(8));
  transcript.wait(2);
  ck_assert_int_eq(transcript.progress.back().count(), Time(milliseconds(4080)).count());
}
END_TEST

START_TEST(a_full_queue_blocks_until_there_is_room) {
  const auto engine = tiny_engine();
  StreamOptions options = forcing({});
  options.queue_capacity = milliseconds(160);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  std::future<Status> push;
  {
    Brake brake(*engine);
    push = std::async(std::launch::async, [&] { return stream->push(noise(50 * frame_samples)); });
    ck_assert(push.wait_for(milliseconds(100)) == std::future_status::timeout);
    ck_assert_int_eq(stream->stats().queued.count(), Time(milliseconds(160)).count());
  }
  ck_assert(push.wait_for(seconds(20)) == std::future_status::ready);
  assert_ok(push.get());
  assert_ok(stream->drain(1));
  transcript.wait();
  ck_assert_uint_ge(stream->stats().frames, 50);
  ck_assert_uint_eq(stream->stats().dropped_frames, 0);
}
END_TEST

START_TEST(a_reset_interrupts_a_push_and_forgets) {
  const auto engine = tiny_engine();
  StreamOptions options = forcing({});
  options.queue_capacity = milliseconds(160);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  {
    Brake brake(*engine);
    auto push = std::async(std::launch::async, [&] { return stream->push(noise(100000)); });
    while (stream->stats().queued < milliseconds(160)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    stream->reset();
    ck_assert(push.wait_for(seconds(20)) == std::future_status::ready);
    assert_refused(push.get(), StatusCode::Cancelled, "reset");
    ck_assert_int_eq(stream->stats().queued.count(), 0);
  }
  // What follows is recognised as if nothing had been before.
  const std::vector<float> audio = noise(20 * frame_samples, 5);
  assert_ok(stream->push(audio));
  assert_ok(stream->drain(1));
  transcript.wait();
  Transcript fresh;
  const auto other = open_stream(*engine, options, fresh);
  assert_ok(other->push(audio));
  assert_ok(other->drain(1));
  fresh.wait();
  ck_assert(transcript.tokens == fresh.tokens);
  ck_assert(transcript.codes == fresh.codes);
}
END_TEST

START_TEST(no_event_comes_after_a_reset) {
  const auto engine = tiny_engine();
  std::atomic<int> events = 0;
  auto opened = engine->open_stream(forcing({}), [&](const Event &) { ++events; });
  assert_ok(opened.status());
  const auto stream = std::move(opened).value();
  for (int round = 0; round < 200; ++round) {
    assert_ok(stream->push(noise(5 * frame_samples)));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 5));
    stream->reset();
    const int then = events;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    ck_assert_int_eq(events, then);
  }
}
END_TEST

START_TEST(a_listener_that_throws_fails_its_own_stream) {
  const auto engine = tiny_engine();
  std::atomic<bool> throws = true;
  std::promise<Status> failure;
  std::promise<void> drained;
  auto opened = engine->open_stream(forcing({}), [&](const Event &event) {
    if (const auto *failed = std::get_if<Failure>(&event)) {
      failure.set_value(failed->status);
    } else if (std::holds_alternative<Drained>(event)) {
      drained.set_value();
    } else if (throws) {
      throw std::runtime_error("no room for this");
    }
  });
  assert_ok(opened.status());
  const auto bad = std::move(opened).value();
  Transcript transcript;
  const auto good = open_stream(*engine, forcing({}), transcript);
  assert_ok(bad->push(noise(frame_samples)));
  assert_ok(good->push(noise(10 * frame_samples)));
  assert_refused(failure.get_future().get(), StatusCode::Internal, "no room for this");
  // Every call tells the failure, until a reset mends it.
  assert_refused(bad->push(noise(10)), StatusCode::Internal, "no room for this");
  assert_refused(bad->drain(1), StatusCode::Internal, "no room for this");
  assert_refused(bad->set_prompt({}, 1), StatusCode::Internal, "no room for this");
  throws = false;
  bad->reset();
  assert_ok(bad->push(noise(3 * frame_samples)));
  assert_ok(bad->drain(2));
  drained.get_future().wait();
  assert_ok(good->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
}
END_TEST

START_TEST(a_failure_of_what_a_reset_forgot_is_forgotten_too) {
  const auto engine = tiny_engine();
  Flag listening;
  Flag released;
  std::atomic<bool> throws = true;
  std::atomic<int> failures = 0;
  std::promise<void> drained;
  auto opened = engine->open_stream(forcing({}), [&](const Event &event) {
    if (std::holds_alternative<Failure>(event)) {
      ++failures;
    } else if (std::holds_alternative<Drained>(event)) {
      drained.set_value();
    } else if (throws) {
      listening.set();
      released.wait();
      throw std::runtime_error("too late");
    }
  });
  assert_ok(opened.status());
  const auto stream = std::move(opened).value();
  assert_ok(stream->push(noise(5 * frame_samples)));
  listening.wait();
  auto reset = std::async(std::launch::async, [&] { stream->reset(); });
  // The reset has emptied the queue, and waits for the listener.
  while (stream->stats().queued > Time::zero()) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  released.set();
  reset.get();
  throws = false;
  assert_ok(stream->push(noise(3 * frame_samples)));
  assert_ok(stream->drain(1));
  ck_assert(drained.get_future().wait_for(seconds(20)) == std::future_status::ready);
  ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(an_observer_that_throws_fails_the_streams_of_its_step) {
  std::atomic<bool> throws = true;
  const auto engine = tiny_engine({.max_streams = 2, .step_observer = [&](const StepReport &) {
                                     if (throws) {
                                       throw std::runtime_error("nobody looks");
                                     }
                                   }});
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  assert_ok(stream->push(noise(3 * frame_samples)));
  transcript.wait();
  assert_refused(transcript.failure, StatusCode::Internal, "nobody looks");
  assert_refused(stream->drain(1), StatusCode::Internal, "nobody looks");
  // The engine goes on.
  throws = false;
  stream->reset();
  assert_ok(stream->push(noise(3 * frame_samples)));
  assert_ok(stream->drain(2));
  transcript.wait(2);
  ck_assert_uint_eq(transcript.drained.size(), 1);
}
END_TEST

START_TEST(a_prompt_that_changes_starts_anew) {
  const auto engine = make_engine(load_model(example("model")));
  Transcript transcript;
  const auto stream = open_stream(*engine, for_domain("asr_is_is"), transcript);
  assert_ok(stream->push(noise(4 * frame_samples)));
  Prompt unknown;
  unknown.domain = "asr_is_xx";
  assert_refused(stream->set_prompt(unknown, 1), StatusCode::NotFound, "asr_is_en");
  Prompt english;
  english.domain = "asr_is_en";
  assert_ok(stream->set_prompt(english, 2));
  transcript.wait();
  ck_assert_uint_eq(transcript.drained.size(), 1);
  ck_assert_uint_eq(transcript.drained[0], 2);
  // The tail of silence does not move the clock.
  ck_assert_int_eq(transcript.progress.back().count(), Time(milliseconds(320)).count());
  const size_t before = transcript.tokens.size();
  assert_ok(stream->push(noise(4 * frame_samples)));
  assert_ok(stream->drain(3));
  transcript.wait(2);
  Transcript english_only;
  const auto other = open_stream(*engine, for_domain("asr_is_en"), english_only);
  assert_ok(other->push(noise(4 * frame_samples)));
  assert_ok(other->drain(1));
  english_only.wait();
  ck_assert(std::vector<int32_t>(transcript.tokens.begin() + static_cast<std::ptrdiff_t>(before),
                                 transcript.tokens.end()) == english_only.tokens);
  ck_assert_int_eq(transcript.progress.back().count(), Time(milliseconds(640)).count());
}
END_TEST

START_TEST(samples_far_beyond_full_scale_do_no_lasting_harm) {
  const auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  std::vector<float> audio = noise(40 * frame_samples);
  for (size_t i = 0; i < frame_samples; i += 7) {
    audio[i] = i % 2 == 0 ? 3e38F : -3e38F;
  }
  assert_ok(stream->push(audio));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
}
END_TEST

START_TEST(times_as_long_as_a_time_can_be) {
  const auto engine = make_engine(load_model(example("model")));
  StreamOptions options = for_domain("asr_is_is");
  options.queue_capacity = Time::max();
  options.word_end_cap = Time::max();
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  for (const Time wrong : {Time::min(), Time::max()}) {
    assert_refused(stream->push(noise(10), wrong), StatusCode::InvalidArgument,
                   "timestamp: found " + std::to_string(wrong.count()));
  }
  constexpr Time century = std::chrono::hours(24 * 365 * 100);
  assert_ok(stream->push(noise(20 * frame_samples), -century));
  assert_ok(stream->push(noise(20 * frame_samples), century));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
  ck_assert_int_eq(transcript.progress.back().count(), (century + milliseconds(1600)).count());
  for (size_t i = 0; i < transcript.ends.size(); ++i) {
    ck_assert(transcript.ends[i] >= transcript.words[i].end);
  }
}
END_TEST

START_TEST(wrong_options_are_refused) {
  const auto engine = tiny_engine({.max_streams = 2, .step_observer = {}});
  const auto ignore = [](const Event &) {};
  StreamOptions wrong = forcing({5, -3});
  assert_refused(engine->open_stream(wrong, ignore).status(), StatusCode::InvalidArgument, "-3");
  wrong = forcing({5, 1 << 20});
  assert_refused(engine->open_stream(wrong, ignore).status(), StatusCode::InvalidArgument,
                 "1048576");
  assert_refused(engine->open_stream(forcing({}), {}).status(), StatusCode::InvalidArgument,
                 "listener");
  auto first = engine->open_stream(forcing({}), ignore);
  auto second = engine->open_stream(forcing({}), ignore);
  assert_ok(first.status());
  assert_ok(second.status());
  assert_refused(engine->open_stream(forcing({}), ignore).status(), StatusCode::ResourceExhausted,
                 "2");
  // A stream that is closed makes room.
  first.value().reset();
  assert_ok(engine->open_stream(forcing({}), ignore).status());
}
END_TEST

START_TEST(one_folder_is_one_engine) {
  std::weak_ptr<const Engine> seen;
  {
    const auto first = Engine::shared(golden("hf-f32"));
    const auto second = Engine::shared(golden("../golden/hf-f32"));
    assert_ok(first.status());
    assert_ok(second.status());
    ck_assert(first.value() == second.value());
    // What was left open, said.
    const LoadedInfo &loaded = first.value()->model().loaded();
    ModelOptions said;
    said.precision = loaded.precision;
    said.cache_precision = loaded.cache_precision;
    said.threads = loaded.threads;
    said.alignment = first.value()->model().info().alignment;
    said.codec_attention = CodecAttention::Exact;
    const auto third = Engine::shared(golden("hf-f32"), said);
    assert_ok(third.status());
    ck_assert(first.value() == third.value());
    ModelOptions bf16;
    bf16.precision = Precision::Bf16;
    const auto other = Engine::shared(golden("hf-f32"), bf16);
    assert_ok(other.status());
    ck_assert(first.value() != other.value());
    seen = first.value();
  }
  ck_assert(seen.expired());
  assert_refused(Engine::shared(golden("none")).status(), StatusCode::NotFound, "none");
}
END_TEST

START_TEST(many_that_want_a_model_at_once_load_it_once) {
  std::array<std::future<Result<std::shared_ptr<Engine>>>, 8> callers;
  for (auto &caller : callers) {
    caller = std::async(std::launch::async, [] { return Engine::shared(example("model")); });
  }
  std::shared_ptr<Engine> engine;
  for (auto &caller : callers) {
    auto result = caller.get();
    assert_ok(result.status());
    engine = engine == nullptr ? result.value() : engine;
    ck_assert(result.value() == engine);
  }
}
END_TEST

START_TEST(a_stream_outlives_its_engine_object) {
  auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  engine.reset();
  assert_ok(stream->push(noise(5 * frame_samples)));
  assert_ok(stream->drain(1));
  transcript.wait();
}
END_TEST

}  // namespace

int main() {
  return run_suite(
      "engine",
      {a_full_queue_drops_whole_frames_and_counts_them, a_full_queue_blocks_until_there_is_room,
       a_reset_interrupts_a_push_and_forgets, no_event_comes_after_a_reset,
       a_listener_that_throws_fails_its_own_stream,
       a_failure_of_what_a_reset_forgot_is_forgotten_too,
       an_observer_that_throws_fails_the_streams_of_its_step, a_prompt_that_changes_starts_anew,
       samples_far_beyond_full_scale_do_no_lasting_harm, times_as_long_as_a_time_can_be,
       wrong_options_are_refused, one_folder_is_one_engine,
       many_that_want_a_model_at_once_load_it_once, a_stream_outlives_its_engine_object});
}
