// SPDX-License-Identifier: LGPL-2.1-or-later
/// Engines and their streams: full queues, wrong options, models that are shared.
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"
#include "support/tiny_engine.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(a_full_queue_drops_whole_frames_and_counts_them) {
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

TEST(what_one_push_brings_may_be_longer_than_the_queue) {
  const auto engine = tiny_engine();
  StreamOptions options = forcing({});
  options.overflow = Overflow::Drop;
  options.queue_capacity = milliseconds(400);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  {
    Brake brake(*engine);
    // Nothing waits, then two seconds do.
    assert_ok(stream->push(noise(25 * frame_samples)));
    ck_assert_uint_eq(stream->stats().dropped_frames, 0);
    assert_ok(stream->push(noise(25 * frame_samples)));
    // Of the second, as much is dropped as waited too long before it, less the frame that may wait
    // in any case.
    ck_assert_uint_eq(stream->stats().dropped_frames, 21);
    ck_assert_int_eq(stream->stats().queued.count(), Time(milliseconds(29 * 80)).count());
  }
  assert_ok(stream->drain(7));
  transcript.wait();
  ck_assert_uint_eq(transcript.dropped.size(), 1);
  ck_assert_int_eq(transcript.dropped[0].duration.count(), Time(milliseconds(21 * 80)).count());
}

TEST(a_full_queue_blocks_until_there_is_room) {
  const auto engine = tiny_engine();
  StreamOptions options = forcing({});
  options.queue_capacity = milliseconds(160);
  Transcript transcript;
  const auto stream = open_stream(*engine, options, transcript);
  std::future<Status> push;
  {
    Brake brake(*engine);
    push = std::async(std::launch::async, [&] { return stream->push(noise(50 * frame_samples)); });
    while (stream->stats().queued < milliseconds(160)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    assert_equal(push.wait_for(milliseconds(100)), std::future_status::timeout);
    ck_assert_int_eq(stream->stats().queued.count(), Time(milliseconds(160)).count());
  }
  assert_equal(push.wait_for(seconds(20)), std::future_status::ready);
  assert_ok(push.get());
  assert_ok(stream->drain(1));
  transcript.wait();
  ck_assert_uint_ge(stream->stats().frames, 50);
  ck_assert_uint_eq(stream->stats().dropped_frames, 0);
}

TEST(contexts_that_have_ended_are_finished_beside_the_running_one) {
  constexpr uint64_t contexts = 5;
  constexpr uint64_t frames = 6;
  std::atomic<uint64_t> steps = 0;
  EngineOptions engine_options;
  engine_options.step_observer = [&](const StepReport &) { ++steps; };
  engine_options.frames_at_once = 1;
  auto engine = tiny_engine(std::move(engine_options));
  StreamOptions options = forcing({});
  options.queue_capacity = seconds(10);
  Transcript transcript;
  auto stream = open_stream(*engine, options, transcript);
  {
    Brake brake(*engine);
    for (uint64_t marker = 0; marker < contexts; ++marker) {
      assert_ok(stream->push(noise(frames * frame_samples, static_cast<unsigned>(marker))));
      assert_ok(stream->drain(marker));
    }
  }
  transcript.wait(contexts);
  assert_equal(transcript.drained, std::vector<uint64_t>{0, 1, 2, 3, 4});
  // One step for each frame of audio and, after the last, for each of silence; the brake's own step
  // besides. What a context takes in all is what it takes alone.
  const uint64_t silence = stream->stats().frames / contexts - frames;
  // The worker ends with them, after the last step has been counted.
  stream.reset();
  engine.reset();
  assert_equal(steps.load(), contexts * frames + silence + 1);
  for (size_t i = 0; i < transcript.words.size(); ++i) {
    assert_equal(transcript.words[i].index, static_cast<uint64_t>(i));
  }
}

TEST(a_reset_forgets_contexts_that_are_not_finished) {
  const auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  {
    Brake brake(*engine);
    assert_ok(stream->push(noise(frame_samples)));
    assert_ok(stream->drain(1));
    assert_ok(stream->push(noise(frame_samples)));
    assert_ok(stream->drain(2));
    stream->reset();
    assert_ok(stream->push(noise(frame_samples)));
    assert_ok(stream->drain(3));
  }
  transcript.wait();
  assert_equal(transcript.drained, std::vector<uint64_t>{3});
}

TEST(an_observer_that_throws_fails_the_streams_of_its_step) {
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

TEST(samples_far_beyond_full_scale_do_no_lasting_harm) {
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

TEST(times_as_long_as_a_time_can_be) {
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
  constexpr Time limit = std::chrono::hours(24 * 365 * 146);
  assert_ok(stream->push(noise(20 * frame_samples), -limit));
  assert_ok(stream->push(noise(20 * frame_samples), limit));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
  ck_assert_int_eq(transcript.progress.back().count(), (limit + milliseconds(1600)).count());
  for (size_t i = 0; i < transcript.ends.size(); ++i) {
    assert_at_least(transcript.ends[i], transcript.words[i].end);
  }
}

TEST(wrong_options_are_refused) {
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
  // For one that wants it for itself there are too many.
  assert_refused(engine->open_stream(forcing({}), ignore, 1).status(),
                 StatusCode::ResourceExhausted, "1");
  assert_ok(engine->open_stream(forcing({}), ignore).status());
}

TEST(a_folder_that_has_changed_is_loaded_anew) {
  const TestFolder folder("hf-f32");
  const auto sidecar = [&](const std::string &domain) {
    folder.write("kyutaistt.json", R"({"format": 1, "domains": {")" + domain +
                                       R"(": {"tokens": [4]}}, "default_domain": ")" + domain +
                                       R"("})");
  };
  sidecar("is");
  const auto first = Engine::shared(folder.path());
  assert_ok(first.status());
  folder.write("README.md", "Nothing that the model consists of.");
  const auto same = Engine::shared(folder.path());
  assert_ok(same.status());
  assert_equal(first.value(), same.value());
  sidecar("en");
  const auto second = Engine::shared(folder.path());
  assert_ok(second.status());
  assert_differs(first.value(), second.value());
  assert_text(first.value()->model().info().default_domain, "is");
  assert_text(second.value()->model().info().default_domain, "en");
  // Another file of the same content, as when a folder is updated by renaming.
  folder.write("weights", folder.read("model.safetensors"));
  std::filesystem::rename(folder.path("weights"), folder.path("model.safetensors"));
  const auto third = Engine::shared(folder.path());
  assert_ok(third.status());
  assert_differs(second.value(), third.value());
}

