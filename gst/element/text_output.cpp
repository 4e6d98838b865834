// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_output.h"

#include <utility>

#include "common/guarded.h"
#include "element/debug.h"

namespace kyutaistt::element {

namespace {

/// Words that may wait for downstream before the input is held up.
constexpr size_t max_waiting = 64;
/// Without an item for so long, the observer is told.
constexpr std::chrono::milliseconds patience(500);

}  // namespace

void TextOutput::put(const Event &event) {
  {
    const std::lock_guard lock(mutex_);
    if (flow_ == GST_FLOW_FLUSHING) {
      return;
    }
    // Of progress only the newest is of interest.
    auto *last = items_.empty() ? nullptr : std::get_if<Event>(&items_.back());
    if (last != nullptr && std::holds_alternative<Progress>(*last) &&
        std::holds_alternative<Progress>(event)) {
      *last = event;
    } else {
      items_.emplace_back(event);
    }
  }
  changed_.notify_all();
}

void TextOutput::put(const Settings &settings) {
  {
    const std::lock_guard lock(mutex_);
    if (!items_.empty() && std::holds_alternative<Settings>(items_.back())) {
      items_.pop_back();
    }
    items_.emplace_back(settings);
  }
  changed_.notify_all();
}

void TextOutput::put(EventPointer event) {
  {
    const std::lock_guard lock(mutex_);
    if (flow_ == GST_FLOW_FLUSHING) {
      return;
    }
    end_came_ = end_came_ || GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
    if (held_.empty()) {
      items_.emplace_back(std::move(event));
    } else {
      held_.push_back({held_.back().marker, std::move(event)});
    }
  }
  changed_.notify_all();
}

void TextOutput::hold(EventPointer event, uint64_t marker) {
  const std::lock_guard lock(mutex_);
  if (flow_ == GST_FLOW_FLUSHING) {
    return;
  }
  end_came_ = end_came_ || GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
  held_.push_back({marker, std::move(event)});
}

GstFlowReturn TextOutput::wait_for_room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return items_.size() < max_waiting || flow_ != GST_FLOW_OK; });
  if (flow_ == GST_FLOW_OK && std::exchange(was_unlinked_, false)) {
    return GST_FLOW_NOT_LINKED;
  }
  return flow_;
}

bool TextOutput::start() {
  {
    const std::lock_guard lock(mutex_);
    // A property may have been set since the writer was configured.
    clear_flushed();
    flow_ = GST_FLOW_OK;
  }
  writer_.reset(TextWriter::Downstream::Forget);
  return gst_pad_start_task(pad_, &TextOutput::run, this, nullptr) != FALSE;
}

bool TextOutput::stop() {
  begin_flush();
  const bool stopped = gst_pad_stop_task(pad_) != FALSE;
  const std::lock_guard lock(mutex_);
  clear();
  return stopped;
}

void TextOutput::begin_flush() {
  {
    const std::lock_guard lock(mutex_);
    flow_ = GST_FLOW_FLUSHING;
  }
  changed_.notify_all();
}

void TextOutput::end_flush() {
  writer_.reset(TextWriter::Downstream::Keep);
  const std::lock_guard lock(mutex_);
  clear_flushed();
  flow_ = GST_FLOW_OK;
}

void TextOutput::clear() {
  items_.clear();
  held_.clear();
  end_came_ = false;
  was_unlinked_ = false;
}

void TextOutput::clear_flushed() {
  std::deque<Item> kept;
  const auto keep = [&kept](EventPointer &event) {
    const GstEventType type = GST_EVENT_TYPE(event.get());
    if (GST_EVENT_IS_STICKY(event.get()) && type != GST_EVENT_SEGMENT && type != GST_EVENT_EOS) {
      kept.emplace_back(std::move(event));
    }
  };
  for (Item &item : items_) {
    if (auto *event = std::get_if<EventPointer>(&item)) {
      keep(*event);
    } else if (std::holds_alternative<Settings>(item)) {
      kept.emplace_back(std::move(item));
    }
  }
  for (Held &held : held_) {
    keep(held.event);
  }
  clear();
  items_ = std::move(kept);
}

