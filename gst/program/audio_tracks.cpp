// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_tracks.h"

#include <algorithm>
#include <charconv>

#include "common/pointers.h"

namespace kyutaistt::program {

namespace {

/// The pad at the end of a chain of ghost pads.
PadPointer innermost(GstPad *pad) {
  PadPointer inner(GST_PAD(gst_object_ref(pad)));
  while (GST_IS_GHOST_PAD(inner.get())) {
    PadPointer target(gst_ghost_pad_get_target(GST_GHOST_PAD(inner.get())));
    if (target == nullptr) {
      break;
    }
    inner = std::move(target);
  }
  return inner;
}

std::string list(const std::vector<AudioTrack> &tracks) {
  std::string text;
  for (size_t i = 0; i < tracks.size(); ++i) {
    const AudioTrack &track = tracks[i];
    text += (i == 0 ? "" : ", ") + std::to_string(i + 1);
    if (!track.language.empty() || track.is_default) {
      text += " (" + track.language +
              (!track.language.empty() && track.is_default ? ", default)"
               : track.is_default                          ? "default)"
                                                           : ")");
    }
  }
  return text;
}

}  // namespace

AudioTrack track_of(GstPad *pad) {
  AudioTrack track;
  const PadPointer inner = innermost(pad);
  if (const EventPointer start{gst_pad_get_sticky_event(inner.get(), GST_EVENT_STREAM_START, 0)}) {
    GstStreamFlags flags = GST_STREAM_FLAG_NONE;
    gst_event_parse_stream_flags(start.get(), &flags);
    track.is_default = (flags & GST_STREAM_FLAG_SELECT) != 0;
  }
  for (guint i = 0;; ++i) {
    const EventPointer event{gst_pad_get_sticky_event(inner.get(), GST_EVENT_TAG, i)};
    if (event == nullptr) {
      break;
    }
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event.get(), &tags);
    gchar *language = nullptr;
    if (gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, &language)) {
      track.language = StringPointer(language).get();
    }
  }
  return track;
}

Result<size_t> choose_track(const std::vector<AudioTrack> &tracks, const std::string &wanted) {
  if (wanted.empty()) {
    const auto found = std::find_if(tracks.begin(), tracks.end(),
                                    [](const AudioTrack &track) { return track.is_default; });
    return found == tracks.end() ? 0 : static_cast<size_t>(found - tracks.begin());
  }
  size_t number = 0;
  const char *end = wanted.data() + wanted.size();
  const auto parsed = std::from_chars(wanted.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end && number >= 1 && number <= tracks.size()) {
    return number - 1;
  }
  const auto found = std::find_if(tracks.begin(), tracks.end(), [&wanted](const AudioTrack &track) {
    return g_ascii_strcasecmp(track.language.c_str(), wanted.c_str()) == 0;
  });
  if (found != tracks.end()) {
    return static_cast<size_t>(found - tracks.begin());
  }
  return Status::not_found("audio track " + wanted + " was not found; it has " + list(tracks));
}

std::string describe_tracks(const std::vector<AudioTrack> &tracks, size_t heard) {
  return std::to_string(tracks.size()) + " audio tracks: " + list(tracks) + "; track " +
         std::to_string(heard + 1) + " is heard (--audio-track chooses another)";
}

}  // namespace kyutaistt::program
