// SPDX-License-Identifier: LGPL-2.1-or-later
/// Cues as WebVTT and SubRip.
#pragma once

#include <cstdint>
#include <string>

#include "captions/cue.h"

namespace kyutaistt::captions {

/// The header of a WebVTT text.
inline constexpr const char *webvtt_header = "WEBVTT\n\n";

/// How characters that a format reserves are written.
enum class Escapes {
  /// As WebVTT's standard says: &amp;, &lt; and &gt;. SubRip has no escapes.
  Standard,
  /// For GStreamer's subparse, which shows escapes as they are and removes what looks like a tag:
  /// & as it is, angle brackets as typographic ones.
  Subparse,
};

/// A whole cue of WebVTT, closed by a blank line. Hours have at least two digits.
std::string format_webvtt(const Cue &cue, Escapes escapes);

/// A whole cue of SubRip, closed by a blank line. `number` counts cues from 1; as subparse reads
/// four digits at most, 1 follows 9999.
std::string format_subrip(const Cue &cue, uint64_t number, Escapes escapes);

/// The lines of a cue with line breaks between them.
std::string join_lines(const Cue &cue);

}  // namespace kyutaistt::captions
