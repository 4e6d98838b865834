// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/recognition.h"

#include <utility>

#include <kyutaistt/option_names.h>

#include "element/debug.h"

namespace kyutaistt::element {

namespace {

constexpr const char *progress_code = "model-loading";

}  // namespace

void post_error(GstElement *element, const std::string &what, const Status &status) {
  const std::string text = what + ": " + status.message();
  switch (status.code()) {
    case StatusCode::NotFound:
      GST_ELEMENT_ERROR(element, RESOURCE, NOT_FOUND, ("%s", text.c_str()), (nullptr));
      break;
    case StatusCode::Corrupt:
      GST_ELEMENT_ERROR(element, RESOURCE, READ, ("%s", text.c_str()), (nullptr));
      break;
    case StatusCode::ResourceExhausted:
      GST_ELEMENT_ERROR(element, RESOURCE, NO_SPACE_LEFT, ("%s", text.c_str()), (nullptr));
      break;
    case StatusCode::InvalidArgument:
      GST_ELEMENT_ERROR(element, RESOURCE, SETTINGS, ("%s", text.c_str()), (nullptr));
      break;
    default:
      GST_ELEMENT_ERROR(element, RESOURCE, FAILED, ("%s", text.c_str()), (nullptr));
      break;
  }
}

Status Recognition::prepare(const Settings &settings) {
  if (settings.model.empty()) {
    return Status::invalid_argument(
        "no model is set: set the property \"model\" to a model folder, or to an id in the local "
        "Hugging Face cache such as mideind/kyutai-stt-1b-is-en");
  }
  auto folder = find_model(settings.model);
  if (!folder.ok()) {
    return folder.status();
  }
  auto info = inspect_model(folder.value(), settings.model_options());
  if (!info.ok()) {
    return info.status();
  }
  for (const std::string &warning : info.value().warnings) {
    GST_WARNING_OBJECT(element_, "%s: %s", settings.model.c_str(), warning.c_str());
  }
  const MutexLock lock(mutex_);
  folder_ = std::move(folder).value();
  options_ = settings.model_options();
  info_ = std::move(info).value();
  stage_ = Stage::Prepared;
  return {};
}

void Recognition::start() {
  const MutexLock lock(mutex_);
  stage_ = Stage::Loading;
  stopping_ = false;
  flushing_ = false;
  loader_ = std::thread(&Recognition::load, this, folder_, options_);
}

void Recognition::post_progress(GstProgressType type, const std::string &text) const {
  gst_element_post_message(
      element_, gst_message_new_progress(GST_OBJECT(element_), type, progress_code, text.c_str()));
}

void Recognition::load(const std::string &folder, ModelOptions options) {
  post_progress(GST_PROGRESS_TYPE_START, "Loading the model " + folder);
  int last_percent = 0;
  options.progress = [this, &folder, &last_percent](double share) {
    constexpr int step = 10;
    const int percent = static_cast<int>(share * 100) / step * step;
    if (percent > last_percent) {
      last_percent = percent;
      post_progress(GST_PROGRESS_TYPE_CONTINUE,
                    "Loading the model " + folder + ": " + std::to_string(percent) + " %");
    }
    const MutexLock lock(mutex_);
    return !stopping_;
  };
  auto engine = Engine::shared(folder, options);
  bool stopped = false;
  {
    const MutexLock lock(mutex_);
    stopped = stopping_;
    if (engine.ok() && !stopped) {
      engine_ = engine.value();
      // The folder may have changed since it was inspected.
      info_ = engine_->model().info();
    }
    stage_ = engine.ok() ? Stage::Ready : Stage::Failed;
  }
  changed_.notify_all();
  if (stopped) {
    post_progress(GST_PROGRESS_TYPE_CANCELED, "Loading the model " + folder + " was cancelled");
  } else if (!engine.ok()) {
    post_progress(GST_PROGRESS_TYPE_ERROR, "The model " + folder + " could not be loaded");
    post_error(element_, "The model could not be loaded", engine.status());
  } else {
    const LoadedInfo &loaded = engine.value()->model().loaded();
    GST_INFO_OBJECT(element_, "model %s: %s, %s, %d threads, %" G_GUINT64_FORMAT " bytes",
                    folder.c_str(), loaded.instruction_set.c_str(), option_name(loaded.precision),
                    loaded.threads, loaded.weight_bytes);
    post_progress(GST_PROGRESS_TYPE_COMPLETE, "The model " + folder + " is loaded");
  }
}

void Recognition::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (loader_.joinable()) {
    loader_.join();
  }
  std::shared_ptr<Stream> stream;
  std::shared_ptr<Engine> engine;
  {
    const MutexLock lock(mutex_);
    stream = std::move(stream_);
    engine = std::move(engine_);
    info_.reset();
    stage_ = Stage::Idle;
  }
  // Destroyed here, without the lock: closing waits for the listener.
}

