// SPDX-License-Identifier: LGPL-2.1-or-later
#include <kyutaistt/options.h>

namespace kyutaistt {

const char *precision_name(Precision precision) noexcept {
  switch (precision) {
    case Precision::Auto:
      return "auto";
    case Precision::F32:
      return "f32";
    case Precision::Bf16:
      return "bf16";
    case Precision::Int8:
      return "int8";
    case Precision::Int4:
      return "int4";
  }
  return "unknown";
}

const char *precision_name(CachePrecision precision) noexcept {
  switch (precision) {
    case CachePrecision::Auto:
      return "auto";
    case CachePrecision::F32:
      return "f32";
    case CachePrecision::Bf16:
      return "bf16";
    case CachePrecision::Int8:
      return "int8";
  }
  return "unknown";
}

}  // namespace kyutaistt
