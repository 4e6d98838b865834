// SPDX-License-Identifier: LGPL-2.1-or-later
/// The program `kyutaistt`.
#include <exception>

#include <gst/gst.h>

#include "program/commands.h"

int main(int argc, char **argv) {
  try {
    gst_init(nullptr, nullptr);
    return kyutaistt::program::run_command({argv + 1, argv + argc});
  } catch (const std::exception &error) {
    return kyutaistt::program::fail(error.what(), kyutaistt::program::FileFailed);
  }
}
