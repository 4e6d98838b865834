// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a stream behaves when something changes or goes wrong: resets, prompts, failures.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/tiny_engine.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(a_reset_interrupts_a_push_and_forgets) {
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
    assert_equal(push.wait_for(seconds(20)), std::future_status::ready);
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
  assert_equal(transcript.tokens, fresh.tokens);
  assert_equal(transcript.codes, fresh.codes);
}

TEST(no_event_comes_after_a_reset) {
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

TEST(a_listener_that_throws_fails_its_own_stream) {
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
  // Every call reports the failure, until a reset mends it.
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

TEST(a_failure_of_what_a_reset_forgot_is_forgotten_too) {
  // One frame is taken, the others wait.
  EngineOptions options;
  options.frames_at_once = 1;
  const auto engine = tiny_engine(std::move(options));
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
  assert_equal(drained.get_future().wait_for(seconds(20)), std::future_status::ready);
  ck_assert_int_eq(failures, 0);
}

TEST(a_prompt_that_changes_starts_anew) {
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
  assert_equal(std::vector<int32_t>(transcript.tokens.begin() + static_cast<std::ptrdiff_t>(before),
                                    transcript.tokens.end()),
               english_only.tokens);
  ck_assert_int_eq(transcript.progress.back().count(), Time(milliseconds(640)).count());
}

TEST(a_prompt_after_a_reset_is_for_what_follows_it) {
  const auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({5, 6}), transcript);
  {
    Brake brake(*engine);
    stream->reset();
    assert_ok(stream->push(noise(3 * frame_samples)));
    assert_ok(stream->set_prompt(forcing({7, 8}).prompt, 1));
    assert_ok(stream->push(noise(3 * frame_samples)));
    assert_ok(stream->drain(2));
  }
  transcript.wait(2);
  assert_ok(transcript.failure);
  // The positions of both contexts: three frames each, and as much silence.
  const size_t half = transcript.tokens.size() / 2;
  ck_assert_int_eq(transcript.tokens[0], 5);
  ck_assert_int_eq(transcript.tokens[1], 6);
  ck_assert_int_eq(transcript.tokens[half], 7);
  ck_assert_int_eq(transcript.tokens[half + 1], 8);
}

TEST(times_go_back_after_a_drain_only) {
  const auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  assert_ok(stream->push(noise(5 * frame_samples), seconds(100)));
  assert_ok(stream->push(noise(5 * frame_samples), seconds(0)));
  assert_ok(stream->drain(1));
  transcript.wait();
  ck_assert_uint_gt(transcript.progress.size(), 10);
  ck_assert(std::is_sorted(transcript.progress.begin(), transcript.progress.end()));
  assert_at_least(transcript.progress.front(), seconds(100));
  const size_t before = transcript.progress.size();
  assert_ok(stream->push(noise(5 * frame_samples), seconds(0)));
  assert_ok(stream->drain(2));
  transcript.wait(2);
  assert_less(transcript.progress.at(before), seconds(1));
  assert_equal(transcript.progress.back(), milliseconds(400));
}

TEST(a_closed_stream_has_let_go_of_its_listener) {
  const auto engine = tiny_engine();
  // Both are in one step; the worker is held up in the first one's listener.
  Flag listening;
  Flag released;
  std::unique_ptr<Stream> first;
  std::unique_ptr<Stream> second;
  auto session = std::make_shared<int>(0);
  const std::weak_ptr<int> kept = session;
  {
    Brake brake(*engine);
    auto opened = engine->open_stream(forcing({}), [&](const Event &) {
      listening.set();
      released.wait();
    });
    assert_ok(opened.status());
    first = std::move(opened).value();
    opened = engine->open_stream(forcing({}), [session](const Event &) {});
    assert_ok(opened.status());
    second = std::move(opened).value();
    assert_ok(first->push(noise(frame_samples)));
    assert_ok(second->push(noise(frame_samples)));
    session.reset();
  }
  listening.wait();
  second.reset();
  const bool gone = kept.expired();
  released.set();
  ck_assert(gone);
}

}  // namespace
