// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/interruption.h"

#include <csignal>

namespace kyutaistt::program {

namespace {

std::atomic<bool> was_interrupted = false;

void note_interruption(int signal) {
  was_interrupted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interruption() {
  std::signal(SIGINT, note_interruption);
  std::signal(SIGTERM, note_interruption);
}

const std::atomic<bool> &interrupted() {
  return was_interrupted;
}

}  // namespace kyutaistt::program
