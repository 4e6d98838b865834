// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reads manifests: lists of recordings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// One recording, or a part of one.
struct ManifestEntry {
  /// A file, or a URI. A relative path begins at the manifest's folder.
  std::string audio;
  /// Seconds of the recording, or of its part.
  std::optional<double> duration;
  /// Start of the part in the file, in seconds.
  double offset = 0;
  /// All keys of the line; for a plain path only `audio_filepath`.
  nlohmann::ordered_json keys;
  /// Its place for messages: "manifest.jsonl:3".
  std::string where;
};

/// Reads a manifest of NeMo's, which has a JSON object with `audio_filepath` in each line, or a
/// plain list with a path in each line. Ignores empty lines.
Result<std::vector<ManifestEntry>> read_manifest(const std::string &path);

/// Resolves a path in a file relative to the folder of that file. URIs stay as they are.
std::string path_beside(const std::string &file, const std::string &name);

/// Reads a file, without its byte order mark.
Result<std::string> read_text_file(const std::string &path);

}  // namespace kyutaistt::program
