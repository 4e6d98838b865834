// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/heard_cues.h"

#include <type_traits>
#include <variant>

namespace kyutaistt::program {

void HeardCues::add(const Event &event) {
  std::visit(
      [this](const auto &part) {
        using Part = std::decay_t<decltype(part)>;
        if constexpr (std::is_same_v<Part, Word> || std::is_same_v<Part, WordEnd> ||
                      std::is_same_v<Part, Progress>) {
          shaper_.add(part);
        }
      },
      event);
}

}  // namespace kyutaistt::program
