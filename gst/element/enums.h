// SPDX-License-Identifier: LGPL-2.1-or-later
/// Enumerations of the element's properties, as GObject types.
#pragma once

#include <gst/gst.h>

#include <kyutaistt/options.h>

#include "captions/cue.h"

namespace kyutaistt::element {

/// What one buffer of raw text holds.
enum class TextUnit { Word, Cue };

/// When another domain takes effect.
enum class DomainChange {
  /// With the next audio.
  Now,
  /// With the audio that comes when a pause has been recognised: at once if one has, and nothing
  /// was said since.
  Pause,
};

// Values are those of the C++ enumerations.
GType precision_type();
GType cache_precision_type();
GType alignment_type();
GType codec_attention_type();
GType text_unit_type();
GType domain_change_type();
GType cue_preset_type();

}  // namespace kyutaistt::element
