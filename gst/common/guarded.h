// SPDX-License-Identifier: LGPL-2.1-or-later
/// Keeps exceptions from leaving a callback of GStreamer.
#pragma once

#include <exception>
#include <utility>

#include <gst/gst.h>

namespace kyutaistt {

/// Posts an ERROR about an exception, in the name of `element`.
inline void post_exception(gpointer element, const char *what) noexcept {
  gst_element_message_full(GST_ELEMENT_CAST(element), GST_MESSAGE_ERROR, GST_LIBRARY_ERROR,
                           GST_LIBRARY_ERROR_FAILED, g_strdup(what), nullptr, __FILE__,
                           GST_FUNCTION, __LINE__);
}

/// Runs `action` and turns whatever it throws into an ERROR and the value `failed`: nothing may
/// leave a C callback.
template <typename Value, typename Action>
Value guarded(gpointer element, Value failed, Action &&action) noexcept {
  try {
    return std::forward<Action>(action)();
  } catch (const std::exception &error) {
    post_exception(element, error.what());
  } catch (...) {
    post_exception(element, "something was thrown that is no exception");
  }
  return failed;
}

}  // namespace kyutaistt
