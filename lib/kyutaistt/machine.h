// SPDX-License-Identifier: LGPL-2.1-or-later
/// The limits of this machine, measured, to compare speeds with.
#pragma once

#include <kyutaistt/export.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// Per second, of all threads together.
struct MachineLimits {
  /// Bytes read from memory much larger than the caches, in the faster of several ways.
  double read_bytes = 0;
  /// Multiply-adds of values in registers.
  double multiply_adds_f32 = 0;
  double multiply_adds_bf16 = 0;
  double multiply_adds_int16 = 0;
  double multiply_adds_int8 = 0;
};

/// Measures for a second or two, with threads of its own and half a gigabyte of memory. Each figure
/// is the median of several passes: on a shared machine, single passes vary by half. `threads` must
/// be 1 to `max_threads`. The multiply-adds use the same instruction set as a model on the CPU.
KYUTAISTT_PUBLIC Result<MachineLimits> measure_machine(int threads);

}  // namespace kyutaistt
