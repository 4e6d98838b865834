// SPDX-License-Identifier: LGPL-2.1-or-later
/// Work that is cut into parts and done by threads of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

#include "base/processors.h"

namespace kyutaistt::base {

/// As many as the process could use when it first asked.
inline size_t threads_for_parts() {
  static const auto threads = static_cast<size_t>(usable_processors());
  return threads;
}

/// Calls work(begin, end) for parts that cover [0, count), several at once; none is shorter than
/// `least`, and all begin at multiples of it. `work` must not throw. Starting a thread costs some
/// ten microseconds: for what takes milliseconds.
template <typename Work>
void in_parts(size_t count, size_t least, const Work &work) {
  const size_t units = (count + least - 1) / least;
  const size_t parts = std::clamp<size_t>(count / least, 1, threads_for_parts());
  const auto run = [&](size_t part) {
    const size_t begin = units * part / parts * least;
    const size_t end = std::min(units * (part + 1) / parts * least, count);
    work(begin, end);
  };
  std::vector<std::thread> threads;
  threads.reserve(parts);
  size_t part = 1;
  try {
    for (; part < parts; ++part) {
      threads.emplace_back(run, part);
    }
  } catch (const std::system_error &) {
    // The system gives no more: the rest is done here.
  }
  for (; part < parts; ++part) {
    run(part);
  }
  run(0);
  for (std::thread &thread : threads) {
    thread.join();
  }
}

}  // namespace kyutaistt::base
