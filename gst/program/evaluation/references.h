// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reads reference transcripts.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// The reference text of a recording, or of a part of one.
struct ReferenceSegment {
  /// The recording's name in the list, followed by the times if it has segments.
  std::string name;
  std::string text;
  /// The value of the key to group by; empty if it has none.
  std::string group;
  Time start{};
  Time end{};
  /// Words in it are not scored.
  bool is_ignored = false;
};

struct Reference {
  std::string audio;
  /// In the order of their starts. Without times there is one, for the whole recording.
  std::vector<ReferenceSegment> segments;
  bool has_times = false;
};

/// The keys to read from a manifest.
struct ReferenceKeys {
  /// The reference text.
  std::string text = "text";
  /// The key to group by; empty for none.
  std::string group;
};

/// Reads a manifest, or NIST's STM if the name ends with .stm. Segments of a recording are lines of
/// the manifest with an `offset`, or objects in `segments` with `start`, `end` and the text.
Result<std::vector<Reference>> read_references(const std::string &path, const ReferenceKeys &keys);

/// Reads STM. The recordings are in the same folder; STM may leave out their extensions. The only
/// key to group by is `speaker`.
Result<std::vector<Reference>> read_stm(const std::string &path, const ReferenceKeys &keys);

/// The name of a part of a recording.
std::string segment_name(const std::string &recording, Time start, Time end);

}  // namespace kyutaistt::program
