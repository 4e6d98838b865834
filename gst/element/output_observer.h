// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports from the output of text to the element.
#pragma once

namespace kyutaistt::element {

/// Called on the source pad's task, with no lock held.
class OutputObserver {
 public:
  OutputObserver() = default;
  OutputObserver(const OutputObserver &) = delete;
  OutputObserver &operator=(const OutputObserver &) = delete;
  virtual ~OutputObserver() = default;

  /// A pause in the speech has begun, or a context has ended, and with it its speech.
  virtual void pause_began() = 0;
  /// Recognition has reported nothing for a while, not even that it goes on.
  virtual void nothing_came() = 0;
};

}  // namespace kyutaistt::element
