// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/cue_options.h"

#include <chrono>
#include <string>

#include "captions/cue_options.h"

namespace kyutaistt::program {

namespace {

using captions::CueOption;
using captions::CuePreset;
using captions::CueShape;

/// Sets a number of the shape, if the option is given.
Status choose(const Arguments &arguments, const char *name, const CueOption<int> &option,
              CueShape &shape) {
  const auto value = arguments.integer(name, option.min, option.max, shape.*option.field);
  if (value.ok()) {
    shape.*option.field = value.value();
  }
  return value.status();
}

/// The same of a duration.
Status choose(const Arguments &arguments, const char *name, const CueOption<Time> &option,
              CueShape &shape) {
  const auto value = arguments.integer(name, option.min, option.max, 0);
  if (value.ok() && arguments.has(name)) {
    shape.*option.field = std::chrono::milliseconds(value.value());
  }
  return value.status();
}

}  // namespace

const std::vector<OptionSpec> &cue_option_specs() {
  static const std::string presets = choices_text<CuePreset>(captions::cue_preset_names);
  static const std::vector<OptionSpec> specs = {
      {"--cue-preset", presets.c_str(), "known shape of cues; the others change it"},
      {"--cue-columns", "N", "maximum of characters in a line of a cue"},
      {"--cue-lines", "N", "maximum of lines in a cue"},
      {"--cue-min-duration", "MS", "how long a cue stays at least if no other comes"},
      {"--cue-max-duration", "MS", "how long a cue stays at most"},
      {"--cue-word-duration", "MS", "how long it stays for each of its words"},
      {"--cue-gap", "MS", "minimum of time between two cues"},
  };
  return specs;
}

Result<CueShape> cue_shape(const Arguments &arguments) {
  auto preset = CuePreset::Default;
  const Status known =
      arguments.choose<CuePreset>("--cue-preset", preset, captions::cue_preset_names);
  CueShape shape = captions::cue_shape_of(preset);
  for (const Status &status : {
           known,
           choose(arguments, "--cue-columns", captions::cue_columns, shape),
           choose(arguments, "--cue-lines", captions::cue_lines, shape),
           choose(arguments, "--cue-min-duration", captions::cue_min_duration, shape),
           choose(arguments, "--cue-max-duration", captions::cue_max_duration, shape),
           choose(arguments, "--cue-word-duration", captions::cue_word_duration, shape),
           choose(arguments, "--cue-gap", captions::cue_gap, shape),
       }) {
    if (!status.ok()) {
      return status;
    }
  }
  return shape;
}

}  // namespace kyutaistt::program
