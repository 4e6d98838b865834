// SPDX-License-Identifier: LGPL-2.1-or-later
/// One file's way through the engine.
#pragma once

#include <atomic>
#include <string>

#include <kyutaistt/engine.h>

#include "program/audio_reader.h"
#include "program/transcript.h"

namespace kyutaistt::program {

/// How a file is to be heard.
struct Hearing {
  Conversion conversion = Conversion::Allowed;
  Prompt prompt;
  /// Tokens and codes are wanted too.
  bool report_steps = false;
};

/// One file on its way.
struct Job {
  std::string path;
  /// `Cancelled` until it was heard to its end or has failed.
  Status status = Status::cancelled("not begun");
  /// How much of it was heard.
  Time duration{};
  Transcript transcript;
  /// Part of the file that was read, for the progress bar; negative if its length is unknown.
  std::atomic<double> share = 0;
  /// Nobody writes here any more.
  std::atomic<bool> is_done = false;
};

/// Reads the job's file to its end, until it fails, or until `interrupted()`, and takes down what
/// was heard till then.
void recognise(Engine &engine, const Hearing &hearing, Job &job);

}  // namespace kyutaistt::program
