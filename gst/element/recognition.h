// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's model and its stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gst/gst.h>

#include <kyutaistt/engine.h>

#include "base/mutex.h"
#include "element/settings.h"

namespace kyutaistt::element {

/// Loads the model in a thread, with PROGRESS messages to the application, and opens a stream on it
/// when audio arrives. Elements of a process with the same model share it.
///
/// Threads: any, but for `prepare`, `start` and `stop`, which belong to the element's state
/// changes.
class Recognition {
 public:
  explicit Recognition(GstElement *element) : element_(element) {}
  Recognition(const Recognition &) = delete;
  Recognition &operator=(const Recognition &) = delete;
  ~Recognition() { stop(); }

  /// Finds the model and reads its small files, in milliseconds. Fails with a message that says
  /// what the user has to fix.
  Status prepare(const Settings &settings);
  /// Starts loading the prepared model. A failure posts one ERROR.
  void start();
  /// Cancels loading, closes the stream and releases the model.
  void stop();

  /// Facts of the prepared model; empty before `prepare` and after `stop`.
  std::optional<ModelInfo> model_info() const;

  /// What to do while the model is being loaded.
  enum class WhileLoading { Wait, Return };
  /// The stream, which the first call opens, unless `max_streams` are open. Null while the model is
  /// being loaded, unless that is waited for (then `flow` is GST_FLOW_OK), after a failure
  /// (GST_FLOW_ERROR, and the ERROR has been posted) or in a flush.
  std::shared_ptr<Stream> acquire_stream(const StreamOptions &options, int max_streams,
                                         EventListener listener, WhileLoading while_loading,
                                         GstFlowReturn &flow);
  /// The stream if it is open.
  std::shared_ptr<Stream> stream() const;
  std::optional<EngineStats> engine_stats() const;

  /// A flush begins: `acquire_stream` returns, and the stream forgets what it has heard.
  void begin_flush();
  void end_flush();

 private:
  enum class Stage { Idle, Prepared, Loading, Ready, Failed };

  void load(const std::string &folder, ModelOptions options);
  void post_progress(GstProgressType type, const std::string &text) const;

  GstElement *const element_;
  std::thread loader_;

  /// Protects the members below. With it held no message is posted and no function of the library
  /// is called, except to copy pointers.
  mutable Mutex mutex_;
  Condition changed_;
  Stage stage_ KYUTAISTT_GUARDED_BY(mutex_) = Stage::Idle;
  bool stopping_ KYUTAISTT_GUARDED_BY(mutex_) = false;
  bool flushing_ KYUTAISTT_GUARDED_BY(mutex_) = false;
  std::string folder_ KYUTAISTT_GUARDED_BY(mutex_);
  ModelOptions options_ KYUTAISTT_GUARDED_BY(mutex_);
  std::optional<ModelInfo> info_ KYUTAISTT_GUARDED_BY(mutex_);
  std::shared_ptr<Engine> engine_ KYUTAISTT_GUARDED_BY(mutex_);
  std::shared_ptr<Stream> stream_ KYUTAISTT_GUARDED_BY(mutex_);
};

/// Posts an ERROR for a failed status: RESOURCE for files and devices, SETTINGS for wrong options.
void post_error(GstElement *element, const std::string &what, const Status &status);

}  // namespace kyutaistt::element
