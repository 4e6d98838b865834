// SPDX-License-Identifier: LGPL-2.1-or-later
/// What this machine can do at most, measured: the limits that speed is held against.
#pragma once

#include <kyutaistt/export.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// Per second, of all threads together.
struct MachineLimits {
  /// Bytes read from memory much larger than the caches, in the faster of several ways.
  double read_bytes = 0;
  /// Products of two numbers that are added up, from registers.
  double multiply_adds_f32 = 0;
  double multiply_adds_bf16 = 0;
  double multiply_adds_int16 = 0;
  double multiply_adds_int8 = 0;
};

/// Measures for a second or two, with threads of its own and half a gigabyte of memory. Each figure
/// is the median of several passes: on a machine that others use too, single passes are faster or
/// slower by a half. `threads` must be 1 to `max_threads`. The dot products are those of the
/// instruction set that a model on the CPU would be computed with.
KYUTAISTT_PUBLIC Result<MachineLimits> measure_machine(int threads);

}  // namespace kyutaistt
