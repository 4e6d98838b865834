// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/floats.h"
#include "checkpoint/json_file.h"
#include "checkpoint/safetensors.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using kyutaistt::Status;
using kyutaistt::StatusCode;
using kyutaistt::checkpoint::DataType;
using kyutaistt::checkpoint::read_json_file;
using kyutaistt::checkpoint::SafetensorsFile;
using kyutaistt::checkpoint::SafetensorsFolder;
using kyutaistt::checkpoint::TensorView;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::golden;
using kyutaistt::tests::safetensors;
using kyutaistt::tests::TestFolder;

Status open_content(std::string_view content) {
  const TestFolder folder;
  folder.write("x.safetensors", content);
  return SafetensorsFile::open(folder.path("x.safetensors")).status();
}

TEST(a_file_is_read) {
  const TestFolder folder;
  folder.write(
      "x.safetensors",
      safetensors(R"({"__metadata__": {"format": "pt"},
                   "b": {"dtype": "F32", "shape": [1, 2], "data_offsets": [4, 12]},
                   "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
                   "scalar": {"dtype": "I8", "shape": [], "data_offsets": [12, 13]},
                   "nothing": {"dtype": "F16", "shape": [0, 3], "data_offsets": [13, 13]}})",
                  std::string("\x80\x3F\x00\xC0\x00\x00\x80\x3F\x00\x00\x20\x41\x07", 13)));
  const auto file = SafetensorsFile::open(folder.path("x.safetensors"));
  assert_ok(file.status());
  ck_assert_uint_eq(file.value()->names().size(), 4);
  const auto read = [&](const char *name) {
    const auto view = file.value()->read(*file.value()->find(name));
    assert_ok(view.status());
    return view.value();
  };
  const TensorView a = read("a");
  assert_equal(a.type, DataType::Bf16);
  assert_equal(a.shape, std::vector<int64_t>{2});
  assert_equal(kyutaistt::checkpoint::to_floats(a), (std::vector<float>{1, -2}));
  const TensorView b = read("b");
  assert_equal(b.type, DataType::F32);
  assert_equal(b.shape, (std::vector<int64_t>{1, 2}));
  assert_equal(kyutaistt::checkpoint::to_floats(b), (std::vector<float>{1, 10}));
  ck_assert_int_eq(file.value()->find("scalar")->elements(), 1);
  ck_assert_int_eq(file.value()->find("nothing")->elements(), 0);
  ck_assert(file.value()->find("c") == nullptr);
}

TEST(every_field_of_the_header_is_checked) {
  struct Case {
    const char *header;
    size_t data_bytes;
    const char *message;
  };
  const Case cases[] = {
      {"", 0, "header: is not JSON"},
      {"[]", 0, "header: found [], expected an object"},
      {"{} {}", 0, "header: is not JSON"},
      {R"({"a": 5})", 0, "tensor a: found 5, expected an object"},
      {R"({"__metadata__": {"a": 1}})", 0, "__metadata__: expected an object of strings"},
      {R"({"__metadata__": []})", 0, "__metadata__: expected an object of strings"},
      {R"({"a": {"shape": [1], "data_offsets": [0, 4]}})", 4, "dtype: found nothing"},
      {R"({"a": {"dtype": 3, "shape": [1], "data_offsets": [0, 4]}})", 4, "dtype: found 3"},
      {R"({"a": {"dtype": "F32", "data_offsets": [0, 4]}})", 4, "shape: found nothing"},
      {R"({"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}})", 4, "shape: found 1"},
      {R"({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}})", 4,
       "shape: found [-1], expected a list of integers that are not negative"},
      {R"({"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}})", 4, "shape: found"},
      {R"({"a": {"dtype": "F32", "shape": [18446744073709551615], "data_offsets": [0, 4]}})", 4,
       "shape: found"},
      {R"({"a": {"dtype": "F32", "shape": [1,1,1,1,1,1,1,1,1], "data_offsets": [0, 4]}})", 4,
       "expected a list of at most 8 integers"},
      {R"({"a": {"dtype": "F32", "shape": [4294967296, 4294967297], "data_offsets": [0, 4]}})", 4,
       "tensor a: has 4 bytes, but its shape and type need more than fit in memory"},
      {R"({"a": {"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 0]}})", 0,
       "more than fit in memory"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}})", 4,
       "tensor a: has 4 bytes, but its shape and type need 8"},
      {R"({"a": {"dtype": "F32", "shape": [1]}})", 4, "data_offsets: found nothing"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}})", 4,
       "data_offsets: found [0]"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, "4"]}})", 4,
       "data_offsets: found"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}})", 4,
       "data_offsets: found"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})", 4,
       "data_offsets: found [4,0], expected an increasing pair of at most 4"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", 4,
       "data_offsets: found [0,8], expected an increasing pair of at most 4"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [18446744073709551612, 18446744073709551615]}})",
       4, "data_offsets: found"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
           "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}})",
       6, "tensor b: begins at byte 2, inside of another tensor; expected 4"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
           "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})",
       4, "tensor b: begins at byte 0, inside of another tensor; expected 4"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
           "b": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}})",
       12, "tensor b: begins at byte 8, after a gap; expected 4"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 7,
       "has 3 bytes that belong to no tensor"},
      {R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
           "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})",
       8, "key \"a\" stands twice"},
      {R"({"a\nb": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}})", 4,
       R"(tensor "a\nb": has 4 bytes)"},
  };
  for (const Case &broken : cases) {
    assert_refused(open_content(safetensors(broken.header, std::string(broken.data_bytes, 'x'))),
                   StatusCode::Corrupt, broken.message);
  }
}

