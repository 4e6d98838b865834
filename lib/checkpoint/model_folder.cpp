// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/model_folder.h"

#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "base/guard.h"
#include "checkpoint/architecture.h"
#include "checkpoint/floats.h"
#include "checkpoint/hugging_face.h"
#include "checkpoint/sidecar.h"

namespace kyutaistt::checkpoint {

namespace {

/// Far above any real feed-forward layer: the metadata of packed weights can state any size,
/// whatever the file's.
constexpr int64_t max_rows = 1 << 18;

std::string shape_text(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (const int64_t dimension : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(dimension);
  }
  return text + "]";
}

/// The rows of a matrix, which the configs do not state reliably.
Result<int64_t> read_rows(const HuggingFaceTensors &tensors, const std::string &name) {
  const std::vector<int64_t> shape = tensors.shape(name);
  if (shape.size() != 2 || shape[0] < 1 || shape[0] > max_rows) {
    return Status::corrupt(tensors.location(name) + ": tensor " + name + ": " +
                           (shape.empty() ? "is not there"
                                          : "found shape " + shape_text(shape) +
                                                ", expected a matrix of at most " +
                                                std::to_string(max_rows) + " rows"));
  }
  return shape[0];
}

Status check_tensor(const HuggingFaceTensors &tensors, const TensorSpec &spec) {
  const std::string where = tensors.location(spec.name) + ": tensor " + spec.name + ": ";
  if (!tensors.contains(spec.name)) {
    return Status::corrupt(where + "is not there");
  }
  if (tensors.is_ambiguous(spec.name)) {
    return Status::corrupt(where + "found both packed and as it is, expected one of them");
  }
  if (const auto shape = tensors.shape(spec.name); shape != spec.shape) {
    return Status::corrupt(where + "found shape " + shape_text(shape) + ", expected " +
                           shape_text(spec.shape));
  }
  if (const DataType type = tensors.type(spec.name); !is_floating_point(type)) {
    return Status::corrupt(where + "found type " + data_type_name(type) +
                           ", expected F32, BF16, F16 or F64");
  }
  return {};
}

/// A model consists of files of these kinds.
bool is_model_file(const std::filesystem::path &path) {
  const auto extension = path.extension();
  return extension == ".json" || extension == ".safetensors" || extension == ".model";
}

Status check_folder(const std::string &folder) {
  std::error_code error;
  if (folder.empty()) {
    return Status::invalid_argument("no model folder was given");
  }
  if (!std::filesystem::exists(folder, error)) {
    return Status::not_found(folder + ": there is no such folder");
  }
  if (!std::filesystem::is_directory(folder, error)) {
    return Status::invalid_argument(folder + ": is a file, expected a model folder");
  }
  return {};
}

}  // namespace

std::string folder_identity(const std::string &folder) {
  std::error_code error;
  std::set<std::string> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
    struct stat file {};
    // What a symbolic link points to counts, as in a Hugging Face cache.
    if (!is_model_file(entry.path()) || stat(entry.path().c_str(), &file) != 0) {
      continue;
    }
    std::string text = entry.path().filename().string();
    for (const auto number :
         {static_cast<int64_t>(file.st_dev), static_cast<int64_t>(file.st_ino),
          static_cast<int64_t>(file.st_size), static_cast<int64_t>(file.st_mtim.tv_sec),
          static_cast<int64_t>(file.st_mtim.tv_nsec)}) {
      text += " " + std::to_string(number);
    }
    files.insert(std::move(text));
  }
  std::string identity;
  for (const std::string &file : files) {
    identity += file + "\n";
  }
  return identity;
}

Status check_unchanged(const std::string &folder, const std::string &identity) {
  return folder_identity(folder) == identity
             ? Status()
             : Status::corrupt(folder + ": was changed while it was being loaded: load it again");
}

void apply_options(const ModelOptions &options, ModelInfo &info) {
  if (options.alignment != Alignment::Auto) {
    info.alignment = options.alignment;
  }
  if (options.codec_attention != CodecAttention::Auto) {
    info.codec_attention = options.codec_attention;
  }
}

Result<ModelFolder> open_model_folder(const std::string &folder, const ModelOptions &options) {
  KYUTAISTT_TRY(check_folder(folder));
  KYUTAISTT_ASSIGN(info, read_hugging_face_configs(folder));
  KYUTAISTT_ASSIGN(files, SafetensorsFolder::open(folder));
  KYUTAISTT_ASSIGN(packed, files.packed_index());
  if (packed.precision() != Precision::Auto && options.packed_weights == PackedWeights::Mapped) {
    KYUTAISTT_ASSIGN(mapped, SafetensorsFolder::open(folder, base::FileAccess::Mapped));
    files = std::move(mapped);
  }
  auto tensors = std::make_shared<const HuggingFaceTensors>(std::move(files), std::move(packed));
  info.packed_precision = tensors->packed_precision();
  info.file_bytes = tensors->bytes();

  KYUTAISTT_ASSIGN(gated_rows, read_rows(*tensors, language_model_feed_forward_name()));
  info.language_model.feed_forward = gated_rows / 2;
  KYUTAISTT_ASSIGN(codec_rows, read_rows(*tensors, codec_feed_forward_name()));
  info.codec.feed_forward = codec_rows;
  const std::vector<TensorSpec> required = required_tensors(info);
  for (const TensorSpec &spec : required) {
    KYUTAISTT_TRY(check_tensor(*tensors, spec));
  }
  info.parameters = count_parameters(required);

  apply_known_model(info);
  KYUTAISTT_TRY(apply_sidecar(folder, info));
  apply_options(options, info);
  return ModelFolder{std::move(info), std::move(tensors)};
}

}  // namespace kyutaistt::checkpoint
