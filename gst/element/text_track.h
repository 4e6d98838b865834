// SPDX-License-Identifier: LGPL-2.1-or-later
/// One of the element's texts: a source pad and what goes out there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <gst/gst.h>

#include "base/mutex.h"
#include "common/pointers.h"
#include "element/text_output.h"
#include "element/text_role.h"

namespace kyutaistt::element {

/// What a translation is to be, as set on its pad; empty where it was not.
struct Choice {
  std::string language;
  /// Comes before the language.
  std::string domain;

  bool is_empty() const { return language.empty() && domain.empty(); }
};

/// Threads: any, but for what says otherwise. Lifetime: keeps the pad.
class TextTrack {
 public:
  TextTrack(GstElement *element, GstPad *sink, GstPad *src, Latency &latency,
            OutputObserver &observer, TextRole of_text)
      : output(element, sink, src, latency, observer, of_text),
        role(of_text),
        pad_(GST_PAD(gst_object_ref(src))),
        text_(of_text == TextRole::Transcript ? std::optional<size_t>(0) : std::nullopt) {}

  TextOutput output;
  const TextRole role;

  GstPad *pad() const { return pad_.get(); }

  Choice choice() const {
    const MutexLock lock(mutex_);
    return choice_;
  }
  void set_choice(Choice choice) {
    const MutexLock lock(mutex_);
    choice_ = std::move(choice);
  }

  /// The text of the stream that this is; unset if the stream does not write it. The transcript is
  /// always its own.
  std::optional<size_t> text() const {
    const MutexLock lock(mutex_);
    return text_;
  }
  /// False if the pad has been released.
  bool set_text(std::optional<size_t> text) {
    const MutexLock lock(mutex_);
    text_ = released_ ? std::nullopt : text;
    return !released_;
  }
  /// The pad is being released. Returns what `text` did.
  std::optional<size_t> release() {
    const MutexLock lock(mutex_);
    released_ = true;
    return std::exchange(text_, std::nullopt);
  }

  // Under the sink pad's stream lock.

  /// The pad has got what downstream must know of the stream.
  bool joined = false;
  /// The prompt that the text has in the stream.
  Prompt prompt;

 private:
  const PadPointer pad_;
  mutable Mutex mutex_;
  Choice choice_ KYUTAISTT_GUARDED_BY(mutex_);
  std::optional<size_t> text_ KYUTAISTT_GUARDED_BY(mutex_);
  bool released_ KYUTAISTT_GUARDED_BY(mutex_) = false;
};

}  // namespace kyutaistt::element
