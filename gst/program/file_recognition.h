// SPDX-License-Identifier: LGPL-2.1-or-later
/// One file's way through the engine.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <kyutaistt/engine.h>

#include "program/audio_reader.h"
#include "program/transcript.h"

namespace kyutaistt::program {

/// How files are recognised.
struct Hearing {
  Reading reading;
  /// One for each text that is written of a file, at least one.
  std::vector<Prompt> prompts{Prompt()};
  /// See `StreamOptions::relay`.
  bool relay = true;
  /// See `StreamOptions::flush_on_pause`.
  Time flush_on_pause{};
  /// See `StreamOptions::voice_gate`.
  Time voice_gate{};
  /// Tokens and codes are reported too.
  bool report_steps = false;
  /// A file is cut in pauses, and its pieces are heard by up to so many streams at the same time;
  /// with 1 it is not.
  int max_streams = 1;
  /// Pipes and URIs are cut too: their text comes later.
  bool cuts_awaited = false;
  /// Called on any thread when a job's transcript has grown or the job is done.
  std::function<void()> changed;
};

/// One file, from reading it to its result.
struct Job {
  /// Set when the file has ended.
  Status status = Status::cancelled("not begun");
  /// How much of it was heard.
  Time duration{};
  /// How long its recognition took, while other files were recognised at the same time.
  Time processing{};
  /// Other notices for the user about it, in one line.
  std::string notes;

  std::string path;
  /// The part of the file to recognise, if not all of it; times remain those of the file.
  struct Part {
    Time begin;
    Time end;
  };
  std::optional<Part> part;
  /// Part of the file that was read, for the progress bar; negative if its length is unknown.
  std::atomic<double> share = 0;
  /// Nothing is written here any more.
  std::atomic<bool> is_done = false;

  /// What became final of a text since the last call; on any thread.
  std::string take_text(size_t text) {
    const std::lock_guard lock(mutex);
    return texts[text].transcript->take();
  }
  void add_note(const std::string &note) {
    notes += (notes.empty() || note.empty() ? "" : "; ") + note;
  }
  /// What went wrong with the file; empty where nothing did, or where it was interrupted.
  std::string error() const {
    return status.ok() || status.code() == StatusCode::Cancelled ? "" : status.message();
  }

  struct Text {
    std::unique_ptr<Transcript> transcript;
    /// Where it goes, if every file has results of its own.
    std::string result;
  };
  /// Protects the transcripts, to which the engine's worker adds.
  std::mutex mutex;
  /// One for each of `Hearing::prompts`.
  std::vector<Text> texts;
};

/// Reads the job's file to its end, until it fails, or until `interrupted()`, and records what was
/// heard until then.
void recognise(Engine &engine, const Hearing &hearing, Job &job);

}  // namespace kyutaistt::program