std::optional<ModelInfo> Recognition::model_info() const {
  const MutexLock lock(mutex_);
  return info_;
}

std::shared_ptr<Stream> Recognition::stream() const {
  const MutexLock lock(mutex_);
  return stream_;
}

std::optional<EngineStats> Recognition::engine_stats() const {
  std::shared_ptr<Engine> engine;
  {
    const MutexLock lock(mutex_);
    engine = engine_;
  }
  return engine == nullptr ? std::nullopt : std::optional(engine->stats());
}

std::shared_ptr<Stream> Recognition::acquire_stream(const StreamOptions &options, int max_streams,
                                                    EventListener listener,
                                                    WhileLoading while_loading,
                                                    GstFlowReturn &flow) {
  std::shared_ptr<Engine> engine;
  {
    const MutexLock lock(mutex_);
    while (while_loading == WhileLoading::Wait && stage_ == Stage::Loading && !stopping_ &&
           !flushing_) {
      changed_.wait(mutex_);
    }
    if (stopping_ || flushing_) {
      flow = GST_FLOW_FLUSHING;
      return nullptr;
    }
    if (stage_ == Stage::Loading) {
      flow = GST_FLOW_OK;
      return nullptr;
    }
    if (stage_ != Stage::Ready) {
      flow = GST_FLOW_ERROR;
      return nullptr;
    }
    if (stream_ != nullptr) {
      return stream_;
    }
    engine = engine_;
  }
  auto opened = engine->open_stream(options, std::move(listener), max_streams);
  if (!opened.ok()) {
    if (opened.status().code() == StatusCode::ResourceExhausted &&
        engine->stats().open_streams >= max_streams) {
      GST_ELEMENT_ERROR(
          element_, RESOURCE, BUSY,
          ("%d streams share the model already: max-streams is %d.", max_streams, max_streams),
          ("%s", opened.status().message().c_str()));
    } else {
      post_error(element_, "Recognition cannot start", opened.status());
    }
    flow = GST_FLOW_ERROR;
    return nullptr;
  }
  std::shared_ptr<Stream> stream = std::move(opened).value();
  const MutexLock lock(mutex_);
  if (stopping_ || flushing_) {
    // Nothing would interrupt a push to it.
    flow = GST_FLOW_FLUSHING;
    return nullptr;
  }
  stream_ = stream;
  return stream;
}

void Recognition::begin_flush() {
  std::shared_ptr<Stream> stream;
  {
    const MutexLock lock(mutex_);
    flushing_ = true;
    stream = stream_;
  }
  changed_.notify_all();
  if (stream != nullptr) {
    stream->reset();
  }
}

void Recognition::end_flush() {
  std::shared_ptr<Stream> stream;
  {
    const MutexLock lock(mutex_);
    flushing_ = false;
    stream = stream_;
  }
  // Audio pushed between the two precedes the flush.
  if (stream != nullptr) {
    stream->reset();
  }
}

}  // namespace kyutaistt::element
