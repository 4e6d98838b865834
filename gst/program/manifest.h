// SPDX-License-Identifier: LGPL-2.1-or-later
/// Lists of recordings as the field writes them.
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
  /// Seconds, of the part that is meant.
  std::optional<double> duration;
  /// Where in the file that part begins, in seconds.
  double offset = 0;
  /// Everything that the line says; of a plain path its `audio_filepath`.
  nlohmann::ordered_json keys;
  /// "manifest.jsonl:3", for messages.
  std::string where;
};

/// Reads NeMo's manifests, a JSON object in each line with `audio_filepath` and what else there is,
/// or a plain list with a path in each line. Empty lines count for nothing.
Result<std::vector<ManifestEntry>> read_manifest(const std::string &path);

/// Where a name lies that a file mentions: beside this one, unless it says more.
std::string path_beside(const std::string &file, const std::string &name);

/// All of a file, without a byte order mark.
Result<std::string> read_text_file(const std::string &path);

}  // namespace kyutaistt::program