void TextOutput::run(gpointer self) {
  auto *output = static_cast<TextOutput *>(self);
  const bool done = guarded(output->element_, false, [output] {
    output->run_once();
    return true;
  });
  if (!done) {
    output->fail(GST_FLOW_ERROR);
  }
}

void TextOutput::run_once() {
  std::unique_lock lock(mutex_);
  const auto stands = [this] { return flow_ != GST_FLOW_OK && flow_ != GST_FLOW_EOS; };
  const bool came = changed_.wait_for(lock, patience, [&] { return !items_.empty() || stands(); });
  if (stands()) {
    lock.unlock();
    gst_pad_pause_task(pad_);
    return;
  }
  if (!came) {
    lock.unlock();
    observer_.nothing_came();
    return;
  }
  Item item = std::move(items_.front());
  items_.pop_front();
  const bool wants_text = flow_ == GST_FLOW_OK;
  lock.unlock();
  changed_.notify_all();
  const GstFlowReturn flow = wants_text ? write(std::move(item)) : pass_events(std::move(item));
  if (flow != GST_FLOW_OK) {
    fail(flow);
  }
}

GstFlowReturn TextOutput::pass_events(Item item) {
  if (auto *event = std::get_if<EventPointer>(&item)) {
    return forward(std::move(*event));
  }
  if (const auto *settings = std::get_if<Settings>(&item)) {
    return writer_.change(*settings);
  }
  if (const auto *event = std::get_if<Event>(&item)) {
    if (const auto *drained = std::get_if<Drained>(event)) {
      return release_held(drained->marker);
    }
  }
  return GST_FLOW_OK;
}

GstFlowReturn TextOutput::forward(EventPointer event) {
  const GstEventType type = GST_EVENT_TYPE(event.get());
  if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT) {
    // Something new, which downstream may want again.
    const std::lock_guard lock(mutex_);
    if (flow_ == GST_FLOW_EOS) {
      flow_ = GST_FLOW_OK;
    }
  }
  return writer_.forward(std::move(event));
}

GstFlowReturn TextOutput::write(Item item) {
  if (auto *event = std::get_if<EventPointer>(&item)) {
    return forward(std::move(*event));
  }
  if (const auto *settings = std::get_if<Settings>(&item)) {
    return writer_.change(*settings);
  }
  const Event &event = std::get<Event>(item);
  if (const auto *failure = std::get_if<Failure>(&event)) {
    // Nothing more comes: what was recognised goes out before.
    writer_.finish();
    GST_ELEMENT_ERROR(element_, STREAM, FAILED,
                      ("Recognition failed: %s", failure->status.message().c_str()), (nullptr));
    return GST_FLOW_ERROR;
  }
  if (const auto *drained = std::get_if<Drained>(&event)) {
    const GstFlowReturn flow = writer_.finish();
    return flow == GST_FLOW_OK ? release_held(drained->marker) : flow;
  }
  return writer_.write(event);
}

GstFlowReturn TextOutput::release_held(uint64_t marker) {
  for (;;) {
    EventPointer event;
    {
      const std::lock_guard lock(mutex_);
      if (held_.empty() || held_.front().marker > marker) {
        return GST_FLOW_OK;
      }
      event = std::move(held_.front().event);
      held_.pop_front();
    }
    if (const GstFlowReturn flow = forward(std::move(event)); flow != GST_FLOW_OK) {
      return flow;
    }
  }
}

void TextOutput::fail(GstFlowReturn flow) {
  bool end_came = false;
  {
    const std::lock_guard lock(mutex_);
    end_came = end_came_;
    if (flow == GST_FLOW_NOT_LINKED && !end_came) {
      was_unlinked_ = true;
    } else if (flow_ == GST_FLOW_OK) {
      flow_ = flow;
    }
  }
  changed_.notify_all();
  GST_DEBUG_OBJECT(element_, "stopping: %s", gst_flow_get_name(flow));
  // After the end nobody upstream sees a return value any more.
  const bool is_fault =
      flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_NOT_NEGOTIATED || flow < GST_FLOW_ERROR;
  if (end_came && is_fault) {
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  }
}

}  // namespace kyutaistt::element
