// SPDX-License-Identifier: LGPL-2.1-or-later
/// Keeps exceptions from leaving a callback of GStreamer.
#pragma once

#include <exception>
#include <utility>

#include "element/debug.h"

namespace kyutaistt::element {

/// Runs `action` and turns whatever it throws into an ERROR: nothing may leave a C callback.
template <typename Value, typename Action>
Value guarded(gpointer element, Value failed, Action &&action) noexcept {
  try {
    return std::forward<Action>(action)();
  } catch (const std::exception &error) {
    GST_ELEMENT_ERROR(element, LIBRARY, FAILED, ("%s", error.what()), (nullptr));
    return failed;
  }
}

}  // namespace kyutaistt::element
