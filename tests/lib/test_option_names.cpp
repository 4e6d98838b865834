// SPDX-License-Identifier: LGPL-2.1-or-later
/// The names of choices.
#include <set>
#include <string>

#include <kyutaistt/option_names.h>

#include "support/refusal.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

/// Every value up to `last` has one name, which leads back to it. GObject's enumerations and
/// property lists want the values in their order, from 0 on.
template <typename Value>
void check_names(Value last) {
  const auto choices = option_names<Value>();
  ck_assert_uint_eq(choices.size(), static_cast<size_t>(last) + 1);
  std::set<std::string> names;
  for (size_t i = 0; i < choices.size(); ++i) {
    ck_assert_uint_eq(static_cast<size_t>(choices[i].value), i);
    ck_assert(names.insert(choices[i].name).second);
    assert_text(option_name(choices[i].value), choices[i].name);
    const auto found = parse_option<Value>(choices[i].name, "option");
    assert_ok(found.status());
    ck_assert_int_eq(static_cast<int>(found.value()), static_cast<int>(i));
  }
}

TEST(every_value_has_a_name_that_leads_back) {
  check_names(Precision::Int4);
  check_names(CachePrecision::Int8);
  check_names(Alignment::DropFirst);
  check_names(CodecAttention::Frame);
  check_names(PackedWeights::Mapped);
}

TEST(an_underscore_stands_for_a_hyphen) {
  const auto found = parse_option<Alignment>("drop_first", "alignment");
  assert_ok(found.status());
  ck_assert_int_eq(static_cast<int>(found.value()), static_cast<int>(Alignment::DropFirst));
}

TEST(unknown_names_are_refused_with_the_known_ones) {
  const auto expect = [](const Status &status, const std::string &message) {
    assert_refused(status, StatusCode::InvalidArgument, message);
    assert_text(status.message(), message);
  };
  expect(parse_option<Precision>("int3", "option --precision").status(),
         "option --precision: found int3, expected auto, f32, bf16, int8 or int4");
  expect(parse_option<Precision>("f32", "precision", packed_precision_names).status(),
         "precision: found f32, expected bf16, int8 or int4");
  for (const char *wrong : {"", "F32", "f32 ", "int"}) {
    ck_assert_msg(!find_option<Precision>(wrong), "\"%s\" was taken", wrong);
  }
  assert_text(list_options<CachePrecision>(option_names<CachePrecision>(), "|", "|"),
              "auto|f32|bf16|int8");
}

}  // namespace
