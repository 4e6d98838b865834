// SPDX-License-Identifier: LGPL-2.1-or-later
/// Model folders with packed weights: that they say the same, and what is refused of them.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <sys/resource.h>

#include <kyutaistt/option_names.h>

#include "checkpoint/json_file.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

ModelOptions with_precision(Precision precision) {
  ModelOptions options;
  options.precision = precision;
  return options;
}

/// A packed folder inside of a test folder.
std::string quantize(const TestFolder &folder, Precision precision,
                     const std::string &source = golden("hf-bf16")) {
  std::string output = folder.path(std::string("packed-") + option_name(precision));
  assert_ok(quantize_model(source, output, with_precision(precision)));
  return output;
}

std::vector<int32_t> tokens_of(const std::shared_ptr<const Model> &model) {
  const auto engine = make_engine(model);
  Transcript transcript;
  const auto stream = open_stream(*engine, forcing({}), transcript);
  std::mt19937 random(1);
  push_in_chunks(*stream, read_wav(golden("audio/long7.wav")), 5000, random);
  transcript.wait();
  assert_ok(transcript.failure);
  return transcript.tokens;
}

TEST(a_packed_folder_says_the_same) {
  const TestFolder folder;
  for (const Precision precision : {Precision::Bf16, Precision::Int8, Precision::Int4}) {
    const std::string packed = quantize(folder, precision);
    const auto info = inspect_model(packed);
    assert_ok(info.status());
    assert_equal(info.value().packed_precision, precision);
    const auto model = load_model(packed);
    assert_equal(model->loaded().precision, precision);
    const auto original = load_model(golden("hf-bf16"), with_precision(precision));
    ck_assert_uint_eq(model->loaded().weight_bytes, original->loaded().weight_bytes);
    assert_equal(tokens_of(model), tokens_of(original));
    ck_assert(!std::filesystem::exists(packed + "/model.safetensors.part"));
  }
}

/// Zeros over all but a file's beginning, in place.
void overwrite(const std::string &path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  constexpr std::streamoff kept = 4096;
  file.seekp(kept);
  const std::string zeros(std::filesystem::file_size(path) - kept, '\0');
  file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
  file.close();
  ck_assert(file.good());
}

TEST(what_happens_to_the_file_changes_no_loaded_model) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Int8);
  const std::string weights = packed + "/model.safetensors";
  const auto model = load_model(packed);
  const std::vector<int32_t> expected = tokens_of(model);
  overwrite(weights);
  assert_equal(tokens_of(model), expected);
  std::filesystem::resize_file(weights, 1);
  assert_equal(tokens_of(model), expected);
}

TEST(packed_weights_can_be_mapped) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Int8);
  ModelOptions mapped;
  mapped.packed_weights = PackedWeights::Mapped;
  const auto model = load_model(packed, mapped);
  assert_equal(tokens_of(model), tokens_of(load_model(packed)));
  // Other folders are read as ever.
  assert_equal(tokens_of(load_model(golden("hf-bf16"), mapped)),
               tokens_of(load_model(golden("hf-bf16"))));
}

TEST(a_file_that_is_cut_off_while_it_is_read_is_refused) {
  for (const bool is_packed : {false, true}) {
    const TestFolder folder("hf-bf16");
    const std::string source = is_packed ? quantize(folder, Precision::Int8) : folder.path();
    ModelOptions options;
    options.progress = [&](double /*share*/) {
      std::filesystem::resize_file(source + "/model.safetensors", 4096);
      return true;
    };
    assert_refused(Model::load(source, options).status(), StatusCode::Corrupt,
                   "it was cut off while it was read");
  }
}

TEST(a_folder_that_changes_while_it_is_loaded_is_refused) {
  const TestFolder folder("hf-bf16");
  ModelOptions options;
  options.progress = [&](double /*share*/) {
    folder.write("kyutaistt.json", R"({"format": 1, "pad_steps": 3})");
    return true;
  };
  assert_refused(Model::load(folder.path(), options).status(), StatusCode::Corrupt,
                 "was changed while it was being loaded");
}

