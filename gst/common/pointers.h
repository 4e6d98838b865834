// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ownership of GStreamer's objects by type: who holds one of these pointers owns a reference, and
/// a bare pointer is borrowed. `release()` hands a reference to a function that takes it over.
#pragma once

#include <memory>

#include <gst/gst.h>

namespace kyutaistt {

struct UnrefMiniObject {
  template <typename T>
  void operator()(T *object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};
/// GStreamer's light objects, which are passed along pads.
template <typename T>
using MiniObjectPointer = std::unique_ptr<T, UnrefMiniObject>;
using BufferPointer = MiniObjectPointer<GstBuffer>;
using CapsPointer = MiniObjectPointer<GstCaps>;
using EventPointer = MiniObjectPointer<GstEvent>;
using MessagePointer = MiniObjectPointer<GstMessage>;
using QueryPointer = MiniObjectPointer<GstQuery>;
using SamplePointer = MiniObjectPointer<GstSample>;
using TagListPointer = MiniObjectPointer<GstTagList>;

struct UnrefObject {
  template <typename T>
  void operator()(T *object) const {
    gst_object_unref(object);
  }
};
/// Anything that is a GstObject.
template <typename T>
using ObjectPointer = std::unique_ptr<T, UnrefObject>;
using BusPointer = ObjectPointer<GstBus>;
using ElementPointer = ObjectPointer<GstElement>;
using PadPointer = ObjectPointer<GstPad>;

struct FreeStructure {
  void operator()(GstStructure *structure) const { gst_structure_free(structure); }
};
using StructurePointer = std::unique_ptr<GstStructure, FreeStructure>;

struct FreeError {
  void operator()(GError *error) const { g_error_free(error); }
};
using ErrorPointer = std::unique_ptr<GError, FreeError>;

struct FreeString {
  void operator()(gchar *text) const { g_free(text); }
};
/// Text that GLib has allocated.
using StringPointer = std::unique_ptr<gchar, FreeString>;

}  // namespace kyutaistt
