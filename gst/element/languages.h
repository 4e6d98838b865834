// SPDX-License-Identifier: LGPL-2.1-or-later
/// Languages of a model's domains.
#pragma once

#include <string>

#include <kyutaistt/model_info.h>
#include <kyutaistt/status.h>

namespace kyutaistt::element {

/// The language of a domain, by default the model's default domain; empty if it is unknown.
std::string language_of(const ModelInfo &model, const std::string &domain);

/// The first domain that writes a language, whose code may have a region: "en", "en-US". `NotFound`
/// with the languages that the model writes.
Result<std::string> domain_for(const ModelInfo &model, const std::string &language);

/// All that the model writes, as in a message: "is, en".
std::string known_languages(const ModelInfo &model);

}  // namespace kyutaistt::element
