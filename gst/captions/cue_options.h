// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a user may choose of a cue's shape, for the element's properties and the program's options.
#pragma once

#include <kyutaistt/option_names.h>

#include "captions/cue.h"

namespace kyutaistt::captions {

inline constexpr OptionName<CuePreset> cue_preset_names[] = {
    {CuePreset::Default, "default", "The BBC's lines, Netflix' durations"},
    {CuePreset::Bbc, "bbc", "BBC Subtitle Guidelines"},
    {CuePreset::Netflix, "netflix", "Netflix Timed Text Style Guide"},
    {CuePreset::Cea608, "cea-608", "Lines as CEA-608 captions have them"},
    {CuePreset::Live, "live", "Complete two seconds after the first word"},
};

/// A number or a duration of a shape, and its range: of a duration in milliseconds.
template <typename Value>
struct CueOption {
  Value CueShape::*field;
  int min;
  int max;
};

inline constexpr CueOption<int> cue_columns{&CueShape::columns, 8, 200};
inline constexpr CueOption<int> cue_lines{&CueShape::lines, 1, 10};

inline constexpr int max_cue_milliseconds = 600000;
inline constexpr CueOption<Time> cue_min_duration{&CueShape::minimum_duration, 0,
                                                  max_cue_milliseconds};
inline constexpr CueOption<Time> cue_max_duration{&CueShape::maximum_duration, 500,
                                                  max_cue_milliseconds};
inline constexpr CueOption<Time> cue_word_duration{&CueShape::word_duration, 0,
                                                   max_cue_milliseconds};
inline constexpr CueOption<Time> cue_gap{&CueShape::gap, 0, max_cue_milliseconds};

}  // namespace kyutaistt::captions
