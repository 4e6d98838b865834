// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/languages.h"

#include <algorithm>
#include <vector>

#include <glib.h>

namespace kyutaistt::element {

namespace {

/// A code without region or script, in lower case.
std::string primary(const std::string &code) {
  std::string result = code.substr(0, code.find_first_of("-_"));
  std::ranges::transform(result, result.begin(), g_ascii_tolower);
  return result;
}

}  // namespace

std::string language_of(const ModelInfo &model, const std::string &domain) {
  const std::string &name = domain.empty() ? model.default_domain : domain;
  const auto found = std::ranges::find(model.domains, name, &Domain::name);
  return found == model.domains.end() ? std::string() : found->language;
}

std::string known_languages(const ModelInfo &model) {
  std::vector<std::string> languages;
  for (const Domain &domain : model.domains) {
    if (!domain.language.empty() &&
        std::ranges::find(languages, domain.language) == languages.end()) {
      languages.push_back(domain.language);
    }
  }
  std::string all;
  for (const std::string &language : languages) {
    all += (all.empty() ? "" : ", ") + language;
  }
  return all.empty() ? "none that is known" : all;
}

Result<std::string> domain_for(const ModelInfo &model, const std::string &language) {
  const auto found = std::ranges::find_if(model.domains, [&](const Domain &domain) {
    return !domain.language.empty() && primary(domain.language) == primary(language);
  });
  if (found == model.domains.end()) {
    return Status::not_found("language-code: found \"" + language +
                             "\", which the model does not write; it writes " +
                             known_languages(model));
  }
  return found->name;
}

}  // namespace kyutaistt::element
