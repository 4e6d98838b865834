// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue.h"

namespace kyutaistt::captions {

using std::chrono::milliseconds;

CueShape cue_shape_of(CuePreset preset) {
  CueShape shape;
  switch (preset) {
    case CuePreset::Default:
      break;
    case CuePreset::Bbc:
      shape.minimum_duration = shape.word_duration;
      break;
    case CuePreset::Netflix:
      shape.columns = 42;
      shape.word_duration = Time();
      // Two frames at 24 frames a second.
      shape.gap = milliseconds(84);
      break;
    case CuePreset::Cea608:
      shape.columns = 32;
      break;
    case CuePreset::Live:
      shape.maximum_duration = std::chrono::seconds(2);
      break;
  }
  return shape;
}

}  // namespace kyutaistt::captions
