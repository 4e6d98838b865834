// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/page/html_transcript.h"

#include <cmath>
#include <filesystem>
#include <utility>

#include "captions/cue_format.h"
#include "program/json_transcript.h"
#include "program/page/html.h"
#include "program/page/page_audio.h"
#include "program/page/templates.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// As subtitles have it.
int64_t milliseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char letter) { return letter == ' ' || letter == '\n'; });
  return text;
}

/// For each cue the index of its first word. A cue's text is that of its words, except that a mark
/// which has no room is dropped: it counts to the cue before.
std::vector<size_t> first_words(const std::vector<captions::Cue> &cues,
                                const std::vector<Word> &words) {
  std::vector<size_t> firsts;
  size_t next = 0;
  for (const captions::Cue &cue : cues) {
    const std::string text = without_spaces(captions::join_lines(cue));
    const auto continues = [&](size_t at) {
      const std::string word = next < words.size() ? without_spaces(words[next].text) : "";
      return !word.empty() && text.compare(at, word.size(), word) == 0 ? word.size() : 0;
    };
    while (next < words.size() && continues(0) == 0) {
      ++next;
    }
    firsts.push_back(next);
    for (size_t at = 0, size = 0; (size = continues(at)) > 0; at += size) {
      ++next;
    }
  }
  return firsts;
}

OrderedJson describe_cues(const std::vector<captions::Cue> &cues, const std::vector<Word> &words) {
  const std::vector<size_t> firsts = first_words(cues, words);
  OrderedJson json = OrderedJson::array();
  for (size_t i = 0; i < cues.size(); ++i) {
    json.push_back({{"start", milliseconds(cues[i].start)},
                    {"end", milliseconds(cues[i].end)},
                    {"first", firsts[i]},
                    {"lines", cues[i].lines}});
  }
  return json;
}

OrderedJson describe_waveform(const Waveform &waveform) {
  constexpr float scale = 255;
  OrderedJson peaks = OrderedJson::array();
  for (const float peak : waveform.peaks()) {
    peaks.push_back(std::lround(peak * scale));
  }
  return {{"interval", in_seconds(waveform.interval())}, {"peaks", std::move(peaks)}};
}

std::string name_of(const std::string &recording) {
  const std::string name = std::filesystem::path(recording).filename().string();
  return recording == "-" ? "Standard input" : name.empty() ? recording : name;
}

}  // namespace

HtmlTranscript::HtmlTranscript(Details details)
    : details_(std::move(details)), shaped_(details_.cue_shape) {}

void HtmlTranscript::add(const Event &event) {
  words_.add(event);
  shaped_.add(event);
  for (captions::Cue &cue : shaped_.take()) {
    cues_.push_back(std::move(cue));
  }
}

OrderedJson HtmlTranscript::describe(const Ending &ending) const {
  OrderedJson json = describe_recording(details_, ending);
  json["words"] = OrderedJson::array();
  for (const Word &word : words_.words()) {
    json["words"].push_back(describe_word(word, word.end));
  }
  json["cues"] = describe_cues(cues_, words_.words());
  json["columns"] = details_.cue_shape.columns;
  json["waveform"] = describe_waveform(waveform_);
  return json;
}

void HtmlTranscript::finish(const Ending &ending) {
  shaped_.finish();
  for (captions::Cue &cue : shaped_.take()) {
    cues_.push_back(std::move(cue));
  }
  const PageAudio audio = find_page_audio(details_.recording, details_.result);
  final_ +=
      fill_template(transcript_template, {{"title", html_escaped(name_of(details_.recording))},
                                          {"base", base_style},
                                          {"style", transcript_style},
                                          {"error", html_escaped(ending.error)},
                                          {"language", html_escaped(details_.language)},
                                          {"text", html_escaped(words_.text())},
                                          {"type", audio.type},
                                          {"content", audio.content},
                                          {"address", html_escaped(audio.address)},
                                          {"data", script_json(describe(ending))},
                                          {"script", transcript_script}});
}

}  // namespace kyutaistt::program
