// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a source pad's text is to the element.
#pragma once

namespace kyutaistt::element {

enum class TextRole {
  /// What was spoken, on the pad that is always there: upstream events are about it.
  Transcript,
  /// The same in another language, on a pad that was requested.
  Translation,
};

}  // namespace kyutaistt::element
