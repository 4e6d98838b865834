// SPDX-License-Identifier: LGPL-2.1-or-later
/// The engines that the parts of a process share.
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include <kyutaistt/engine.h>

#include "base/guard.h"
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
  /// Protects `entries`; not held while a model is loaded.
  std::mutex mutex;
  /// An entry is not loading any more.
  std::condition_variable loaded;
  std::map<Key, Entry> entries;
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

/// The entry's engine, or null when the caller has to load it: then `entry.loading` is set.
Result<std::shared_ptr<Engine>> find_or_claim(Entry &entry, const ModelOptions &options,
                                              std::unique_lock<std::mutex> &lock) {
  while (entry.loading) {
    registry().loaded.wait_for(lock, waiting_interval);
    if (!options.progress) {
      continue;
    }
    lock.unlock();
    const bool wanted = options.progress(0.0);
    lock.lock();
    if (!wanted) {
      return Status::cancelled("loading the model was cancelled");
    }
  }
  auto engine = entry.engine.lock();
  entry.loading = engine == nullptr;
  return engine;
}

}  // namespace

Result<std::shared_ptr<Engine>> Engine::shared(const std::string &folder,
                                               const ModelOptions &options) {
  return base::guard("sharing the model", [&]() -> Result<std::shared_ptr<Engine>> {
    // Before anything is read: if the files change from here on, the key is nobody's any more.
    const std::string identity = checkpoint::folder_identity(folder);
    KYUTAISTT_ASSIGN(resolved, engine::resolve_options(folder, options));
    std::unique_lock lock(registry().mutex);
    // Entries are small and stay, so that references to them do.
    Entry &entry = registry().entries[key_of(folder, identity, resolved)];
    KYUTAISTT_ASSIGN(existing, find_or_claim(entry, resolved, lock));
    if (existing != nullptr) {
      return existing;
    }
    lock.unlock();
    auto engine = load_engine(folder, identity, resolved);
    lock.lock();
    entry.loading = false;
    if (engine.ok()) {
      entry.engine = engine.value();
    }
    lock.unlock();
    registry().loaded.notify_all();
    return engine;
  });
}

}  // namespace kyutaistt
