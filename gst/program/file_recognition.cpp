// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_recognition.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "program/file_clock.h"
#include "program/file_streams.h"
#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// The sample that is nearest to a time, which may be off by some nanoseconds.
int64_t nearest_sample(Time time) {
  return samples_in(time + duration_of(1) / 2);
}

/// What of the samples, which begin at `start`, lies in a part of the file; `start` becomes that of
/// the first.
std::span<const float> cut(std::span<const float> samples, const Job::Part &part, Time &start) {
  const auto count = static_cast<int64_t>(samples.size());
  const int64_t first = std::clamp(nearest_sample(part.begin - start), int64_t{0}, count);
  const int64_t last =
      part.end == Time::max() ? count : std::clamp(nearest_sample(part.end - start), first, count);
  start += duration_of(first);
  return samples.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
}

/// The share that lies before `now`; negative if the end is unknown.
double share_at(Time now, const Job &job, std::optional<Time> length) {
  if (!job.part) {
    return length ? std::max(in_seconds(now), 0.0) / in_seconds(*length) : -1.0;
  }
  const Time end = length ? std::min(*length, job.part->end) : job.part->end;
  return end == Time::max() || end <= job.part->begin
             ? -1.0
             : std::max(in_seconds(now - job.part->begin), 0.0) / in_seconds(end - job.part->begin);
}

/// Feeds a whole file, or the part that is wanted of it, to the streams.
Status feed(AudioReader &reader, FileStreams &streams, Job &job) {
  const auto length = reader.duration();
  FileClock clock;
  int64_t count = 0;
  while (!interrupted()) {
    const auto audio = reader.read();
    if (!audio.ok()) {
      return audio.status();
    }
    job.add_note(reader.take_notes());
    std::span<const float> samples = audio.value().samples;
    if (samples.empty() || (job.part && clock.now() >= job.part->end)) {
      return count > 0 ? Status()
                       : Status::corrupt(job.path + ": not one sample of audio was found in " +
                                         (job.part ? "the part that is wanted" : "it"));
    }
    // Where the container places it.
    const Time end_before = clock.now();
    const Time silence =
        clock.take(audio.value().position, samples.size(), audio.value().begins_part);
    Time start = clock.now() - duration_of(static_cast<int64_t>(samples.size()));
    if (job.part) {
      samples = cut(samples, *job.part, start);
    }
    if (samples.empty()) {
      continue;
    }
    if (silence > Time() && count > 0) {
      const std::vector<float> filling(static_cast<size_t>(samples_in(silence)));
      if (Status status = streams.push(filling, end_before); !status.ok()) {
        return status;
      }
    }
    {
      const std::lock_guard lock(job.mutex);
      for (const Job::Text &text : job.texts) {
        text.transcript->hear(samples, start);
      }
    }
    if (Status status = streams.push(samples, start); !status.ok()) {
      return status;
    }
    count += static_cast<int64_t>(samples.size());
    job.duration = duration_of(count);
    job.share = share_at(clock.now() - streams.waiting(), job, length);
  }
  return Status::cancelled("interrupted");
}

Status hear(Engine &engine, const Hearing &hearing, Job &job) {
  auto reader = AudioReader::open(job.path, hearing.reading, interrupted());
  if (!reader.ok()) {
    return reader.status();
  }
  StreamOptions options;
  options.prompt = hearing.prompts.front();
  options.relay = hearing.relay;
  options.watchdog = hearing.relay;
  options.flush_on_pause = hearing.flush_on_pause;
  options.voice_gate = hearing.voice_gate;
  options.report_steps = hearing.report_steps;
  bool has_words = false;
  Status failure;
  const auto listener = [&](size_t text) {
    return [&, text](const Event &event) {
      const std::lock_guard lock(job.mutex);
      job.texts[text].transcript->add(event);
      has_words = has_words || std::holds_alternative<Word>(event);
      if (const auto *failed = std::get_if<Failure>(&event)) {
        failure = failed->status;
      }
      hearing.changed();
    };
  };
  std::vector<Translation> translations;
  for (size_t i = 1; i < hearing.prompts.size(); ++i) {
    translations.push_back({hearing.prompts[i], listener(i)});
  }
  const bool is_cut = hearing.cuts_awaited || !reader.value()->is_awaited();
  FileStreams streams(engine, options, is_cut ? hearing.max_streams : 1, listener(0),
                      std::move(translations));
  Status status = feed(*reader.value(), streams, job);
  if (status.code() != StatusCode::Cancelled) {
    constexpr auto patience = std::chrono::milliseconds(100);
    // Everything that was heard is wanted, even if the file or a stream fails midway.
    const Status finished = streams.finish();
    bool has_ended = false;
    while (!(has_ended = streams.wait(patience)) && !interrupted()) {
      job.share = 1 - in_seconds(streams.waiting()) / in_seconds(job.duration);
    }
    if (status.ok()) {
      // Without its last words it is not whole.
      status = has_ended ? finished : Status::cancelled("interrupted");
    }
  }
  const std::lock_guard lock(job.mutex);
  if (status.ok() && failure.ok() && !has_words) {
    job.add_note("no words were heard in it");
  }
  return status.ok() ? failure : status;
}

}  // namespace

void recognise(Engine &engine, const Hearing &hearing, Job &job) {
  const auto begin = std::chrono::steady_clock::now();
  job.status = hear(engine, hearing, job);
  job.processing = std::chrono::steady_clock::now() - begin;
  {
    const std::lock_guard lock(job.mutex);
    for (const Job::Text &text : job.texts) {
      text.transcript->finish({job.duration, job.error()});
    }
  }
  job.share = 1;
  job.is_done = true;
  hearing.changed();
}

}  // namespace kyutaistt::program
