// SPDX-License-Identifier: LGPL-2.1-or-later
/// Puts pages together.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace kyutaistt::program {

/// Text as HTML has it, between tags and in the quotes of an attribute. Bytes that are not UTF-8
/// become U+FFFD.
std::string html_escaped(std::string_view text);

/// JSON as it may stand in a `script` element.
std::string script_json(const nlohmann::ordered_json &json);

/// The template with each `{{name}}` replaced by the value of that name. Values are taken as they
/// are: they are HTML already.
std::string fill_template(std::string_view text, const std::map<std::string, std::string> &values);

}  // namespace kyutaistt::program
