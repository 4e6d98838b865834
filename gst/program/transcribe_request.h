// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the command line of `transcribe` asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "program/arguments.h"
#include "program/file_recognition.h"
#include "program/transcript.h"

namespace kyutaistt::program {

struct TranscribeRequest {
  std::string model;
  /// Files, folders, URIs, and `-`.
  std::vector<std::string> operands;
  ModelOptions model_options;
  Hearing hearing;
  Format format = Format::Text;
  bool tokens = false;
  bool codes = false;
  captions::CueShape cue_shape;
  /// A file for all results; empty for standard output.
  std::string output;
  /// A folder for a file for each result; empty for none.
  std::string output_folder;
  bool overwrite = false;
  /// Streams at the same time, as asked for.
  std::optional<int> parallel;
};

Result<TranscribeRequest> read_transcribe_request(const Arguments &arguments);

/// The format of this name, of option --format.
Result<Format> parse_format(const std::string &name);

/// Whether it is made of cues. They are of one recording.
bool has_cues(Format format);

/// File name extension of a format.
const char *extension_of(Format format);

}  // namespace kyutaistt::program
