// SPDX-License-Identifier: LGPL-2.1-or-later
/// Prompts as people write them.
#include <cstdint>
#include <string>
#include <vector>

#include <kyutaistt/model.h>

#include "support/refusal.h"
#include "support/suite.h"

namespace {

using kyutaistt::parse_token_ids;
using kyutaistt::StatusCode;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;

TEST(token_ids_are_separated_by_commas) {
  struct Case {
    const char *text;
    std::vector<int32_t> tokens;
  };
  const Case cases[] = {
      {"", {}},
      {"  ", {}},
      {"7", {7}},
      {"9318,8002,8003,9193", {9318, 8002, 8003, 9193}},
      {" 9318 , 8002,  8003 ", {9318, 8002, 8003}},
      {"9318,8002,", {9318, 8002}},
      {"9318, ", {9318}},
      // Whether a model has it is asked elsewhere.
      {"-1", {-1}},
  };
  for (const Case &each : cases) {
    const auto tokens = parse_token_ids(each.text, "option --prompt-tokens");
    assert_ok(tokens.status());
    assert_equal(tokens.value(), each.tokens, each.text);
  }
}

TEST(what_is_no_list_of_token_ids_is_refused) {
  for (const std::string text :
       {",", "1,,2", ",1", "1,,", "1 2", "1;2", "x", "1,x", "1x", "+1", "1.5", "2147483648"}) {
    assert_refused(
        parse_token_ids(text, "property prompt-tokens").status(), StatusCode::InvalidArgument,
        "property prompt-tokens: found " + text + ", expected token ids separated by commas");
  }
}

}  // namespace
