// SPDX-License-Identifier: LGPL-2.1-or-later
/// What this machine can do at most, measured: the limits that speed is held against.
#pragma once

#include <kyutaistt/export.h>

namespace kyutaistt {

/// Per second, of all threads together.
struct MachineLimits {
  /// Bytes read from memory much larger than the caches.
  double read_bytes = 0;
  /// Products of two numbers that are added up, from registers, with the best instructions that the
  /// library knows on this processor.
  double multiply_adds_f32 = 0;
  double multiply_adds_bf16 = 0;
  double multiply_adds_int8 = 0;
};

/// Measures for about a second, with threads of its own. Each figure is the median of several
/// passes: on a machine that others use too, single passes are faster or slower by a half.
/// `threads` must be at least 1.
KYUTAISTT_PUBLIC MachineLimits measure_machine(int threads);

}  // namespace kyutaistt
