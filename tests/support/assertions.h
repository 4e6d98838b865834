// SPDX-License-Identifier: LGPL-2.1-or-later
/// Assertions that say what was found and what was expected, whatever the type, and name the line
/// that asserts, also where a function of the tests' own calls them.
///
/// Values are printed by `to_text`; a type of a test's own gets an overload beside it.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <kyutaistt/status.h>

// After the standard library's headers: Check's macros have names that these use.
#ifdef KYUTAISTT_TESTS_WITH_GSTREAMER
#include <gst/check/check.h>
#else
#include <check.h>
#endif

namespace kyutaistt::tests {

/// Ends the test as failed.
[[noreturn]] inline void fail_test(const std::string &message, const char *file, int line) {
  // What Check's macros call; they would name this line.
  _ck_assert_failed(file, line, "Failed", "%s", message.c_str());
}

template <typename T>
concept TextLike = std::convertible_to<const T &, std::string_view>;
template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <typename T>
concept Duration = requires(const T &value) {
  typename T::period;
  {value.count()};
};

inline std::string to_text(bool value) {
  return value ? "true" : "false";
}

inline std::string to_text(std::nullptr_t) {
  return "null";
}

inline std::string to_text(std::nullopt_t) {
  return "nothing";
}

template <typename T>
requires Integer<T> || std::floating_point<T> std::string to_text(T value) {
  char digits[64];
  return {digits, std::to_chars(digits, std::end(digits), value).ptr};
}

template <typename T>
requires std::is_enum_v<T> std::string to_text(T value) {
  return to_text(static_cast<std::underlying_type_t<T>>(value));
}

/// Where it points to.
template <typename T>
std::string to_text(const std::shared_ptr<T> &pointer) {
  return pointer == nullptr ? "null" : to_text(reinterpret_cast<uintptr_t>(pointer.get()));
}

inline std::string to_text(StatusCode code) {
  return status_code_name(code);
}

inline std::string to_text(const Status &status) {
  return status.ok() ? "ok"
                     : std::string(status_code_name(status.code())) + ": " + status.message();
}

template <TextLike T>
std::string to_text(const T &text) {
  if constexpr (std::is_pointer_v<T>) {
    if (text == nullptr) {
      return "null";
    }
  }
  return "\"" + std::string(std::string_view(text)) + "\"";
}

template <Duration T>
std::string to_text(const T &time) {
  return to_text(std::chrono::duration<double>(time).count()) + " s";
}

template <typename T>
std::string to_text(const std::optional<T> &value);
template <typename First, typename Second>
std::string to_text(const std::pair<First, Second> &pair);
template <std::ranges::forward_range Range>
requires(!TextLike<Range>) std::string to_text(const Range &range);

template <typename T>
std::string to_text(const std::optional<T> &value) {
  return value ? to_text(*value) : "nothing";
}

template <typename First, typename Second>
std::string to_text(const std::pair<First, Second> &pair) {
  return "(" + to_text(pair.first) + ", " + to_text(pair.second) + ")";
}

/// The first of its values, and how many there are.
template <std::ranges::forward_range Range>
requires(!TextLike<Range>) std::string to_text(const Range &range) {
  constexpr int max_shown = 40;
  std::string text = "[";
  int shown = 0;
  for (const auto &value : range) {
    text += shown == 0 ? "" : ", ";
    if (shown++ == max_shown) {
      text += "... " + std::to_string(std::ranges::distance(range)) + " in all";
      break;
    }
    text += to_text(value);
  }
  return text + "]";
}

/// Integers as such, whatever their signs; texts by what they say, also where one is a pointer.
template <typename First, typename Second>
bool equals(const First &first, const Second &second) {
  if constexpr (Integer<First> && Integer<Second>) {
    return std::cmp_equal(first, second);
  } else if constexpr (TextLike<First> && TextLike<Second>) {
    if constexpr (std::is_pointer_v<First>) {
      if (first == nullptr) {
        return false;
      }
    }
    return std::string_view(first) == std::string_view(second);
  } else {
    return first == second;
  }
}

template <typename First, typename Second>
bool is_less(const First &first, const Second &second) {
  if constexpr (Integer<First> && Integer<Second>) {
    return std::cmp_less(first, second);
  } else {
    return first < second;
  }
}

/// ", the first difference is at 7: 3, expected 4" for ranges that differ in a value.
template <typename First, typename Second>
std::string first_difference(const First &found, const Second &expected) {
  if constexpr (std::ranges::forward_range<First> && std::ranges::forward_range<Second> &&
                !TextLike<First>) {
    const auto [left, right] = std::ranges::mismatch(found, expected);
    if (left != std::ranges::end(found) && right != std::ranges::end(expected)) {
      return ", the first difference is at " +
             std::to_string(std::ranges::distance(std::ranges::begin(found), left)) + ": " +
             to_text(*left) + ", expected " + to_text(*right);
    }
  }
  return "";
}

/// "WHAT: found A, expected B"
template <typename First, typename Second>
std::string comparison(const std::string &what, const First &found, const std::string &relation,
                       const Second &other) {
  return (what.empty() ? "" : what + ": ") + "found " + to_text(found) + ", expected " + relation +
         to_text(other);
}

// `what` says what is looked at where the line does not, such as the case of a table.

template <typename Found, typename Expected = Found>
void assert_equal(const Found &found, const Expected &expected, const std::string &what = "",
                  const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!equals(found, expected)) {
    fail_test(comparison(what, found, "", expected) + first_difference(found, expected), file,
              line);
  }
}

