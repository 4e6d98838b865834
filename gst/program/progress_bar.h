// SPDX-License-Identifier: LGPL-2.1-or-later
/// A progress line on the terminal.
#pragma once

#include <string>

namespace kyutaistt::program {

/// Draws on standard error, if that is a terminal; else it does nothing.
class ProgressBar {
 public:
  ProgressBar();
  ProgressBar(const ProgressBar &) = delete;
  ProgressBar &operator=(const ProgressBar &) = delete;
  /// Removes the line.
  ~ProgressBar() { clear(); }

  /// `share` in [0, 1], or negative if it is unknown.
  void show(const std::string &label, double share);
  void clear();

 private:
  const bool is_terminal_;
  std::string drawn_;
};

}  // namespace kyutaistt::program
