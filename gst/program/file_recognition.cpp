// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_recognition.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "program/file_clock.h"
#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// Samples to push next.
struct Piece {
  std::span<const float> samples;
  /// Of the first, where it does not follow.
  std::optional<Time> timestamp;
  Time silence{};
};

/// The sample that is nearest to a time, which may be off by some nanoseconds.
int64_t nearest_sample(Time time) {
  return samples_in(time + duration_of(1) / 2);
}

/// Cuts a piece that begins at `start` to a part of the file. The first piece of the part gets a
/// timestamp.
Piece cut(Piece piece, Time start, const Job::Part &part, bool is_first) {
  const auto count = static_cast<int64_t>(piece.samples.size());
  const int64_t first = std::clamp(nearest_sample(part.begin - start), int64_t{0}, count);
  const int64_t last =
      part.end == Time::max() ? count : std::clamp(nearest_sample(part.end - start), first, count);
  piece.samples =
      piece.samples.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
  if (is_first) {
    piece.timestamp = start + duration_of(first);
    piece.silence = Time();
  }
  return piece;
}

Status push(Stream &stream, const Piece &piece) {
  if (piece.silence > Time()) {
    const std::vector<float> silence(static_cast<size_t>(samples_in(piece.silence)));
    if (Status status = stream.push(silence); !status.ok()) {
      return status;
    }
  }
  return stream.push(piece.samples, piece.timestamp);
}

/// The share that lies before `now`; negative if the end is unknown.
double share_at(Time now, const Job &job, std::optional<Time> length) {
  if (!job.part) {
    return length ? in_seconds(now) / in_seconds(*length) : -1.0;
  }
  const Time end = length ? std::min(*length, job.part->end) : job.part->end;
  return end == Time::max() || end <= job.part->begin
             ? -1.0
             : std::max(in_seconds(now - job.part->begin), 0.0) / in_seconds(end - job.part->begin);
}

/// Feeds a whole file, or the part that is wanted of it, to a stream.
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
    const std::vector<float> &samples = audio.value().samples;
    if (samples.empty() || (job.part && clock.now() >= job.part->end)) {
      return count > 0 ? Status()
                       : Status::corrupt(job.path + ": not one sample of audio was found in " +
                                         (job.part ? "the part that is wanted" : "it"));
    }
    // Where the container places it.
    const auto joint =
        clock.take(audio.value().position, samples.size(), audio.value().begins_part);
    Piece piece{samples, joint.timestamp, joint.silence};
    if (job.part) {
      const Time start = clock.now() - duration_of(static_cast<int64_t>(samples.size()));
      piece = cut(piece, start, *job.part, count == 0);
    }
    if (piece.samples.empty()) {
      continue;
    }
    if (Status status = push(stream, piece); !status.ok()) {
      return status;
    }
    count += static_cast<int64_t>(piece.samples.size());
    job.duration = duration_of(count);
    job.share = share_at(clock.now(), job, length);
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
  options.watchdog = hearing.relay;
  options.flush_on_pause = hearing.flush_on_pause;
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
  const auto begin = std::chrono::steady_clock::now();
  job.status = hear(engine, hearing, job);
  job.processing = std::chrono::steady_clock::now() - begin;
  {
    const std::lock_guard lock(job.mutex);
    job.transcript->finish({job.duration, job.error()});
  }
  job.share = 1;
  job.is_done = true;
  hearing.changed();
}

}  // namespace kyutaistt::program
