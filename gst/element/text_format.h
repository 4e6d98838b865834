// SPDX-License-Identifier: LGPL-2.1-or-later
/// What text is written as: raw, WebVTT or SubRip.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <gst/gst.h>

#include "captions/cue_format.h"
#include "common/pointers.h"

namespace kyutaistt::element {

/// One of the formats of the source pad's template. A plain value without thread rules.
class TextFormat {
 public:
  /// Raw text.
  TextFormat() = default;
  /// The first that the pad's peer takes; unset if it takes none. Asks downstream.
  static std::optional<TextFormat> agree(GstPad *pad);

  /// With the stream's header, which sinks such as tcpserversink send to who comes late.
  CapsPointer caps() const;
  bool is_raw() const { return kind_ == Kind::Raw; }

  /// What the stream begins with. Null if there is none.
  BufferPointer header() const;
  /// The text of a cue. `number`: how many came before in this format.
  std::string format(const captions::Cue &cue, uint64_t number) const;

 private:
  enum class Kind { Raw, WebVtt, SubRip };

  Kind kind_ = Kind::Raw;
  captions::Escapes escapes_ = captions::Escapes::Subparse;
};

}  // namespace kyutaistt::element