TEST(one_folder_is_one_engine) {
  std::weak_ptr<const Engine> seen;
  {
    const auto first = Engine::shared(golden("hf-f32"));
    const auto second = Engine::shared(golden("../golden/hf-f32"));
    assert_ok(first.status());
    assert_ok(second.status());
    assert_equal(first.value(), second.value());
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
    assert_equal(first.value(), third.value());
    ModelOptions bf16;
    bf16.precision = Precision::Bf16;
    const auto other = Engine::shared(golden("hf-f32"), bf16);
    assert_ok(other.status());
    assert_differs(first.value(), other.value());
    seen = first.value();
  }
  ck_assert(seen.expired());
  assert_refused(Engine::shared(golden("none")).status(), StatusCode::NotFound, "none");
}

TEST(many_that_want_a_model_at_once_load_it_once) {
  std::array<std::future<Result<std::shared_ptr<Engine>>>, 8> callers;
  for (auto &caller : callers) {
    caller = std::async(std::launch::async, [] { return Engine::shared(example("model")); });
  }
  std::shared_ptr<Engine> engine;
  for (auto &caller : callers) {
    auto result = caller.get();
    assert_ok(result.status());
    engine = engine == nullptr ? result.value() : engine;
    assert_equal(result.value(), engine);
  }
}

TEST(a_stream_outlives_its_engine_object) {
  auto engine = tiny_engine();
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  engine.reset();
  assert_ok(stream->push(noise(5 * frame_samples)));
  assert_ok(stream->drain(1));
  transcript.wait();
}

}  // namespace