TEST(what_cannot_be_packed) {
  const TestFolder folder;
  const std::string output = folder.path("output");
  assert_refused(quantize_model(golden("hf-bf16"), output, with_precision(Precision::F32)),
                 StatusCode::InvalidArgument, "f32");
  assert_refused(quantize_model(folder.path("nowhere"), output), StatusCode::NotFound, "nowhere");
  ck_assert(!std::filesystem::exists(output));
  const std::string packed = quantize(folder, Precision::Int8);
  assert_refused(quantize_model(packed, output), StatusCode::InvalidArgument, "already");
  assert_refused(quantize_model(golden("hf-bf16"), packed), StatusCode::InvalidArgument,
                 "expected a new or empty folder");
  assert_refused(quantize_model(golden("hf-bf16"), "/proc/nothing/here"),
                 StatusCode::ResourceExhausted, "/proc/nothing/here");
}

TEST(half_a_folder_is_taken_back) {
  const TestFolder folder;
  const std::string fresh = folder.path("some/where/packed");
  ModelOptions cancelled = with_precision(Precision::Int8);
  cancelled.progress = [](double share) { return share < 0.5; };
  assert_refused(quantize_model(golden("hf-bf16"), fresh, cancelled), StatusCode::Cancelled,
                 "cancelled");
  ck_assert(!std::filesystem::exists(folder.path("some")));

  // A folder that was there stays, with what others put into it meanwhile.
  const std::string empty = folder.path("empty");
  std::filesystem::create_directory(empty);
  cancelled.progress = [&](double /*share*/) {
    folder.write("empty/note", "by somebody else");
    return false;
  };
  assert_refused(quantize_model(golden("hf-bf16"), empty, cancelled), StatusCode::Cancelled,
                 "cancelled");
  assert_text(folder.read("empty/note"), "by somebody else");
}

/// Keeps files from growing beyond a size, as a full disk does.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most) {
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before_), 0);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{most, before_.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  SmallFiles(const SmallFiles &) = delete;
  SmallFiles &operator=(const SmallFiles &) = delete;
  ~SmallFiles() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(a_full_disk_leaves_nothing) {
  const TestFolder folder("hf-bf16");
  const std::string output = folder.path("packed");
  const auto quantize_with = [&](rlim_t most) {
    const SmallFiles small(most);
    return quantize_model(folder.path(), output);
  };
  assert_refused(quantize_with(1000), StatusCode::ResourceExhausted,
                 "packed/model.safetensors: cannot be written");
  ck_assert(!std::filesystem::exists(output));
  // The weights fit, but not what is copied after them.
  constexpr rlim_t most = 4 << 20;
  folder.write("README.md", std::string(most + 1, 'x'));
  assert_refused(quantize_with(most), StatusCode::ResourceExhausted,
                 "packed/README.md: cannot be written");
  ck_assert(!std::filesystem::exists(output));
  assert_ok(quantize_with(RLIM_INFINITY));
}

TEST(a_packed_folder_is_for_the_cpu) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Bf16);
  ModelOptions options;
  options.device = "cuda";
  const std::string message =
      "holds bf16 weights packed for the CPU: device: found cuda, expected cpu";
  assert_refused(Model::load(packed, options).status(), StatusCode::InvalidArgument, message);
  assert_refused(inspect_model(packed, options).status(), StatusCode::InvalidArgument, message);
}

TEST(a_packed_folder_has_one_precision) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Int8);
  assert_ok(Model::load(packed, with_precision(Precision::Int8)).status());
  for (const Precision other : {Precision::F32, Precision::Bf16, Precision::Int4}) {
    assert_refused(Model::load(packed, with_precision(other)).status(), StatusCode::InvalidArgument,
                   "holds int8 weights");
  }
}