template <typename Found, typename Other = Found>
void assert_differs(const Found &found, const Other &other, const std::string &what = "",
                    const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (equals(found, other)) {
    fail_test(comparison(what, found, "anything but ", other), file, line);
  }
}

template <typename Found, typename Limit = Found>
void assert_less(const Found &found, const Limit &limit, const std::string &what = "",
                 const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!is_less(found, limit)) {
    fail_test(comparison(what, found, "less than ", limit), file, line);
  }
}

template <typename Found, typename Limit = Found>
void assert_greater(const Found &found, const Limit &limit, const std::string &what = "",
                    const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!is_less(limit, found)) {
    fail_test(comparison(what, found, "more than ", limit), file, line);
  }
}

/// From `least` to `greatest`.
template <typename Found, typename Least = Found, typename Greatest = Found>
void assert_between(const Found &found, const Least &least, const Greatest &greatest,
                    const std::string &what = "", const char *file = __builtin_FILE(),
                    int line = __builtin_LINE()) {
  if (is_less(found, least) || is_less(greatest, found)) {
    fail_test(comparison(what, found, "", least) + " to " + to_text(greatest), file, line);
  }
}

template <typename Found, typename Least = Found>
void assert_at_least(const Found &found, const Least &least, const std::string &what = "",
                     const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  // Not the other way round: what is not a number is not at least anything.
  if (!(is_less(least, found) || equals(found, least))) {
    fail_test(comparison(what, found, "at least ", least), file, line);
  }
}

template <typename Found, typename Greatest = Found>
void assert_at_most(const Found &found, const Greatest &greatest, const std::string &what = "",
                    const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!(is_less(found, greatest) || equals(found, greatest))) {
    fail_test(comparison(what, found, "at most ", greatest), file, line);
  }
}

/// One of the values of a range is this.
template <std::ranges::forward_range Range, typename Value>
void assert_has(const Range &range, const Value &value, const char *file = __builtin_FILE(),
                int line = __builtin_LINE()) {
  if (std::ranges::find(range, value) == std::ranges::end(range)) {
    fail_test(comparison("", range, "something with ", value), file, line);
  }
}

inline void assert_contains(std::string_view text, std::string_view part,
                            const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (text.find(part) == std::string_view::npos) {
    fail_test(comparison("", text, "something that contains ", part), file, line);
  }
}

inline void assert_lacks(std::string_view text, std::string_view part,
                         const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (text.find(part) != std::string_view::npos) {
    fail_test(comparison("", text, "nothing that contains ", part), file, line);
  }
}

inline void assert_begins(std::string_view text, std::string_view beginning,
                          const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!text.starts_with(beginning)) {
    fail_test(comparison("", text, "something that begins with ", beginning), file, line);
  }
}

inline void require_ok(const Status &status, const char *file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  if (!status.ok()) {
    fail_test(to_text(status), file, line);
  }
}

/// Check's own comparison of texts keeps pointers into temporary strings.
inline void assert_text(const std::string &found, const std::string &expected,
                        const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  assert_equal(found, expected, "", file, line);
}

}  // namespace kyutaistt::tests

/// Fails the test with the status' message unless it is a success. A function does it, so that the
/// status may be a part of a temporary.
#define assert_ok(status) ::kyutaistt::tests::require_ok(status)
