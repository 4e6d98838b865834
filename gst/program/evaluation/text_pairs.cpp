// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/evaluation/text_pairs.h"

#include <algorithm>

#include "metrics/text_errors.h"
#include "metrics/unicode_text.h"

namespace kyutaistt::program {

namespace {

Time middle_of(const Word &word) {
  return word.start + (word.end - word.start) / 2;
}

bool is_ignored(const Reference &reference, Time time) {
  return std::any_of(reference.segments.begin(), reference.segments.end(),
                     [time](const ReferenceSegment &segment) {
                       return segment.is_ignored && segment.start <= time && time < segment.end;
                     });
}

/// What words are compared by: their normal form, unless nothing of them is left.
std::string comparable(const std::string &word) {
  std::string normal = metrics::normalise(word);
  return normal.empty() ? word : normal;
}

/// The words of all segments that count, and whose each is.
struct Said {
  std::vector<ReferenceSegment> segments;
  std::vector<std::string> words;
  std::vector<size_t> owners;
};

Said words_of(const Reference &reference) {
  Said said;
  for (const ReferenceSegment &segment : reference.segments) {
    if (segment.is_ignored) {
      continue;
    }
    for (const std::string &word : metrics::split_words(segment.text)) {
      said.words.push_back(comparable(word));
      said.owners.push_back(said.segments.size());
    }
    said.segments.push_back(segment);
  }
  return said;
}

/// Of the segments from `first` to `last` the one that is not over at a time.
size_t segment_at(const Said &said, size_t first, size_t last, Time time) {
  while (first < last && said.segments[first].end <= time) {
    ++first;
  }
  return first;
}

/// Whose each heard word is.
std::vector<size_t> attribute(const Said &said, const std::vector<Word> &heard) {
  std::vector<std::string> words;
  words.reserve(heard.size());
  for (const Word &word : heard) {
    words.push_back(comparable(word.text));
  }
  std::vector<size_t> owners;
  size_t next_said = 0;
  for (const metrics::AlignedWord &aligned : metrics::align_words(said.words, words)) {
    if (aligned.edit == metrics::Edit::Insertion) {
      const size_t first = next_said > 0 ? said.owners[next_said - 1] : 0;
      const size_t last =
          next_said < said.owners.size() ? said.owners[next_said] : said.segments.size() - 1;
      owners.push_back(segment_at(said, first, last, middle_of(heard[owners.size()])));
    } else {
      if (aligned.edit != metrics::Edit::Deletion) {
        owners.push_back(said.owners[next_said]);
      }
      ++next_said;
    }
  }
  return owners;
}

}  // namespace

std::vector<TextPair> pair_texts(const Reference &reference, const std::vector<Word> &heard) {
  const Said said = words_of(reference);
  std::vector<TextPair> pairs;
  for (const ReferenceSegment &segment : said.segments) {
    pairs.push_back({segment.name, segment.group, segment.text, {}});
  }
  if (pairs.empty()) {
    return pairs;
  }
  std::vector<Word> counted;
  std::copy_if(heard.begin(), heard.end(), std::back_inserter(counted),
               [&](const Word &word) { return !is_ignored(reference, middle_of(word)); });
  const std::vector<size_t> owners = attribute(said, counted);
  for (size_t i = 0; i < counted.size(); ++i) {
    std::string &text = pairs[owners[i]].heard;
    text += (text.empty() ? "" : " ") + counted[i].text;
  }
  return pairs;
}

}  // namespace kyutaistt::program
