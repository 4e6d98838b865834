// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/golden.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <check.h>

#include "checkpoint/floats.h"
#include "checkpoint/json_file.h"

namespace kyutaistt::tests {

namespace {

template <typename T>
T must(Result<T> result) {
  ck_assert_msg(result.ok(), "%s", result.status().message().c_str());
  return std::move(result).value();
}

template <typename Number>
Number number_at(const std::vector<char> &bytes, size_t offset) {
  Number number{};
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

}  // namespace

std::string golden(const std::string &name) {
  return KYUTAISTT_GOLDEN_FOLDER "/" + name;
}

std::string example(const std::string &name) {
  return KYUTAISTT_EXAMPLES_FOLDER "/" + name;
}

std::vector<float> read_wav(const std::string &path) {
  // The fixtures have the plain form: 44 bytes of header, then the samples.
  constexpr size_t header = 44;
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
  ck_assert_msg(bytes.size() > header, "%s cannot be read", path.c_str());
  ck_assert_uint_eq(number_at<uint16_t>(bytes, 22), 1);
  ck_assert_uint_eq(number_at<uint32_t>(bytes, 24), 24000);
  ck_assert_uint_eq(number_at<uint16_t>(bytes, 34), 16);
  std::vector<float> samples;
  for (size_t at = header; at + 1 < bytes.size(); at += 2) {
    samples.push_back(static_cast<float>(number_at<int16_t>(bytes, at)) / 32768.0F);
  }
  return samples;
}

std::shared_ptr<const Model> load_model(const std::string &folder, const ModelOptions &options) {
  return must(Model::load(folder, options));
}

Expected::Expected(const std::string &name)
    : tensors_(
          must(checkpoint::SafetensorsFile::open(golden("expected/" + name + ".safetensors")))),
      description_(std::make_shared<checkpoint::Json>(
          must(checkpoint::read_json_file(golden("expected/" + name + ".json"))))) {}

std::vector<float> Expected::floats(const std::string &tensor) const {
  const checkpoint::TensorView *view = tensors_->find(tensor);
  ck_assert_msg(view != nullptr, "no expected tensor %s", tensor.c_str());
  return checkpoint::to_floats(must(tensors_->read(*view)));
}

std::vector<int32_t> Expected::integers(const std::string &tensor) const {
  const checkpoint::TensorView *view = tensors_->find(tensor);
  ck_assert_msg(view != nullptr, "no expected tensor %s", tensor.c_str());
  ck_assert(view->type == checkpoint::DataType::I32);
  const checkpoint::TensorView held = must(tensors_->read(*view));
  std::vector<int32_t> values(static_cast<size_t>(held.elements()));
  std::memcpy(values.data(), held.bytes.data(), held.bytes.size());
  return values;
}

std::vector<int64_t> Expected::shape(const std::string &tensor) const {
  return tensors_->find(tensor)->shape;
}

double Expected::tolerance(const std::string &tensor) const {
  return description_->at("tensors").at(tensor).at("tolerance").get<double>();
}

std::vector<int32_t> Expected::forced(const std::string &recording) const {
  return description_->at(recording).at("forced").get<std::vector<int32_t>>();
}

}  // namespace kyutaistt::tests
