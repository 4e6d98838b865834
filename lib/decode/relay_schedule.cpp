// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/relay_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <kyutaistt/audio.h>

namespace kyutaistt::decode {

namespace {

/// Once this share of the window (less the delay) is used, a run of so many pads is enough of a
/// pause.
struct Demand {
  double share;
  int64_t pads;
};
constexpr std::array<Demand, 3> demands = {{{0.42, 12}, {0.55, 8}, {0.68, 4}}};
/// From here on the best place of the last seconds is taken.
constexpr double deadline_share = 0.86;
/// The pause of a handover is preferably this far back: the fresh context hears again what was said
/// since then, and so knows the sentence.
constexpr int64_t history_frames = 25;
constexpr int64_t history_search_frames = 40;

int64_t delay_frames(const ModelInfo &model) {
  return static_cast<int64_t>(std::llround(model.delay_seconds * frames_per_second));
}

}  // namespace

RelaySchedule::RelaySchedule(const ModelInfo &model, int64_t forced)
    : lead_(std::max(delay_frames(model), forced)),
      window_(model.language_model.window),
      max_frames_(lead_ + history_frames + history_search_frames) {}

bool RelaySchedule::has_room() const noexcept {
  return 2 * max_frames_ < window_;
}

void RelaySchedule::push(bool is_pad) {
  if (is_pad) {
    if (pauses_.empty() || pauses_.back().end != frames_) {
      pauses_.push_back({frames_, frames_});
    }
    pauses_.back().end = frames_ + 1;
  }
  ++frames_;
  while (!pauses_.empty() && pauses_.front().end < frames_ - max_frames_) {
    pauses_.pop_front();
  }
}

int64_t RelaySchedule::wanted_pads(int64_t age) const {
  const double share = static_cast<double>(age - lead_) / static_cast<double>(window_ - lead_);
  int64_t wanted = -1;
  for (const Demand &demand : demands) {
    wanted = share >= demand.share ? demand.pads : wanted;
  }
  return share >= deadline_share ? 0 : wanted;
}

std::optional<int64_t> RelaySchedule::place(int64_t age) const {
  const int64_t wanted = wanted_pads(age);
  if (wanted < 0) {
    return std::nullopt;
  }
  const bool pauses_now = !pauses_.empty() && pauses_.back().end == frames_;
  const int64_t running = pauses_now ? frames_ - pauses_.back().begin : 0;
  if (wanted > 0 && running < wanted) {
    return std::nullopt;
  }
  // The longest earlier pause in that range, otherwise the running one.
  const int64_t newest = frames_ - history_frames;
  const int64_t oldest = newest - history_search_frames;
  const Pause *best = nullptr;
  int64_t best_length = 0;
  for (const Pause &pause : pauses_) {
    const int64_t begin = std::max(pause.begin, oldest);
    const int64_t end = std::min(pause.end, newest);
    if (end - begin >= best_length && end > begin) {
      best_length = end - begin;
      best = &pause;
    }
  }
  if (best != nullptr && (best_length >= wanted || wanted == 0)) {
    const int64_t end = std::min(best->end, newest);
    return end - best_length / 2;
  }
  return frames_ - running / 2;
}

std::optional<RelaySchedule::Handover> RelaySchedule::find(int64_t age) const {
  const auto pause = place(age);
  if (!pause || *pause < lead_) {
    return std::nullopt;
  }
  return Handover{*pause - lead_, *pause};
}

}  // namespace kyutaistt::decode
