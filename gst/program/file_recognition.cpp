// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_recognition.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "program/file_clock.h"
#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// Pushes audio at the file's own times.
Status push(Stream &stream, FileClock &clock, const FileAudio &audio) {
  const auto joint = clock.take(audio.position, audio.samples.size(), audio.begins_part);
  if (joint.silence > Time()) {
    const std::vector<float> silence(static_cast<size_t>(samples_in(joint.silence)));
    if (Status status = stream.push(silence); !status.ok()) {
      return status;
    }
  }
  return stream.push(audio.samples, joint.timestamp);
}

/// Feeds a whole file to a stream.
Status feed(AudioReader &reader, Stream &stream, Job &job) {
  const auto length = reader.duration();
  FileClock clock;
  int64_t count = 0;
  while (!interrupted()) {
    const auto audio = reader.read();
    if (!audio.ok()) {
      return audio.status();
    }
    job.add_note(reader.take_notes());
    if (audio.value().samples.empty()) {
      return count > 0 ? Status()
                       : Status::corrupt(job.path + ": not one sample of audio was found in it");
    }
    if (Status status = push(stream, clock, audio.value()); !status.ok()) {
      return status;
    }
    count += static_cast<int64_t>(audio.value().samples.size());
    job.duration = duration_of(count);
    job.share = length ? in_seconds(clock.now()) / in_seconds(*length) : -1.0;
  }
  return Status::cancelled("interrupted");
}

/// How a stream ended, as its listener reports.
struct StreamEnd {
  std::condition_variable changed;
  bool drained = false;
  bool has_words = false;
  Status failure;

  bool has_come() const { return drained || !failure.ok(); }
};

Status hear(Engine &engine, const Hearing &hearing, Job &job) {
  auto reader = AudioReader::open(job.path, hearing.reading, interrupted());
  if (!reader.ok()) {
    return reader.status();
  }
  StreamEnd end;
  StreamOptions options;
  options.prompt = hearing.prompt;
  options.relay = hearing.relay;
  options.report_steps = hearing.report_steps;
  auto stream = engine.open_stream(options, [&](const Event &event) {
    const std::lock_guard lock(job.mutex);
    job.transcript->add(event);
    end.has_words = end.has_words || std::holds_alternative<Word>(event);
    if (const auto *failure = std::get_if<Failure>(&event)) {
      end.failure = failure->status;
    }
    end.drained = end.drained || std::holds_alternative<Drained>(event);
    end.changed.notify_all();
    hearing.changed();
  });
  if (!stream.ok()) {
    return stream.status();
  }
  Status status = feed(*reader.value(), *stream.value(), job);
  // Everything that was heard is wanted, even if the file fails midway.
  if (status.code() != StatusCode::Cancelled && stream.value()->drain(0).ok()) {
    constexpr auto patience = std::chrono::milliseconds(100);
    std::unique_lock lock(job.mutex);
    while (!interrupted() && !end.has_come()) {
      end.changed.wait_for(lock, patience);
    }
    if (status.ok() && !end.has_come()) {
      // Its last words are missing.
      status = Status::cancelled("interrupted");
    }
  }
  stream.value().reset();
  if (status.ok() && end.failure.ok() && !end.has_words) {
    job.add_note("no words were heard in it");
  }
  return status.ok() ? end.failure : status;
}

}  // namespace

void recognise(Engine &engine, const Hearing &hearing, Job &job) {
  job.status = hear(engine, hearing, job);
  {
    const std::lock_guard lock(job.mutex);
    job.transcript->finish({job.duration, job.error()});
  }
  job.share = 1;
  job.is_done = true;
  hearing.changed();
}

}  // namespace kyutaistt::program
