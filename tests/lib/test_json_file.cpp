// SPDX-License-Identifier: LGPL-2.1-or-later
#include <filesystem>
#include <sys/stat.h>

#include "checkpoint/json_file.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using kyutaistt::StatusCode;
using kyutaistt::checkpoint::Json;
using kyutaistt::checkpoint::JsonObject;
using kyutaistt::checkpoint::parse_json;
using kyutaistt::checkpoint::read_json_file;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::TestFolder;

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

TEST(texts_that_are_no_json_are_refused) {
  for (const char *text : {"", " ", "{", "{\"a\": 1} x", "{\"a\": }", "{a: 1}", "\"\xFF\"", "nul",
                           "[1, 2,]", "{\"a\": 01}", "NaN"}) {
    assert_refused(parse_json(text, "x.json").status(), StatusCode::Corrupt,
                   "x.json: is not JSON: error at byte ");
  }
  assert_refused(parse_json("[1e999]", "x.json").status(), StatusCode::Corrupt,
                 "x.json: has a number that is too large");
}

TEST(depth_is_bounded) {
  assert_ok(parse_json(repeated("[", 64) + repeated("]", 64), "x.json").status());
  for (const char *opening : {"[", "{\"a\":"}) {
    assert_refused(parse_json(repeated(opening, 66), "x.json").status(), StatusCode::Corrupt,
                   "x.json: nested deeper than 64");
    // Refused at once: neither the stack nor the memory grows with the file.
    assert_refused(parse_json(repeated(opening, 1'000'000), "x.json").status(), StatusCode::Corrupt,
                   "x.json: nested deeper than 64");
  }
}

TEST(a_key_may_not_stand_twice) {
  assert_refused(parse_json(R"({"a": 1, "b": 2, "a": 3})", "x.json").status(), StatusCode::Corrupt,
                 R"(x.json: key "a" stands twice in one object)");
  assert_refused(parse_json(R"([{"b": {"a\u0000": 1, "a\u0000": 3}}])", "x.json").status(),
                 StatusCode::Corrupt, R"(key "a\u0000" stands twice)");
  assert_ok(parse_json(R"([{"a": {"a": 1}, "b": {"a": 1}}, {"a": 2}])", "x.json").status());
}

TEST(files_that_cannot_be_read_are_named) {
  const TestFolder folder;
  assert_refused(read_json_file(folder.path("none.json")).status(), StatusCode::NotFound,
                 "/none.json: cannot be opened: No such file");
  folder.write("empty.json", "");
  assert_refused(read_json_file(folder.path("empty.json")).status(), StatusCode::Corrupt,
                 "/empty.json: is empty");
  assert_refused(read_json_file(folder.path()).status(), StatusCode::Corrupt,
                 folder.path() + ": is not a regular file");
  ck_assert_int_eq(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  assert_refused(read_json_file(folder.path("pipe")).status(), StatusCode::Corrupt,
                 "/pipe: is not a regular file");
  folder.write("large.json", "{}");
  std::filesystem::resize_file(folder.path("large.json"), (64U << 20) + 1);
  assert_refused(read_json_file(folder.path("large.json")).status(), StatusCode::Corrupt,
                 "/large.json: is too large: 67108865 bytes, at most 67108864 are expected");
}

TEST(values_without_end_are_refused) {
  // Eight megabytes that would take hundreds.
  std::string text = "[0";
  constexpr int max_values = 4 << 20;
  for (int i = 1; i < max_values; ++i) {
    text += ",0";
  }
  assert_refused(parse_json(text + "]", "x.json").status(), StatusCode::Corrupt,
                 "x.json: has more than 4194304 keys and values");
}

TEST(getters_say_what_they_found) {
  const Json json = Json::parse(R"({"whole": 7, "huge": 18446744073709551615, "half": 0.5,
      "text": "x", "yes": true, "nothing": null, "list": [1], "part": {"inner": -1},
      "a\nb": "two\nlines"})");
  const auto object = JsonObject::of(json, "x.json").value();
  ck_assert_int_eq(object.integer("whole", 0, 7).value(), 7);
  ck_assert_int_eq(object.integer("nothing", 0, 7, 3).value(), 3);
  assert_equal(object.number("half", 0, 1).value(), 0.5);
  assert_equal(object.number("whole", 0, 10).value(), 7);
  assert_equal(object.string("text").value(), "x");
  ck_assert(object.boolean("yes").value());
  ck_assert(!object.has("nothing"));

  const auto corrupt = [](const auto &result, const std::string &message) {
    assert_refused(result.status(), StatusCode::Corrupt, message);
  };
  corrupt(JsonObject::of(json["list"], "x.json: list"),
          "x.json: list: found [1], expected an object");
  corrupt(object.integer("whole", 8, 9), "whole: found 7, expected an integer from 8 to 9");
  corrupt(object.integer("huge", 0, INT64_MAX), "huge: found 18446744073709551615, expected");
  corrupt(object.integer("half", 0, 1), "half: found 0.5, expected an integer");
  corrupt(object.integer("none", 0, 1), "x.json: none: found nothing, expected");
  corrupt(object.integer("text", 0, 1, 5), "text: found \"x\", expected an integer");
  corrupt(object.number("yes", 0, 1), "yes: found true, expected a number from 0.0 to 1.0");
  corrupt(object.number("whole", 0, 1), "whole: found 7, expected a number");
  corrupt(object.string("whole"), "whole: found 7, expected a string");
  corrupt(object.boolean("whole"), "whole: found 7, expected true or false");
  corrupt(object.object("list"), "list: found [1], expected an object");
  corrupt(object.object("part").value().integer("inner", 0, 1),
          "x.json: part: inner: found -1, expected an integer from 0 to 1");
  corrupt(object.integer("a\nb", 0, 1), R"(x.json: "a\nb": found "two\nlines", expected)");
}

}  // namespace
