// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/transcript.h"

#include <cstdint>
#include <variant>

#include "captions/cue_format.h"
#include "program/heard_cues.h"
#include "program/json_transcript.h"
#include "program/page/html_transcript.h"

namespace kyutaistt::program {

namespace {

/// The words in one line.
class TextTranscript : public Transcript {
 public:
  void add(const Event &event) override {
    if (const auto *word = std::get_if<Word>(&event)) {
      final_ += (begun_ ? " " : "") + word->text;
      begun_ = true;
    }
  }
  void finish(const Ending & /*ending*/) override { final_ += "\n"; }

 private:
  bool begun_ = false;
};

/// Subtitles: a cue is final when its end is known.
class CueTranscript : public Transcript {
 public:
  CueTranscript(Format format, const captions::CueShape &shape) : format_(format), cues_(shape) {}

  void add(const Event &event) override {
    begin();
    cues_.add(event);
    write_ready();
  }

  void finish(const Ending & /*ending*/) override {
    begin();
    cues_.finish();
    write_ready();
  }

 private:
  void begin() {
    if (!begun_ && format_ == Format::Vtt) {
      final_ += captions::webvtt_header;
    }
    begun_ = true;
  }

  void write_ready() {
    constexpr auto escapes = captions::Escapes::Standard;
    for (const captions::Cue &cue : cues_.take()) {
      final_ += format_ == Format::Vtt ? captions::format_webvtt(cue, escapes)
                                       : captions::format_subrip(cue, ++count_, escapes);
    }
  }

  const Format format_;
  HeardCues cues_;
  uint64_t count_ = 0;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Transcript> make_transcript(Format format, const Details &details) {
  switch (format) {
    case Format::Json:
      return std::make_unique<JsonTranscript>(details);
    case Format::JsonLines:
      return std::make_unique<JsonLinesTranscript>(details);
    case Format::Srt:
    case Format::Vtt:
      return std::make_unique<CueTranscript>(format, details.cue_shape);
    case Format::Html:
      return std::make_unique<HtmlTranscript>(details);
    case Format::Text:
      break;
  }
  return std::make_unique<TextTranscript>();
}

}  // namespace kyutaistt::program
