// SPDX-License-Identifier: LGPL-2.1-or-later
/// The streams that hear one file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <kyutaistt/engine.h>

#include "program/event_order.h"
#include "program/piece_cutter.h"

namespace kyutaistt::program {

/// Hears a file with one stream; or cuts it in pauses of the voice, and hears the pieces with
/// several streams at the same time, since a step reads the weights once for all of them. A
/// listener receives the same as from one stream, except `Drained`.
///
/// Threads: all methods are called from one thread; the listeners from the engine's worker.
/// Cost: that of its streams, one for each piece until it has been heard. Up to 30 s of audio wait
/// in each of several.
class FileStreams {
 public:
  /// `translations` are further texts of the same audio, as those of `Engine::open_stream`.
  FileStreams(Engine &engine, const StreamOptions &options, int max_streams, EventListener listener,
              std::vector<Translation> translations = {});
  FileStreams(const FileStreams &) = delete;
  FileStreams &operator=(const FileStreams &) = delete;
  ~FileStreams() = default;

  /// More audio, its first sample at `start`; waits where the streams cannot keep up. Fails with
  /// `Cancelled` if `interrupted()`, and with a stream's failure.
  Status push(std::span<const float> samples, Time start);
  /// No more audio follows: what was pushed is heard to its end.
  Status finish();
  /// Waits until everything has been reported, but no longer than `patience`; returns whether it
  /// has.
  bool wait(std::chrono::milliseconds patience);
  /// Audio that waits for the model.
  Time waiting() const;

 private:
  /// A piece and the stream that hears it.
  struct PieceStream {
    size_t number = 0;
    /// Texts that have ended.
    size_t ended = 0;
    std::unique_ptr<Stream> stream;
  };

  /// An event of one of a piece's texts.
  void take(PieceStream &piece, size_t text, const Event &event);
  bool has_ended(const PieceStream &piece) const { return piece.ended == orders_.size(); }
  /// Opens a stream for the next piece, as soon as there may be one more.
  Status begin_piece();
  Status wait_for_room();
  Status hear(std::span<const float> samples, Time start);
  Status end_piece();
  /// The running piece has failed.
  Status end_with(Status failure);
  Status hear_ready();

  Engine &engine_;
  const StreamOptions options_;
  const size_t max_streams_;
  std::vector<Prompt> further_prompts_;
  /// Only with several streams.
  std::optional<PieceCutter> cutter_;

  /// Protects the members below, which the engine's worker changes; held while a listener is
  /// called, so that the events are in order.
  std::mutex mutex_;
  std::condition_variable changed_;
  /// One for each text.
  std::vector<EventOrder> orders_;
  /// Of one of the streams.
  Status failure_;

  /// The one of the last piece, until that ends.
  PieceStream *running_ = nullptr;
  /// Closed first, because of their listeners.
  std::vector<std::unique_ptr<PieceStream>> streams_;
};

}  // namespace kyutaistt::program
