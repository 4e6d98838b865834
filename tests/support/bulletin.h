// SPDX-License-Identifier: LGPL-2.1-or-later
/// The longest sample recording.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/text_errors.h"
#include "support/golden.h"
#include "support/samples.h"

namespace kyutaistt::tests {

/// A minute without a break, of which the bundled model sees a third at once.
struct Bulletin {
  std::vector<float> samples = read_sample("bulletin.flac");
  nlohmann::json said =
      nlohmann::json::parse(std::ifstream(example("samples/bulletin.json"))).at("utterances");

  /// Word errors in per cent.
  int64_t errors(const std::string &language, const std::string &text) const {
    std::string all;
    for (const auto &utterance : said) {
      all += utterance.at(language).get<std::string>() + " ";
    }
    const metrics::Edits edits = metrics::count_word_edits(all, text);
    return 100 * edits.errors() / edits.expected();
  }
};

}  // namespace kyutaistt::tests
