// SPDX-License-Identifier: LGPL-2.1-or-later
/// Pairs references with hypotheses.
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

/// One pair for each segment that is scored. The words of the whole recording are aligned at once,
/// as mwerSegmenter does, so that a word near the border of segments goes where it causes the
/// fewest errors. Inserted words go to the segment at their time.
std::vector<TextPair> pair_texts(const Reference &reference, const std::vector<Word> &heard);

}  // namespace kyutaistt::program
