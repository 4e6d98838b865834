// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

size_t element_size(DataType type) noexcept {
  switch (type) {
    case DataType::F64:
    case DataType::I64:
      return 8;
    case DataType::F32:
    case DataType::I32:
      return 4;
    case DataType::F16:
    case DataType::Bf16:
    case DataType::I16:
      return 2;
    case DataType::I8:
    case DataType::U8:
    case DataType::Bool:
    case DataType::Unknown:
      return 1;
  }
  return 1;
}

const char *data_type_name(DataType type) noexcept {
  switch (type) {
    case DataType::F64:
      return "F64";
    case DataType::F32:
      return "F32";
    case DataType::F16:
      return "F16";
    case DataType::Bf16:
      return "BF16";
    case DataType::I64:
      return "I64";
    case DataType::I32:
      return "I32";
    case DataType::I16:
      return "I16";
    case DataType::I8:
      return "I8";
    case DataType::U8:
      return "U8";
    case DataType::Bool:
      return "BOOL";
    case DataType::Unknown:
      break;
  }
  return "unknown";
}

int64_t TensorView::elements() const noexcept {
  return static_cast<int64_t>(bytes.size() / element_size(type));
}

}  // namespace kyutaistt::checkpoint
