// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ownership of GStreamer's objects, C++'s way.
#pragma once

#include <memory>

#include <gst/gst.h>

namespace kyutaistt::element {

struct UnrefEvent {
  void operator()(GstEvent *event) const { gst_event_unref(event); }
};
using EventPointer = std::unique_ptr<GstEvent, UnrefEvent>;

struct UnrefCaps {
  void operator()(GstCaps *caps) const { gst_caps_unref(caps); }
};
using CapsPointer = std::unique_ptr<GstCaps, UnrefCaps>;

struct FreeText {
  void operator()(gchar *text) const { g_free(text); }
};
using TextPointer = std::unique_ptr<gchar, FreeText>;

}  // namespace kyutaistt::element
