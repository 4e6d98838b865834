// SPDX-License-Identifier: LGPL-2.1-or-later
/// How fast this machine reads memory.
#pragma once

namespace kyutaistt::program {

/// Bytes a second that `threads` threads read together from memory much larger than the caches: the
/// best of several passes over half a gigabyte, about a quarter of a second.
double measure_read_bandwidth(int threads);

}  // namespace kyutaistt::program
