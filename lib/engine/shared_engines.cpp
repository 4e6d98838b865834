// SPDX-License-Identifier: LGPL-2.1-or-later
/// The engines that the parts of a process share.
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>

#include <kyutaistt/engine.h>

#include "base/guard.h"
#include "base/mutex.h"
#include "checkpoint/model_folder.h"
#include "engine/resolve_options.h"

namespace kyutaistt {

namespace {

/// Folder, identity of its files, device and the rest of the options.
using Key = std::tuple<std::string, std::string, std::string, Precision, CachePrecision, int,
                       Alignment, CodecAttention, PackedWeights>;

/// How often a caller that waits for another's loading asks whether it is still wanted.
constexpr auto waiting_interval = std::chrono::milliseconds(50);

struct Entry {
  std::weak_ptr<Engine> engine;
  bool loading = false;
};

struct Registry {
  /// Not held while a model is loaded.
  Mutex mutex;
  /// An entry is not loading any more.
  Condition loaded;
  /// Entries are small and stay.
  std::map<Key, Entry> entries KYUTAISTT_GUARDED_BY(mutex);
};

Registry &registry() {
  // Never destroyed: streams may still be closed while the process exits.
  static auto &instance = *new Registry;
  return instance;
}

/// `options` must be resolved, so that those which mean the same share.
Key key_of(const std::string &folder, const std::string &identity, const ModelOptions &options) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(folder, error);
  return {error ? folder : canonical.string(),
          identity,
          options.device,
          options.precision,
          options.cache_precision,
          options.threads,
          options.alignment,
          options.codec_attention,
          options.packed_weights};
}

/// `options` were resolved when the folder had this identity.
Result<std::shared_ptr<Engine>> load_engine(const std::string &folder, const std::string &identity,
                                            const ModelOptions &options) {
  KYUTAISTT_ASSIGN(model, Model::load(folder, options));
  KYUTAISTT_TRY(checkpoint::check_unchanged(folder, identity));
  return Engine::create(std::move(model));
}

/// The engine of an entry, or null when the caller has to load it: then the entry is loading.
/// None while another caller loads it.
std::optional<std::shared_ptr<Engine>> find_or_claim(const Key &key) {
  Registry &shared = registry();
  const MutexLock lock(shared.mutex);
  Entry &entry = shared.entries[key];
  if (entry.loading) {
    shared.loaded.wait_for(shared.mutex, waiting_interval);
  }
  if (entry.loading) {
    return std::nullopt;
  }
  auto engine = entry.engine.lock();
  entry.loading = engine == nullptr;
  return engine;
}

/// Loading has ended, without an engine if it failed.
void finish_loading(const Key &key, const std::shared_ptr<Engine> &engine) {
  Registry &shared = registry();
  {
    const MutexLock lock(shared.mutex);
    Entry &entry = shared.entries[key];
    entry.loading = false;
    entry.engine = engine;
  }
  shared.loaded.notify_all();
}

}  // namespace

Result<std::shared_ptr<Engine>> Engine::shared(const std::string &folder,
                                               const ModelOptions &options) {
  return base::guard("sharing the model", [&]() -> Result<std::shared_ptr<Engine>> {
    // Before anything is read: if the files change from here on, the key is nobody's any more.
    const std::string identity = checkpoint::folder_identity(folder);
    KYUTAISTT_ASSIGN(resolved, engine::resolve_options(folder, options));
    const Key key = key_of(folder, identity, resolved);
    auto existing = find_or_claim(key);
    while (!existing) {
      if (resolved.progress && !resolved.progress(0.0)) {
        return Status::cancelled("loading the model was cancelled");
      }
      existing = find_or_claim(key);
    }
    if (*existing != nullptr) {
      return std::move(*existing);
    }
    auto engine = load_engine(folder, identity, resolved);
    finish_loading(key, engine.ok() ? engine.value() : nullptr);
    return engine;
  });
}

}  // namespace kyutaistt