/// Loads a packed folder of which one text in the weights' header was replaced by one as long.
Status load_with(const std::string &packed, const std::string &from, const std::string &to) {
  ck_assert_uint_eq(from.size(), to.size());
  const TestFolder broken;
  for (const auto &entry : std::filesystem::directory_iterator(packed)) {
    std::filesystem::copy(entry.path(), broken.path(entry.path().filename().string()));
  }
  std::string weights = broken.read("model.safetensors");
  const size_t place = weights.find(from);
  assert_differs(place, std::string::npos, from);
  weights.replace(place, from.size(), to);
  broken.write("model.safetensors", weights);
  return Model::load(broken.path()).status();
}

TEST(damaged_headers) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Int8);
  assert_refused(load_with(packed, R"("packed_format":"2")", R"("packed_format":"1")"),
                 StatusCode::Unsupported, "kyutaistt quantize");
  assert_refused(load_with(packed, R"("precision":"int8")", R"("precision":"int9")"),
                 StatusCode::Corrupt, "expected bf16, int8 or int4");
  assert_refused(load_with(packed, R"("precision":"int8")", R"("precision":"int4")"),
                 StatusCode::Corrupt, "is packed as int8, expected int4");
  // The shape of a matrix, its place, its type.
  assert_refused(load_with(packed, "int8 64,64 model", "int8 64,65 model"), StatusCode::Corrupt,
                 "found shape [64, 65]");
  assert_refused(load_with(packed, "int8 64,64 model", "int8 64.64 model"), StatusCode::Corrupt,
                 "expected a type, a shape and the name");
  assert_refused(load_with(packed, "int8 64,64 model", "int7 64,64 model"), StatusCode::Corrupt,
                 "model.layers.0");
  assert_refused(load_with(packed, R"("packed.model.layers.0)", R"("packet.model.layers.0)"),
                 StatusCode::Corrupt, "has no tensor packed.model.layers.0");
}

/// The weights' file of a packed folder, to be spoilt. Places of tensors are as in the file.
struct PackedFile {
  checkpoint::Json header;
  std::string data;

  explicit PackedFile(const std::string &content) {
    uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, content.data(), sizeof(header_bytes));
    header = checkpoint::Json::parse(content.substr(sizeof(header_bytes), header_bytes));
    data = content.substr(sizeof(header_bytes) + header_bytes);
  }

  /// Adds a tensor of zeros of type F32.
  void add(const std::string &name, const std::vector<int64_t> &shape) {
    size_t bytes = sizeof(float);
    for (const int64_t dimension : shape) {
      bytes *= static_cast<size_t>(dimension);
    }
    header[name] = {
        {"dtype", "F32"}, {"shape", shape}, {"data_offsets", {data.size(), data.size() + bytes}}};
    data.append(bytes, '\0');
  }

  /// Leaves a packed matrix only so many of its bytes.
  void cut(const std::string &name, size_t bytes) {
    checkpoint::Json &tensor = header["packed." + name];
    const auto begin = tensor["data_offsets"][0].get<size_t>();
    const auto end = tensor["data_offsets"][1].get<size_t>();
    tensor["shape"] = {bytes};
    tensor["data_offsets"] = {begin, begin + bytes};
    header["rest of " + name] = {
        {"dtype", "U8"}, {"shape", {end - begin - bytes}}, {"data_offsets", {begin + bytes, end}}};
  }
};

/// Loads a packed folder whose weights' file was spoilt so.
Status load_spoilt(const std::string &packed, const std::function<void(PackedFile &)> &spoil) {
  const TestFolder broken;
  for (const auto &entry : std::filesystem::directory_iterator(packed)) {
    std::filesystem::copy(entry.path(), broken.path(entry.path().filename().string()));
  }
  PackedFile file(broken.read("model.safetensors"));
  spoil(file);
  broken.write("model.safetensors", safetensors(file.header.dump(), file.data));
  return Model::load(broken.path()).status();
}

