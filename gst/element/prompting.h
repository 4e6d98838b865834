// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the stream writes: its texts, their prompts and languages.
#pragma once

#include <atomic>
#include <string>

#include <gst/gst.h>

#include "base/mutex.h"
#include "element/recognition.h"
#include "element/settings_store.h"
#include "element/text_tracks.h"

namespace kyutaistt::element {

/// Checks prompts, gives them to the stream, and announces a new language after the text in the old
/// one.
///
/// Threads: any, unless a function says otherwise. Nothing is posted, pushed or queried with a lock
/// held.
class Prompting {
 public:
  Prompting(GstElement *element, const SettingsStore &settings, const Recognition &recognition,
            TextTracks &tracks)
      : element_(element), settings_(settings), recognition_(recognition), tracks_(tracks) {}

  /// Checks the prompt of the transcript against the model, if there is one yet.
  Status check(const Settings &settings) const;
  /// Checks what was set on the pad of a translation in the same way.
  Status check_choice(const GstPad *pad, const Choice &choice) const;
  /// Checks everything that has been set.
  Status check_all(const Settings &settings) const;
  /// The settings have another prompt: gives it to the stream, at once or in the next pause;
  /// without speech that is now.
  void change(bool in_speech);
  /// A pause begins: gives the stream the prompt that waited for it.
  void pause_began();
  /// Gives the stream the prompt that was set last; no change waits any more.
  void apply(Stream &stream);
  /// Has the stream write the translations that pads were requested for, in the languages that they
  /// have now. On the sink pad's streaming thread: so it is known which of its audio they hear.
  void follow_pads(Stream &stream);
  /// A pad is being released: the stream writes its text no more.
  void leave(TextTrack &track);
  /// The settings have another language.
  void change_language();
  /// Cancels a waiting change.
  void reset() { waits_ = false; }

  /// Of the transcript; empty if it is unknown.
  std::string language(const Settings &settings) const;
  /// Of a text.
  std::string language(const Settings &settings, const TextTrack &track) const;

 private:
  void follow_pad(Stream &stream, const ModelInfo &model, const std::shared_ptr<TextTrack> &track);

  GstElement *const element_;
  const SettingsStore &settings_;
  const Recognition &recognition_;
  TextTracks &tracks_;

  /// Held while a prompt or a language is handed on, so that of two threads that do so the one with
  /// the newer settings comes last. Comes before every other lock, here and in the library.
  Mutex mutex_;
  /// A changed prompt waits for a pause.
  std::atomic<bool> waits_ = false;
};

}  // namespace kyutaistt::element
