// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/interruption.h"

#include <csignal>

namespace kyutaistt::program {

namespace {

std::atomic<bool> was_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void note_interruption(int /*signal*/) {
  was_interrupted = true;
}

}  // namespace

void catch_interruption() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    // A command that was started in the background or with nohup is meant to go on.
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) {
      continue;
    }
    action = {};
    action.sa_handler = note_interruption;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigaction(signal, &action, nullptr);
  }
}

void interrupt() {
  was_interrupted = true;
}

const std::atomic<bool> &interrupted() {
  return was_interrupted;
}

}  // namespace kyutaistt::program
