// SPDX-License-Identifier: LGPL-2.1-or-later
/// JSON as text.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace kyutaistt::program {

/// In one line, or with `indent` columns for each level. The name of a file may be any bytes: those
/// that are not UTF-8 become U+FFFD.
inline std::string json_text(const nlohmann::ordered_json &json, int indent = -1) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace kyutaistt::program
