// SPDX-License-Identifier: LGPL-2.1-or-later
/// From words to what is shown of them.
#pragma once

#include <optional>
#include <vector>

#include <kyutaistt/events.h>

#include "captions/cue.h"

namespace kyutaistt::captions {

/// Makes cues of the words of one stream as they arrive. Not thread-safe; owned by whoever writes
/// the cues.
class Captioner {
 public:
  Captioner() = default;
  Captioner(const Captioner &) = delete;
  Captioner &operator=(const Captioner &) = delete;
  virtual ~Captioner() = default;

  /// Events of a stream, in their order.
  virtual void add(const Word &word) = 0;
  virtual void add(const WordEnd &word_end) = 0;
  virtual void add(const Progress &progress) = 0;
  /// No more words follow: the last cue is ready.
  virtual void finish() = 0;
  /// Forgets everything but the shape.
  virtual void reset() = 0;
  /// For the cues that begin from now on.
  virtual void change_shape(const CueShape &shape) = 0;

  /// The cues that became ready, in order.
  virtual std::vector<Cue> take() = 0;
  /// Start of the first cue that is not ready; nothing if there is none.
  virtual std::optional<Time> pending_start() const = 0;
};

}  // namespace kyutaistt::captions
