// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caption and when it is shown.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/options.h>

namespace kyutaistt::captions {

/// Text that is shown from `start` to `end`. Cues of a stream never overlap or run backwards.
struct Cue {
  Time start{};
  Time end{};
  /// UTF-8, at least one line, none of them empty.
  std::vector<std::string> lines;
};

/// The shape of cues. The defaults are the BBC's for width, lines and reading speed (Subtitle
/// Guidelines 1.2.5) and Netflix' for durations (Timed Text Style Guide).
struct CueShape {
  /// Characters in a line. A longer word stands alone, in a longer line.
  int columns = 37;
  int lines = 2;
  /// A cue is shown at least this long, unless the next one comes first.
  Time minimum_duration = std::chrono::milliseconds(833);
  /// No cue is shown longer than this, and no word joins it that ends later.
  Time maximum_duration = std::chrono::seconds(7);
  /// A cue is shown at least this long for each of its words, unless the next one comes first.
  Time word_duration = std::chrono::milliseconds(300);
  /// Minimum time between two cues, where speech leaves room for it.
  Time gap{};
};

/// Named shapes.
enum class CuePreset {
  Default,
  /// BBC Subtitle Guidelines 1.2.5: 37 characters, 2 lines, 0.3 s a word.
  Bbc,
  /// Netflix Timed Text Style Guide: 42 characters, 2 lines, 5/6 s to 7 s, two frames between cues.
  Netflix,
  /// CEA-608: 32 columns.
  Cea608,
  /// For viewers who cannot wait: a cue is complete two seconds after its first word began.
  Live,
};

CueShape cue_shape_of(CuePreset preset);

}  // namespace kyutaistt::captions
