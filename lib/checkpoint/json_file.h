// SPDX-License-Identifier: LGPL-2.1-or-later
/// JSON from files that nobody vouches for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <kyutaistt/status.h>

namespace kyutaistt::checkpoint {

using Json = nlohmann::json;

/// Parses a text whose origin is `path`. Refused: nesting deeper than 64, more than four million
/// keys and values, an object with the same key twice, anything after the value.
Result<Json> parse_json(std::string_view text, const std::string &path);

/// Reads a whole JSON file of at most 64 MiB.
Result<Json> read_json_file(const std::string &path);

/// A name from a file, for a message: as it is if it is short and of printable ASCII, else cut and
/// with escapes. So a message stays one line, whatever the file says.
std::string printable(std::string_view text);

/// Typed access to the members of one object, with messages that name file, key, what was found and
/// what was expected. Borrows the object.
class JsonObject {
 public:
  /// Fails if `value` is no object. `where`: the file, and the way to the object in it.
  static Result<JsonObject> of(const Json &value, std::string where);

  bool has(const char *key) const;
  /// Null if there is no such member.
  const Json *find(const char *key) const;

  /// The member, or `fallback` if it is not there (or null).
  Result<int64_t> integer(const char *key, int64_t least, int64_t most,
                          std::optional<int64_t> fallback = std::nullopt) const;
  Result<double> number(const char *key, double least, double most,
                        std::optional<double> fallback = std::nullopt) const;
  Result<bool> boolean(const char *key, std::optional<bool> fallback = std::nullopt) const;
  Result<std::string> string(const char *key,
                             std::optional<std::string> fallback = std::nullopt) const;
  Result<JsonObject> object(const char *key) const;

  const std::string &where() const noexcept { return where_; }
  const Json &value() const noexcept { return *value_; }
  /// "where: key: found ..., expected `expected`".
  Status wrong(const char *key, const std::string &expected) const;

 private:
  JsonObject(const Json &value, std::string where);

  const Json *value_;
  std::string where_;
};

}  // namespace kyutaistt::checkpoint
