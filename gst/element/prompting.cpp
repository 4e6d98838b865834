// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/prompting.h"

#include <utility>

#include "element/debug.h"
#include "element/languages.h"

namespace kyutaistt::element {

namespace {

/// The domain that a translation is prompted with.
Result<std::string> domain_for(const ModelInfo &model, const Choice &choice) {
  if (choice.domain.empty()) {
    return element::domain_for(model, choice.language);
  }
  Prompt prompt;
  prompt.domain = choice.domain;
  const Status status = check_prompt(model, prompt);
  return status.ok() ? Result<std::string>(choice.domain) : status;
}

}  // namespace

Status Prompting::check(const Settings &settings) const {
  const auto info = recognition_.model_info();
  if (!info) {
    return {};
  }
  const auto prompt = settings.prompt();
  return prompt.ok() ? check_prompt(*info, prompt.value()) : prompt.status();
}

Status Prompting::check_choice(const GstPad *pad, const Choice &choice) const {
  const auto info = recognition_.model_info();
  if (!info || choice.is_empty()) {
    return {};
  }
  const Status status = domain_for(*info, choice).status();
  const StringPointer name(gst_object_get_name(GST_OBJECT(const_cast<GstPad *>(pad))));
  return status.ok()
             ? status
             : Status::invalid_argument("pad " + std::string(name.get()) + ": " + status.message());
}

Status Prompting::check_all(const Settings &settings) const {
  if (Status status = check(settings); !status.ok()) {
    return status;
  }
  for (const auto &track : tracks_.all()) {
    if (Status status = check_choice(track->pad(), track->choice()); !status.ok()) {
      return status;
    }
  }
  return {};
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
    if ((in_speech && !tracks_.transcript().output.writer().in_pause()) ||
        !waits_.exchange(false)) {
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
  const uint64_t marker = tracks_.next_marker();
  tracks_.transcript().output.hold(marker, Language{language(settings)});
  const Status status = prompt.ok() ? stream.set_prompt(prompt.value(), marker) : prompt.status();
  if (!status.ok()) {
    // The settings were checked, so it is the stream that has failed. A flush revives it.
    GST_DEBUG_OBJECT(element_, "the prompt was not taken: %s", status.message().c_str());
  }
}

void Prompting::follow_pads(Stream &stream) {
  const auto info = recognition_.model_info();
  if (!info) {
    return;
  }
  const MutexLock lock(mutex_);
  for (const auto &track : tracks_.all()) {
    if (track->role == TextRole::Translation && !track->choice().is_empty()) {
      follow_pad(stream, *info, track);
    }
  }
}

void Prompting::follow_pad(Stream &stream, const ModelInfo &model,
                           const std::shared_ptr<TextTrack> &track) {
  const Settings settings = settings_.copy();
  auto domain = domain_for(model, track->choice());
  if (!domain.ok()) {
    // It was checked, unless the model was not known: then the element did not start.
    return;
  }
  Prompt prompt;
  prompt.domain = std::move(domain).value();
  if (settings.pad_steps >= 0) {
    prompt.pad_steps = settings.pad_steps;
  }
  const auto text = track->text();
  const Language announced{language(settings, *track)};
  if (text && prompt.domain == track->prompt.domain &&
      prompt.pad_steps == track->prompt.pad_steps) {
    track->output.put(announced);
    return;
  }
  GST_INFO_OBJECT(track->pad(), "what follows has the prompt of domain %s", prompt.domain->c_str());
  if (text) {
    const uint64_t marker = tracks_.next_marker();
    track->output.hold(marker, announced);
    if (!stream.set_prompt(prompt, marker, *text).ok()) {
      GST_DEBUG_OBJECT(track->pad(), "the stream has failed");
      return;
    }
  } else {
    track->output.put(announced);
    const auto added =
        stream.add_text({prompt, [track](const Event &event) { track->output.put(event); }});
    if (!added.ok()) {
      GST_DEBUG_OBJECT(track->pad(), "not written: %s", added.status().message().c_str());
      return;
    }
    if (!track->set_text(added.value())) {
      stream.remove_text(added.value());
    }
  }
  track->prompt = prompt;
}

void Prompting::leave(TextTrack &track) {
  const auto text = track.release();
  const auto stream = recognition_.stream();
  if (text && stream != nullptr) {
    stream->remove_text(*text);
  }
}

void Prompting::change_language() {
  const MutexLock lock(mutex_);
  tracks_.transcript().output.put(Language{language(settings_.copy())});
}

std::string Prompting::language(const Settings &settings) const {
  if (!settings.language_code.empty()) {
    return settings.language_code;
  }
  const auto info = recognition_.model_info();
  if (!info) {
    return {};
  }
  return language_of(*info, settings.domain);
}

std::string Prompting::language(const Settings &settings, const TextTrack &track) const {
  if (track.role == TextRole::Transcript) {
    return language(settings);
  }
  const auto info = recognition_.model_info();
  Choice choice = track.choice();
  const bool is_named = !choice.domain.empty() && !choice.language.empty();
  if (!info || choice.is_empty() || is_named) {
    return std::move(choice.language);
  }
  const auto domain = domain_for(*info, choice);
  return domain.ok() ? language_of(*info, domain.value()) : choice.language;
}

}  // namespace kyutaistt::element
