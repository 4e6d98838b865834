// SPDX-License-Identifier: LGPL-2.1-or-later
/// The sample recordings of the bundled model, and what the reference makes of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kyutaistt::tests {

/// Path of a sample recording.
std::string sample(const std::string &name);
/// Samples of a recording, mono f32 at 24 kHz. Needs GStreamer's FLAC decoder.
std::vector<float> read_sample(const std::string &name);

/// One recording of the manifest.
struct Clip {
  /// What was said in a domain's language, and what transformers makes of it in f32.
  struct Reference {
    std::string said;
    std::string text;
    std::vector<int32_t> tokens;
    /// Words of `said` that `text` has wrong.
    int errors = 0;
  };

  std::string file;
  /// "forecast" or "noisy".
  std::string set;
  std::vector<float> samples;
  /// By domain.
  std::map<std::string, Reference> references;
};

/// All of the manifest, in its order.
std::vector<Clip> read_clips();

/// What the bundled model writes of forecast-01.flac in each of its domains.
inline constexpr const char *icelandic =
    "Norðvestan þrír til fimm metrar á sekúndu, þurrt að kalla. Vestan tveir til fjórir metrar á "
    "sekúndu, bjartviðri.";
inline constexpr const char *english =
    "Northwest three to five meters per second, mostly dry. West two to four meters per second, "
    "bright weather.";

}  // namespace kyutaistt::tests
