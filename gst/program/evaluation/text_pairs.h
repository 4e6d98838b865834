// SPDX-License-Identifier: LGPL-2.1-or-later
/// What was said beside what was heard.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/events.h>

#include "program/evaluation/references.h"

namespace kyutaistt::program {

struct TextPair {
  std::string name;
  std::string group;
  std::string said;
  std::string heard;
};

/// A pair for each segment of a recording that counts. All of the recording is aligned at once, as
/// mwerSegmenter does, so words at the borders of segments are where they cost least; what was
/// heard besides goes to the segment of its time.
std::vector<TextPair> pair_texts(const Reference &reference, const std::vector<Word> &heard);

}  // namespace kyutaistt::program
