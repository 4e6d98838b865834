// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_output.h"

#include <chrono>
#include <optional>
#include <utility>

#include "common/guarded.h"
#include "element/debug.h"

namespace kyutaistt::element {

namespace {

/// Items that may wait for downstream before input that is not live has to wait.
constexpr size_t max_waiting = 64;
/// Without an item for so long, the observer is notified.
constexpr std::chrono::milliseconds patience(500);
/// Text that has the time of its arrival is followed by a GAP so often.
constexpr std::chrono::milliseconds arrival_interval(50);

}  // namespace

bool TextOutput::is_end(const Item &item) {
  const auto *event = std::get_if<EventPointer>(&item);
  return event != nullptr && GST_EVENT_TYPE(event->get()) == GST_EVENT_EOS;
}

void TextOutput::put(const Event &event) {
  const GstClockTime now = gst_element_get_current_running_time(element_);
  {
    const MutexLock lock(mutex_);
    if (flow_ == GST_FLOW_FLUSHING) {
      return;
    }
    // Only the newest progress matters.
    const auto *last = items_.empty() ? nullptr : std::get_if<Event>(&items_.back().item);
    if (last != nullptr && std::holds_alternative<Progress>(*last) &&
        std::holds_alternative<Progress>(event)) {
      items_.pop_back();
    }
    items_.push_back({event, now});
  }
  changed_.notify_all();
}

void TextOutput::put(const Settings &settings) {
  {
    const MutexLock lock(mutex_);
    if (!items_.empty() && std::holds_alternative<Settings>(items_.back().item)) {
      items_.pop_back();
    }
    items_.push_back({settings});
  }
  changed_.notify_all();
}

void TextOutput::put_after_held(Item item) {
  {
    const MutexLock lock(mutex_);
    if (flow_ == GST_FLOW_FLUSHING) {
      return;
    }
    end_came_ = end_came_ || is_end(item);
    if (held_.empty()) {
      items_.push_back({std::move(item)});
    } else {
      held_.push_back({held_.back().marker, std::move(item)});
    }
  }
  changed_.notify_all();
}

void TextOutput::hold_item(uint64_t marker, Item item) {
  const MutexLock lock(mutex_);
  if (flow_ != GST_FLOW_FLUSHING) {
    end_came_ = end_came_ || is_end(item);
    held_.push_back({marker, std::move(item)});
  }
}

GstFlowReturn TextOutput::wait_for_room() {
  const MutexLock lock(mutex_);
  while (items_.size() >= max_waiting && flow_ == GST_FLOW_OK) {
    changed_.wait(mutex_);
  }
  return last_flow();
}

GstFlowReturn TextOutput::flow() {
  const MutexLock lock(mutex_);
  return last_flow();
}

GstFlowReturn TextOutput::last_flow() const {
  return flow_ == GST_FLOW_OK && was_unlinked_ ? GST_FLOW_NOT_LINKED : flow_;
}

void TextOutput::forget_unlinked() {
  const MutexLock lock(mutex_);
  was_unlinked_ = false;
}

bool TextOutput::start() {
  const MutexLock task_lock(task_mutex_);
  {
    const MutexLock lock(mutex_);
    // A property may have been set since the writer was configured.
    clear_flushed();
    flow_ = GST_FLOW_OK;
  }
  writer_.reset(TextWriter::Downstream::Forget);
  last_item_ = std::chrono::steady_clock::now();
  active_ = gst_pad_start_task(pad_, &TextOutput::run, this, nullptr) != FALSE;
  return active_;
}

bool TextOutput::stop() {
  // The task may be waiting for downstream: it is released before it is waited for.
  begin_flush();
  const MutexLock task_lock(task_mutex_);
  active_ = false;
  // Again: a flush may have ended in between.
  begin_flush();
  const bool stopped = gst_pad_stop_task(pad_) != FALSE;
  const MutexLock lock(mutex_);
  clear();
  return stopped;
}

void TextOutput::begin_flush() {
  {
    const MutexLock lock(mutex_);
    flow_ = GST_FLOW_FLUSHING;
  }
  changed_.notify_all();
}

void TextOutput::end_flush() {
  const MutexLock task_lock(task_mutex_);
  if (!active_) {
    return;
  }
  gst_pad_pause_task(pad_);
  writer_.reset(TextWriter::Downstream::Keep);
  const MutexLock lock(mutex_);
  clear_flushed();
  flow_ = GST_FLOW_OK;
}

void TextOutput::resume() {
  const MutexLock task_lock(task_mutex_);
  if (active_) {
    gst_pad_start_task(pad_, &TextOutput::run, this, nullptr);
  }
}

void TextOutput::clear() {
  items_.clear();
  held_.clear();
  end_came_ = false;
  was_unlinked_ = false;
}

bool TextOutput::outlives_flush(const Item &item) {
  const auto *event = std::get_if<EventPointer>(&item);
  if (event == nullptr) {
    return !std::holds_alternative<Event>(item);
  }
  const GstEventType type = GST_EVENT_TYPE(event->get());
  return GST_EVENT_IS_STICKY(event->get()) && type != GST_EVENT_SEGMENT && type != GST_EVENT_EOS;
}

void TextOutput::clear_flushed() {
  std::deque<Queued> kept;
  const auto keep = [&kept](Item &item) {
    if (outlives_flush(item)) {
      kept.push_back({std::move(item)});
    }
  };
  for (Queued &queued : items_) {
    keep(queued.item);
  }
  for (Held &held : held_) {
    keep(held.item);
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
  std::optional<Queued> next;
  bool stopped = false;
  bool wants_text = false;
  {
    const MutexLock lock(mutex_);
    const auto interval = writer_.is_synchronised() ? patience : arrival_interval;
    const auto deadline = std::chrono::steady_clock::now() + interval;
    bool in_time = true;
    while (in_time && items_.empty() && !stands()) {
      in_time = changed_.wait_until(mutex_, deadline) == std::cv_status::no_timeout;
    }
    stopped = stands();
    wants_text = flow_ == GST_FLOW_OK;
    if (!stopped && !items_.empty()) {
      next = std::move(items_.front());
      items_.pop_front();
    }
  }
  if (stopped) {
    gst_pad_pause_task(pad_);
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (!next) {
    wait_on(now);
    return;
  }
  last_item_ = now;
  changed_.notify_all();
  writer_.set_recognised(next->came);
  const bool is_text = std::holds_alternative<Event>(next->item);
  const GstFlowReturn flow =
      wants_text ? write(std::move(next->item)) : pass_events(std::move(next->item));
  if (flow != GST_FLOW_OK) {
    fail(flow);
  } else if (is_text) {
    forget_unlinked();
  }
}

void TextOutput::wait_on(std::chrono::steady_clock::time_point now) {
  writer_.follow_arrival();
  if (now - last_item_ >= patience && observer_.nothing_came()) {
    writer_.follow_clock();
  }
}

GstFlowReturn TextOutput::write_other(Item item) {
  if (auto *event = std::get_if<EventPointer>(&item)) {
    return forward(std::move(*event));
  }
  if (auto *language = std::get_if<Language>(&item)) {
    writer_.change_language(std::move(language->code));
    return GST_FLOW_OK;
  }
  return writer_.change(std::get<Settings>(item));
}

GstFlowReturn TextOutput::pass_events(Item item) {
  const auto *event = std::get_if<Event>(&item);
  if (event == nullptr) {
    return write_other(std::move(item));
  }
  const auto *drained = std::get_if<Drained>(event);
  return drained == nullptr ? GST_FLOW_OK : release_held(drained->marker);
}

GstFlowReturn TextOutput::forward(EventPointer event) {
  const GstEventType type = GST_EVENT_TYPE(event.get());
  if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT) {
    // A new segment or stream, whose text downstream may want again.
    const MutexLock lock(mutex_);
    if (flow_ == GST_FLOW_EOS) {
      flow_ = GST_FLOW_OK;
    }
  }
  return writer_.forward(std::move(event));
}

GstFlowReturn TextOutput::write(Item item) {
  if (!std::holds_alternative<Event>(item)) {
    return write_other(std::move(item));
  }
  const Event &event = std::get<Event>(item);
  if (const auto *failure = std::get_if<Failure>(&event)) {
    // Nothing follows: the text recognised so far goes out first.
    writer_.finish();
    observer_.recognition_failed(failure->status);
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
    std::optional<Item> item;
    {
      const MutexLock lock(mutex_);
      if (held_.empty() || held_.front().marker > marker) {
        return GST_FLOW_OK;
      }
      item = std::move(held_.front().item);
      held_.pop_front();
    }
    if (const GstFlowReturn flow = write_other(*std::move(item)); flow != GST_FLOW_OK) {
      return flow;
    }
  }
}

void TextOutput::fail(GstFlowReturn flow) {
  bool end_came = false;
  {
    const MutexLock lock(mutex_);
    end_came = end_came_;
    if (flow == GST_FLOW_NOT_LINKED && !end_came) {
      was_unlinked_ = true;
    } else if (flow_ == GST_FLOW_OK) {
      flow_ = flow;
    }
  }
  changed_.notify_all();
  GST_DEBUG_OBJECT(element_, "stopping: %s", gst_flow_get_name(flow));
  // After the end nothing upstream sees a return value any more.
  const bool is_fault =
      flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_NOT_NEGOTIATED || flow < GST_FLOW_ERROR;
  if (end_came && is_fault) {
    observer_.lost_after_end(flow);
  }
}

}  // namespace kyutaistt::element
