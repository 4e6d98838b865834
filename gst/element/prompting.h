// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the stream writes: prompt and language.
#pragma once

#include <atomic>
#include <string>

#include <gst/gst.h>

#include "base/mutex.h"
#include "element/recognition.h"
#include "element/settings_store.h"
#include "element/text_output.h"

namespace kyutaistt::element {

/// Checks the prompt, gives it to the stream, and announces a new language after the text in the
/// old one.
///
/// Threads: any. Nothing is posted, pushed or queried with a lock held.
class Prompting {
 public:
  Prompting(GstElement *element, const SettingsStore &settings, const Recognition &recognition,
            TextOutput &output)
      : element_(element), settings_(settings), recognition_(recognition), output_(output) {}

  /// Checks the prompt against the model, if there is one yet.
  Status check(const Settings &settings) const;
  /// The settings have another prompt: gives it to the stream, at once or in the next pause;
  /// without speech that is now.
  void change(bool in_speech);
  /// A pause begins: gives the stream the prompt that waited for it.
  void pause_began();
  /// Gives the stream the prompt that was set last; no change waits any more.
  void apply(Stream &stream);
  /// The settings have another language.
  void change_language();
  /// Cancels a waiting change.
  void reset() { waits_ = false; }

  /// Of the text; empty if it is unknown.
  std::string language(const Settings &settings) const;

 private:
  GstElement *const element_;
  const SettingsStore &settings_;
  const Recognition &recognition_;
  TextOutput &output_;

  /// Held while a prompt or a language is handed on, so that of two threads that do so the one with
  /// the newer settings comes last. Comes before every other lock, here and in the library.
  Mutex mutex_;
  /// A changed prompt waits for a pause.
  std::atomic<bool> waits_ = false;
};

}  // namespace kyutaistt::element
