// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/utf8.h"

namespace kyutaistt::base {

namespace {

bool is_continuation(unsigned char byte) noexcept {
  return (byte & 0xC0U) == 0x80U;
}

/// Whether `second` may follow `lead`: rules out long forms, surrogates and what lies beyond
/// U+10FFFF (Unicode standard, table 3-7).
bool is_second(unsigned char lead, unsigned char second) noexcept {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return is_continuation(second);
  }
}

/// True if the bytes begin one character, all of it or a part.
bool begins_character(std::string_view bytes) noexcept {
  const auto lead = static_cast<unsigned char>(bytes.front());
  const size_t length = utf8_length(lead);
  if (length == 0 || bytes.size() > length) {
    return false;
  }
  if (bytes.size() > 1 && !is_second(lead, static_cast<unsigned char>(bytes[1]))) {
    return false;
  }
  for (const char byte : bytes.substr(1)) {
    if (!is_continuation(static_cast<unsigned char>(byte))) {
      return false;
    }
  }
  return true;
}

}  // namespace

size_t utf8_length(unsigned char lead) noexcept {
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    return 2;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    return 3;
  }
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const size_t length = utf8_length(static_cast<unsigned char>(bytes.front()));
    if (length == 0 || length > bytes.size() || !begins_character(bytes.substr(0, length))) {
      return false;
    }
    bytes.remove_prefix(length);
  }
  return true;
}

bool is_utf8_prefix(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const size_t length = utf8_length(static_cast<unsigned char>(bytes.front()));
    if (length == 0) {
      return false;
    }
    if (length > bytes.size()) {
      return begins_character(bytes);
    }
    if (!begins_character(bytes.substr(0, length))) {
      return false;
    }
    bytes.remove_prefix(length);
  }
  return false;
}

}  // namespace kyutaistt::base
