// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/cue_options.h"

#include <chrono>
#include <string>

namespace kyutaistt::program {

namespace {

// In the order of the enumeration.
const std::vector<std::string> presets = {"default", "bbc", "netflix", "cea-608"};

/// The ranges of the element's properties.
constexpr int min_columns = 8;
constexpr int max_columns = 200;
constexpr int max_lines = 10;
constexpr int min_longest_cue = 500;
constexpr int max_milliseconds = 600000;

struct Duration {
  const char *option;
  Time captions::CueShape::*value;
  int least;
};

constexpr Duration durations[] = {
    {"--cue-min-duration", &captions::CueShape::minimum_duration, 0},
    {"--cue-max-duration", &captions::CueShape::maximum_duration, min_longest_cue},
    {"--cue-word-duration", &captions::CueShape::word_duration, 0},
    {"--cue-gap", &captions::CueShape::gap, 0},
};

}  // namespace

const std::vector<OptionSpec> &cue_option_specs() {
  static const std::vector<OptionSpec> specs = {
      {"--cue-preset", "default|bbc|netflix|cea-608", "known shape of cues; the others change it"},
      {"--cue-columns", "N", "maximum of characters in a line of a cue"},
      {"--cue-lines", "N", "maximum of lines in a cue"},
      {"--cue-min-duration", "MS", "how long a cue stays at least if no other comes"},
      {"--cue-max-duration", "MS", "how long a cue stays at most"},
      {"--cue-word-duration", "MS", "how long it stays for each of its words"},
      {"--cue-gap", "MS", "minimum of time between two cues"},
  };
  return specs;
}

Result<captions::CueShape> cue_shape(const Arguments &arguments) {
  const auto preset = arguments.choice("--cue-preset", presets, 0);
  if (!preset.ok()) {
    return preset.status();
  }
  captions::CueShape shape =
      captions::cue_shape_of(static_cast<captions::CuePreset>(preset.value()));
  const auto columns = arguments.integer("--cue-columns", min_columns, max_columns, shape.columns);
  const auto lines = arguments.integer("--cue-lines", 1, max_lines, shape.lines);
  for (const auto *number : {&columns, &lines}) {
    if (!number->ok()) {
      return number->status();
    }
  }
  shape.columns = columns.value();
  shape.lines = lines.value();
  for (const Duration &duration : durations) {
    if (arguments.has(duration.option)) {
      const auto value = arguments.integer(duration.option, duration.least, max_milliseconds, 0);
      if (!value.ok()) {
        return value.status();
      }
      shape.*duration.value = std::chrono::milliseconds(value.value());
    }
  }
  return shape;
}

}  // namespace kyutaistt::program
