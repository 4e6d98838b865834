// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/progress_bar.h"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace kyutaistt::program {

namespace {

constexpr int bar_width = 30;

}  // namespace

ProgressBar::ProgressBar() : is_terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressBar::show(const std::string &label, double share) {
  if (!is_terminal_) {
    return;
  }
  std::string line = label;
  if (share >= 0) {
    const double clamped = std::min(share, 1.0);
    const auto filled = static_cast<size_t>(clamped * bar_width);
    line += " [" + std::string(filled, '=') + std::string(bar_width - filled, ' ') + "] " +
            std::to_string(static_cast<int>(clamped * 100)) + " %";
  }
  if (line != drawn_) {
    // Return to the start of the line and erase it.
    std::cerr << "\r\x1b[K" << line << std::flush;
    drawn_ = line;
  }
}

void ProgressBar::clear() {
  if (!drawn_.empty()) {
    std::cerr << "\r\x1b[K" << std::flush;
    drawn_.clear();
  }
}

}  // namespace kyutaistt::program
