// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/recognition.h"

#include <condition_variable>
#include <mutex>

#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

constexpr double sample_rate = 24000;

/// Feeds a whole file to a stream and drains it.
Status feed(AudioReader &reader, Stream &stream, Job &job) {
  const auto length = reader.duration();
  uint64_t count = 0;
  while (!interrupted()) {
    auto samples = reader.read();
    if (!samples.ok()) {
      return samples.status();
    }
    if (samples.value().empty()) {
      return stream.drain(0);
    }
    if (Status status = stream.push(samples.value()); !status.ok()) {
      return status;
    }
    count += samples.value().size();
    const double seconds = static_cast<double>(count) / sample_rate;
    job.duration = std::chrono::duration_cast<Time>(std::chrono::duration<double>(seconds));
    job.share = length ? seconds / std::chrono::duration<double>(*length).count() : -1.0;
  }
  return Status::cancelled("interrupted");
}

}  // namespace

void recognise(Engine &engine, const Hearing &hearing, Job &job) {
  auto reader = AudioReader::open(job.path, hearing.conversion, interrupted());
  if (!reader.ok()) {
    job.status = reader.status();
    return;
  }
  std::mutex mutex;
  std::condition_variable ended;
  StreamOptions options;
  options.prompt = hearing.prompt;
  options.report_steps = hearing.report_steps;
  auto stream = engine.open_stream(options, [&](const Event &event) {
    const std::lock_guard lock(mutex);
    job.transcript.add(event);
    ended.notify_all();
  });
  if (!stream.ok()) {
    job.status = stream.status();
    return;
  }
  job.status = feed(*reader.value(), *stream.value(), job);
  if (job.status.ok()) {
    constexpr auto patience = std::chrono::milliseconds(100);
    std::unique_lock lock(mutex);
    while (!interrupted() && !job.transcript.drained && job.transcript.failure.ok()) {
      ended.wait_for(lock, patience);
    }
  }
  stream.value().reset();
  if (!job.transcript.failure.ok()) {
    job.status = job.transcript.failure;
  }
}

}  // namespace kyutaistt::program
