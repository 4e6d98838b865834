// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/prompting.h"

#include <algorithm>

#include "element/debug.h"

namespace kyutaistt::element {

Status Prompting::check(const Settings &settings) const {
  const auto info = recognition_.model_info();
  if (!info) {
    return {};
  }
  const auto prompt = settings.prompt();
  return prompt.ok() ? check_prompt(*info, prompt.value()) : prompt.status();
}

void Prompting::change(bool in_speech) {
  const auto stream = recognition_.stream();
  if (stream == nullptr) {
    // It gets the prompt when it opens; its language may have been announced already.
    change_language();
    return;
  }
  if (settings_.copy().domain_change == DomainChange::Pause) {
    // Noted first: a pause that begins now either is seen here or finds the note.
    waits_ = true;
    if ((in_speech && !output_.writer().in_pause()) || !waits_.exchange(false)) {
      GST_INFO_OBJECT(element_, "the next prompt waits for a pause");
      return;
    }
  }
  apply(*stream);
}

void Prompting::pause_began() {
  const auto stream = recognition_.stream();
  if (stream != nullptr && waits_.exchange(false)) {
    apply(*stream);
  }
}

void Prompting::apply(Stream &stream) {
  const MutexLock lock(mutex_);
  const Settings settings = settings_.copy();
  const auto prompt = settings.prompt();
  GST_INFO_OBJECT(element_, "what follows has the prompt of domain %s",
                  settings.domain.empty() ? "(default)" : settings.domain.c_str());
  const uint64_t marker = output_.hold(Language{language(settings)});
  const Status status = prompt.ok() ? stream.set_prompt(prompt.value(), marker) : prompt.status();
  if (!status.ok()) {
    // The settings were checked, so it is the stream that has failed. A flush revives it.
    GST_DEBUG_OBJECT(element_, "the prompt was not taken: %s", status.message().c_str());
  }
}

void Prompting::change_language() {
  const MutexLock lock(mutex_);
  output_.put(Language{language(settings_.copy())});
}

std::string Prompting::language(const Settings &settings) const {
  if (!settings.language_code.empty()) {
    return settings.language_code;
  }
  const auto info = recognition_.model_info();
  if (!info) {
    return {};
  }
  const std::string &name = settings.domain.empty() ? info->default_domain : settings.domain;
  const auto domain = std::find_if(info->domains.begin(), info->domains.end(),
                                   [&](const Domain &known) { return known.name == name; });
  return domain == info->domains.end() ? std::string() : domain->language;
}

}  // namespace kyutaistt::element
