// SPDX-License-Identifier: LGPL-2.1-or-later
/// Enumerations of the element's properties, as GObject types.
#pragma once

#include <gst/gst.h>

#include <kyutaistt/options.h>

namespace kyutaistt::element {

/// What one buffer of raw text holds.
enum class TextUnit { Word, Cue };

// Values are those of the C++ enumerations.
GType precision_type();
GType cache_precision_type();
GType alignment_type();
GType codec_attention_type();
GType text_unit_type();

}  // namespace kyutaistt::element
