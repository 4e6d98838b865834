// SPDX-License-Identifier: LGPL-2.1-or-later
/// The limits of this machine, measured, to compare speeds with.
#pragma once

#include <memory>

#include <kyutaistt/export.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

namespace ops {
class ReadBandwidth;
}

/// Per second, of all threads together.
struct MachineLimits {
  /// Bytes read from memory much larger than the caches, in the fastest of several ways.
  double read_bytes = 0;
  /// Multiply-adds of values in registers.
  double multiply_adds_f32 = 0;
  double multiply_adds_bf16 = 0;
  double multiply_adds_int16 = 0;
  double multiply_adds_int8 = 0;
};

/// Measures for a second or two, with threads of its own and half a gigabyte of memory. The bytes
/// are the best of all passes, since no disturbance makes reading faster; the multiply-adds are the
/// median of several: on a shared machine, single passes vary by half. `threads` must be 1 to
/// `max_threads`. All use the same instruction set as a model on the CPU.
KYUTAISTT_PUBLIC Result<MachineLimits> measure_machine(int threads);

/// The bytes alone, again and again between other work: a memory that others use too changes its
/// speed from minute to minute. Threads: one at a time. Memory: half a gigabyte.
class KYUTAISTT_PUBLIC ReadMeter {
 public:
  /// `threads` as for `measure_machine`.
  static Result<std::unique_ptr<ReadMeter>> create(int threads);
  explicit ReadMeter(std::unique_ptr<ops::ReadBandwidth> bandwidth);
  ~ReadMeter();

  /// Measures for some tenths of a second; returns the best rate so far.
  double measure();

 private:
  const std::unique_ptr<ops::ReadBandwidth> bandwidth_;
};

}  // namespace kyutaistt
