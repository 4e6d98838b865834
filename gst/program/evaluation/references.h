// SPDX-License-Identifier: LGPL-2.1-or-later
/// What was said in recordings.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// What was said in a recording, or in a part of one.
struct ReferenceSegment {
  /// The recording's name as its list has it, and the part's times if there are several.
  std::string name;
  std::string text;
  /// The value of the key to group by; empty where nothing is grouped.
  std::string group;
  Time start{};
  Time end{};
  /// What is heard in it is not counted.
  bool is_ignored = false;
};

struct Reference {
  std::string audio;
  /// In the order of their starts. A single one that is not timed is the whole recording.
  std::vector<ReferenceSegment> segments;
  bool has_times = false;
};

/// Which keys of a list count.
struct ReferenceKeys {
  /// Of what was said.
  std::string text = "text";
  /// Of what texts are grouped by; empty for nothing.
  std::string group;
};

/// Reads a manifest, or NIST's STM where the name ends so. Lines of a manifest with an `offset` are
/// segments of their file; so are the objects in `segments`, with `start`, `end` and the text.
Result<std::vector<Reference>> read_references(const std::string &path, const ReferenceKeys &keys);

/// Reads STM, whose recordings lie beside it: their names have an extension there or not. The only
/// key to group by is `speaker`.
Result<std::vector<Reference>> read_stm(const std::string &path, const ReferenceKeys &keys);

/// Names a part of a recording.
std::string segment_name(const std::string &recording, Time start, Time end);

}  // namespace kyutaistt::program
