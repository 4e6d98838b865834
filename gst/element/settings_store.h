// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where the element's settings are kept.
#pragma once

#include <functional>
#include <utility>

#include "base/mutex.h"
#include "element/settings.h"

namespace kyutaistt::element {

/// Hands out copies. Threads: any.
class SettingsStore {
 public:
  Settings copy() const {
    const MutexLock lock(mutex_);
    return settings_;
  }

  /// Changes the settings by `action`, unless it fails. It is called with the lock held, so that
  /// neither of two simultaneous changes is lost; it may look up facts of the model, but do nothing
  /// else.
  Status change(const std::function<Status(Settings &)> &action) {
    const MutexLock lock(mutex_);
    Settings changed = settings_;
    Status status = action(changed);
    if (status.ok()) {
      settings_ = std::move(changed);
    }
    return status;
  }

 private:
  mutable Mutex mutex_;
  Settings settings_ KYUTAISTT_GUARDED_BY(mutex_);
};

}  // namespace kyutaistt::element
