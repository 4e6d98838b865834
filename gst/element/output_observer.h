// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports from the outputs of text to the element.
#pragma once

#include <gst/gst.h>

#include <kyutaistt/status.h>

namespace kyutaistt::element {

/// Called on the source pads' tasks, with no lock held.
class OutputObserver {
 public:
  OutputObserver() = default;
  OutputObserver(const OutputObserver &) = delete;
  OutputObserver &operator=(const OutputObserver &) = delete;
  virtual ~OutputObserver() = default;

  /// A pause in the speech has begun, or a context has ended, and with it its speech. Of the
  /// transcript only.
  virtual void pause_began() = 0;
  /// Recognition has reported nothing for a while, not even that it goes on. True if text is to
  /// follow the clock, because no audio comes any more.
  virtual bool nothing_came() = 0;
  /// Recognition cannot go on. What was recognised before is out; nothing follows.
  virtual void recognition_failed(const Status &status) = 0;
  /// Downstream takes no text of a stream that has ended, so that upstream will not notice.
  virtual void lost_after_end(GstFlowReturn flow) = 0;
};

}  // namespace kyutaistt::element