TEST(packed_shapes_are_the_configs) {
  const TestFolder folder;
  const std::string packed = quantize(folder, Precision::Int8);
  assert_ok(load_spoilt(packed, [](PackedFile &) {}));
  const std::string output = "model.layers.0.self_attn.o_proj.linear.weight";
  const std::string twice = "tensor " + output + ": found both packed and as it is";
  // A matrix of the right shape hides a packed one of another.
  assert_refused(load_spoilt(packed,
                             [&](PackedFile &file) {
                               file.add(output, {64, 64});
                               file.header["__metadata__"][output] = "int8 16,4 " + output;
                               file.cut(output, 128);
                             }),
                 StatusCode::Corrupt, twice);
  assert_refused(load_spoilt(packed,
                             [&](PackedFile &file) {
                               file.add("model.layers.0.self_attn.o_proj.linear.weight_g", {64});
                               file.add("model.layers.0.self_attn.o_proj.linear.weight_v", {64, 1});
                             }),
                 StatusCode::Corrupt, twice);
  // A vector that is a packed matrix by name.
  assert_refused(load_spoilt(packed,
                             [](PackedFile &file) {
                               const std::string norm = "model.norm.weight";
                               file.header["__metadata__"][norm] = "int8 64 " + norm;
                             }),
                 StatusCode::Corrupt, "tensor model.norm.weight: found both packed and as it is");
  // A convolution without a kernel.
  const std::string convolution = "codec_model.downsample.conv.weight";
  assert_refused(load_spoilt(packed,
                             [&](PackedFile &file) {
                               file.header["__metadata__"][convolution] =
                                   "int16 32,128 " + convolution;
                             }),
                 StatusCode::Corrupt,
                 "tensor " + convolution + ": found shape [32, 128], expected [32, 32, 4]");
  // Rows whose product with the columns is zero in 64 bits.
  const std::string widen = "model.layers.0.mlp.fc1.weight";
  const std::string narrow = "model.layers.0.mlp.fc2.weight";
  assert_refused(
      load_spoilt(packed,
                  [&](PackedFile &file) {
                    file.header["__metadata__"][widen] = "int8 4611686018427387904,64 " + widen;
                    file.header["__metadata__"][narrow] = "int8 64,2305843009213693952 " + narrow;
                    file.cut(widen, 0);
                    file.cut(narrow, 0);
                  }),
      StatusCode::Corrupt, "tensor " + widen + ": found shape [4611686018427387904, 64]");
  // Fewer bytes than the shape needs.
  assert_refused(load_spoilt(packed, [&](PackedFile &file) { file.cut(widen, 64); }),
                 StatusCode::Corrupt, "tensor " + widen + ": the 64 packed bytes are not 176 x 64");
}

TEST(damaged_values) {
  const TestFolder folder;
  for (const Precision precision : {Precision::Bf16, Precision::Int8, Precision::Int4}) {
    const std::string packed = quantize(folder, precision);
    Weights weights = Weights::read(packed + "/model.safetensors");
    const std::string name = "packed.lm_head.weight";
    ck_assert(weights.tensors.contains(name));
    // The first bytes of a panel are a scale, or a value.
    const TestFolder broken;
    for (const auto &entry : std::filesystem::directory_iterator(packed)) {
      std::filesystem::copy(entry.path(), broken.path(entry.path().filename().string()));
    }
    std::string content = broken.read("model.safetensors");
    const size_t place = content.find(weights.tensors[name].bytes.substr(0, 256));
    assert_differs(place, std::string::npos);
    for (size_t i = 0; i < sizeof(float); ++i) {
      content[place + i] = '\x7F';
    }
    content[place + 2] = '\xC0';
    content[place] = '\xC0';
    broken.write("model.safetensors", content);
    assert_refused(Model::load(broken.path()).status(), StatusCode::Corrupt,
                   "tensor lm_head.weight");
  }
}

}  // namespace
