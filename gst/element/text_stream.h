// SPDX-License-Identifier: LGPL-2.1-or-later
/// The streams that the element's texts are.
#pragma once

#include <gst/gst.h>

#include "common/pointers.h"
#include "element/text_role.h"

namespace kyutaistt::element {

/// The beginning of a stream of text of our own, in the group of the audio's, for a pad of the
/// element.
EventPointer text_stream_start(GstEvent *audio, GstElement *element, GstPad *pad, TextRole role);

}  // namespace kyutaistt::element