TEST(types_that_nobody_asks_for_are_let_be) {
  const TestFolder folder;
  folder.write("x.safetensors",
               safetensors(R"({"a": {"dtype": "F8_E5M2", "shape": [3], "data_offsets": [0, 3]},
                   "b": {"dtype": "F32", "shape": [], "data_offsets": [3, 7]}})",
                           "1234567"));
  const auto file = SafetensorsFile::open(folder.path("x.safetensors"));
  assert_ok(file.status());
  assert_equal(file.value()->find("a")->type, DataType::Unknown);
  ck_assert(!is_floating_point(file.value()->find("a")->type));
  assert_equal(file.value()->find("b")->type, DataType::F32);
}

TEST(a_file_that_is_cut_off_is_refused) {
  const std::string whole =
      safetensors(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", "12345678");
  assert_ok(open_content(whole));
  for (size_t length = 0; length < whole.size(); ++length) {
    assert_equal(open_content(whole.substr(0, length)).code(), StatusCode::Corrupt);
  }
  assert_refused(open_content(""), StatusCode::Corrupt, "x.safetensors: is empty");
  assert_refused(open_content("1234567"), StatusCode::Corrupt,
                 "is too short for a safetensors file: 7 bytes");
  assert_refused(open_content(whole.substr(0, 30)), StatusCode::Corrupt, "is the file cut off?");
  assert_refused(open_content(whole + "x"), StatusCode::Corrupt, "has 1 bytes that belong to no");
}

TEST(a_header_that_no_real_file_has_is_refused_unread) {
  // Valid JSON, and within the format's own limit.
  const std::string longest(size_t{16} << 20, ' ');
  assert_ok(open_content(safetensors("{}" + longest.substr(2), "")));
  assert_refused(open_content(safetensors("{}" + longest, "")), StatusCode::Corrupt,
                 "says that its header has 16777218 bytes, expected at most 16777216");
}

TEST(a_wild_header_length_is_refused) {
  std::string file = safetensors("{}", std::string(100, 'x'));
  for (const char high : {'\x01', '\x7F', '\xFF'}) {
    file[7] = high;
    assert_refused(open_content(file), StatusCode::Corrupt, "says that its header has");
  }
  assert_refused(open_content("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
                 StatusCode::Corrupt, "is a Git LFS pointer, not the weights");
}

TEST(shards_are_one_folder) {
  const auto sharded = SafetensorsFolder::open(golden("hf-sharded"));
  assert_ok(sharded.status());
  const auto single = SafetensorsFile::open(golden("hf-f32/model.safetensors"));
  assert_ok(single.status());
  size_t found = 0;
  for (const std::string &name : single.value()->names()) {
    if (sharded.value().find(name) != nullptr) {
      const auto view = sharded.value().read(name);
      const auto expected = single.value()->read(*single.value()->find(name));
      assert_ok(view.status());
      assert_ok(expected.status());
      assert_equal(view.value().shape, expected.value().shape);
      ck_assert(std::ranges::equal(view.value().bytes, expected.value().bytes));
      ++found;
    }
  }
  const auto index = read_json_file(golden("hf-sharded/model.safetensors.index.json"));
  ck_assert_uint_eq(found, index.value()["weight_map"].size());
  assert_equal(sharded.value().location("lm_head.weight"),
               golden("hf-sharded/model-00002-of-00005.safetensors"));
}

TEST(a_broken_index_is_refused) {
  const char *index = "model.safetensors.index.json";
  struct Case {
    const char *content;
    StatusCode code;
    const char *message;
  };
  const Case cases[] = {
      {"", StatusCode::Corrupt, "index.json: is empty"},
      {"[]", StatusCode::Corrupt, "index.json: found [], expected an object"},
      {"{}", StatusCode::Corrupt, "index.json: weight_map: found nothing, expected an object"},
      {R"({"weight_map": {}})", StatusCode::Corrupt, "weight_map: found {}, expected at least one"},
      {R"({"weight_map": {"a": 1}})", StatusCode::Corrupt,
       "weight_map: a: found 1, expected the name"},
      {R"({"weight_map": {"a": "../a.safetensors"}})", StatusCode::Corrupt,
       "a: found \"../a.safetensors\", expected the name of a file in the same folder"},
      {R"({"weight_map": {"a": "/etc/passwd"}})", StatusCode::Corrupt, "a: found \"/etc/passwd\""},
      {R"({"weight_map": {"a": ".."}})", StatusCode::Corrupt, "a: found \"..\""},
      {R"({"weight_map": {"a": ""}})", StatusCode::Corrupt, "a: found \"\""},
      {R"({"weight_map": {"a": "one.safetensors\u0000"}})", StatusCode::Corrupt, "a: found \"one"},
      {R"({"weight_map": {"a": "two.safetensors"}})", StatusCode::NotFound,
       "/two.safetensors: cannot be opened"},
      {R"({"weight_map": {"b": "one.safetensors"}})", StatusCode::Corrupt,
       "/one.safetensors: has no tensor b, which "},
  };
  const TestFolder folder;
  folder.write("one.safetensors",
               safetensors(R"({"a": {"dtype": "I8", "shape": [], "data_offsets": [0, 1]}})", "1"));
  for (const Case &broken : cases) {
    folder.write(index, broken.content);
    assert_refused(SafetensorsFolder::open(folder.path()).status(), broken.code, broken.message);
  }
  folder.write(index, R"({"weight_map": {"a": "one.safetensors"}})");
  assert_ok(SafetensorsFolder::open(folder.path()).status());
}

}  // namespace
