// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/text_tracks.h"

#include <algorithm>
#include <utility>

namespace kyutaistt::element {

namespace {

EventPointer another(const EventPointer &event) {
  return EventPointer(gst_event_ref(event.get()));
}

}  // namespace

TextTracks::TextTracks(GstElement *element, GstPad *sink, GstPad *src, Latency &latency,
                       OutputObserver &observer)
    : element_(element),
      sink_(sink),
      latency_(latency),
      observer_(observer),
      transcript_(std::make_shared<TextTrack>(element, sink, src, latency, observer,
                                              TextRole::Transcript)) {}

TextTracks::List TextTracks::all() const {
  List tracks{transcript_};
  const MutexLock lock(mutex_);
  tracks.insert(tracks.end(), translations_.begin(), translations_.end());
  return tracks;
}

std::shared_ptr<TextTrack> TextTracks::add(GstPad *pad) {
  auto track =
      std::make_shared<TextTrack>(element_, sink_, pad, latency_, observer_, TextRole::Translation);
  const MutexLock lock(mutex_);
  translations_.push_back(track);
  return track;
}

std::shared_ptr<TextTrack> TextTracks::remove(const GstPad *pad) {
  const MutexLock lock(mutex_);
  const auto found =
      std::ranges::find_if(translations_, [&](const auto &track) { return track->pad() == pad; });
  if (found == translations_.end()) {
    return nullptr;
  }
  std::shared_ptr<TextTrack> track = std::move(*found);
  translations_.erase(found);
  return track;
}

std::shared_ptr<TextTrack> TextTracks::find(const GstPad *pad) const {
  for (std::shared_ptr<TextTrack> &track : all()) {
    if (track->pad() == pad) {
      return std::move(track);
    }
  }
  return nullptr;
}

void TextTracks::put(const Event &event) {
  for (const auto &track : all()) {
    track->output.put(event);
  }
}

void TextTracks::put(const Settings &settings) {
  for (const auto &track : all()) {
    track->output.put(settings);
  }
}

void TextTracks::put(EventPointer event) {
  for (const auto &track : all()) {
    track->output.put(another(event));
  }
}

uint64_t TextTracks::hold(EventPointer event) {
  const uint64_t marker = next_marker();
  for (const auto &track : all()) {
    if (track->text()) {
      track->output.hold(marker, another(event));
    } else {
      // Nothing reports there that the marker has come.
      track->output.put(another(event));
    }
  }
  return marker;
}

GstFlowReturn TextTracks::flow() {
  const List tracks = all();
  std::vector<GstFlowReturn> flows;
  for (const auto &track : tracks) {
    flows.push_back(track->output.flow());
  }
  return combine(tracks, flows);
}

GstFlowReturn TextTracks::wait_for_room() {
  const List tracks = all();
  std::vector<GstFlowReturn> flows;
  for (const auto &track : tracks) {
    flows.push_back(track->output.wait_for_room());
  }
  return combine(tracks, flows);
}

GstFlowReturn TextTracks::combine(const List &tracks, const std::vector<GstFlowReturn> &flows) {
  for (const GstFlowReturn flow : flows) {
    if (flow <= GST_FLOW_NOT_NEGOTIATED) {
      return flow;
    }
  }
  for (const GstFlowReturn flow : {GST_FLOW_OK, GST_FLOW_EOS, GST_FLOW_FLUSHING}) {
    if (std::ranges::find(flows, flow) != flows.end()) {
      return flow;
    }
  }
  // Reported once, because another element may be linked in the meantime.
  for (const auto &track : tracks) {
    track->output.forget_unlinked();
  }
  return GST_FLOW_NOT_LINKED;
}

void TextTracks::begin_flush() {
  for (const auto &track : all()) {
    track->output.begin_flush();
  }
}

void TextTracks::end_flush() {
  for (const auto &track : all()) {
    track->output.end_flush();
  }
}

void TextTracks::resume() {
  for (const auto &track : all()) {
    track->output.resume();
  }
}

bool TextTracks::is_any_linked() const {
  return std::ranges::any_of(
      all(), [](const auto &track) { return gst_pad_is_linked(track->pad()) != FALSE; });
}

}  // namespace kyutaistt::element
