// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/json_file.h"

#include <set>
#include <utility>
#include <vector>

#include "base/file_memory.h"
#include "base/guard.h"

namespace kyutaistt::checkpoint {

namespace {

constexpr int max_depth = 64;
/// Values of one text. A tokenizer of 256 000 pieces and as many merges has a million; each may
/// take a hundred bytes of memory, where the text has two.
constexpr size_t max_values = size_t{4} << 20;
constexpr size_t max_bytes = size_t{64} << 20;
/// Longest part of a wrong value that a message repeats, and of a name; tensors have long ones.
constexpr size_t max_quoted = 60;
constexpr size_t max_named = 160;

std::string quoted(const Json &value, size_t most = max_quoted) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > most) {
    text.resize(most);
    text += "...";
  }
  return text;
}

/// Leaves the parser, which would otherwise continue to the end of a text that is already refused.
struct Refused {
  std::string reason;
};

/// Watches a parse for what the format allows but no program writes.
class Watch {
 public:
  void operator()(int depth, Json::parse_event_t event, const Json &parsed) {
    using Event = Json::parse_event_t;
    if (depth > max_depth) {
      throw Refused{"nested deeper than " + std::to_string(max_depth)};
    }
    if (event != Event::object_end && event != Event::array_end && ++values_ > max_values) {
      throw Refused{"has more than " + std::to_string(max_values) + " keys and values"};
    }
    if (event == Event::object_start) {
      keys_.emplace_back();
    } else if (event == Event::object_end) {
      keys_.pop_back();
    } else if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      throw Refused{"key " + quoted(parsed) + " stands twice in one object"};
    }
  }

 private:
  /// Of the objects that are open.
  std::vector<std::set<std::string>> keys_;
  /// Keys and values so far.
  size_t values_ = 0;
};

}  // namespace

std::string printable(std::string_view text) {
  std::string with_quotes = quoted(Json(text), max_named);
  const bool plain = with_quotes.size() == text.size() + 2;
  return plain ? std::string(text) : with_quotes;
}

Result<Json> parse_json(std::string_view text, const std::string &path) {
  Watch watch;
  try {
    // The parser copies its callback: the watch is passed by reference.
    return Json::parse(text.begin(), text.end(),
                       [&watch](int depth, Json::parse_event_t event, Json &parsed) {
                         watch(depth, event, parsed);
                         return true;
                       });
  } catch (const Refused &refused) {
    return Status::corrupt(path + ": " + refused.reason);
  } catch (const Json::parse_error &error) {
    return Status::corrupt(path + ": is not JSON: error at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range &) {
    return Status::corrupt(path + ": has a number that is too large");
  }
}

Result<Json> read_json_file(const std::string &path) {
  KYUTAISTT_ASSIGN(text, base::read_file(path, max_bytes));
  return parse_json(text, path);
}

JsonObject::JsonObject(const Json &value, std::string where)
    : value_(&value), where_(std::move(where)) {}

Result<JsonObject> JsonObject::of(const Json &value, std::string where) {
  if (!value.is_object()) {
    return Status::corrupt(where + ": found " + quoted(value) + ", expected an object");
  }
  return JsonObject(value, std::move(where));
}

bool JsonObject::has(const char *key) const {
  return find(key) != nullptr;
}

const Json *JsonObject::find(const char *key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

Status JsonObject::wrong(const char *key, const std::string &expected) const {
  const Json *found = find(key);
  return Status::corrupt(where_ + ": " + printable(key) + ": found " +
                         (found == nullptr ? "nothing" : quoted(*found)) + ", expected " +
                         expected);
}

Result<int64_t> JsonObject::integer(const char *key, int64_t least, int64_t most,
                                    std::optional<int64_t> fallback) const {
  const Json *found = find(key);
  if (found == nullptr && fallback) {
    return *fallback;
  }
  // A number above the signed range would wrap around in get<int64_t>.
  const bool fits = found != nullptr && found->is_number_integer() &&
                    (!found->is_number_unsigned() || found->get<uint64_t>() <= INT64_MAX);
  if (!fits || found->get<int64_t>() < least || found->get<int64_t>() > most) {
    return wrong(key, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return found->get<int64_t>();
}

Result<double> JsonObject::number(const char *key, double least, double most,
                                  std::optional<double> fallback) const {
  const Json *found = find(key);
  if (found == nullptr && fallback) {
    return *fallback;
  }
  if (found == nullptr || !found->is_number() || !(found->get<double>() >= least) ||
      !(found->get<double>() <= most)) {
    return wrong(key, "a number from " + Json(least).dump() + " to " + Json(most).dump());
  }
  return found->get<double>();
}

Result<bool> JsonObject::boolean(const char *key, std::optional<bool> fallback) const {
  const Json *found = find(key);
  if (found == nullptr && fallback) {
    return *fallback;
  }
  if (found == nullptr || !found->is_boolean()) {
    return wrong(key, "true or false");
  }
  return found->get<bool>();
}

Result<std::string> JsonObject::string(const char *key, std::optional<std::string> fallback) const {
  const Json *found = find(key);
  if (found == nullptr && fallback) {
    return *std::move(fallback);
  }
  if (found == nullptr || !found->is_string()) {
    return wrong(key, "a string");
  }
  return found->get<std::string>();
}

Result<JsonObject> JsonObject::object(const char *key) const {
  const Json *found = find(key);
  if (found == nullptr || !found->is_object()) {
    return wrong(key, "an object");
  }
  return JsonObject(*found, where_ + ": " + printable(key));
}

}  // namespace kyutaistt::checkpoint
