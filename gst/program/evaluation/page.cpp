// SPDX-License-Identifier: LGPL-2.1-or-later
/// The page of alignments.
#include <sstream>

#include "metrics/text_errors.h"
#include "metrics/unicode_text.h"
#include "program/evaluation/report.h"

namespace kyutaistt::program {

namespace {

constexpr const char *head = R"(<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>kyutaistt evaluate</title>
<style>
body { font-family: sans-serif; line-height: 1.6; margin: 2em auto; max-width: 60em; padding: 0 1em; }
table { border-collapse: collapse; }
th, td { padding: 0.2em 0.8em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
tr + tr { border-top: 1px solid #ccc; }
h2 { font-size: 1em; margin-bottom: 0; }
del { background: #fdd; }
ins { background: #dfd; text-decoration: none; }
</style>
</head>
<body>
<h1>kyutaistt evaluate</h1>
)";

std::string escaped(const std::string &text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

/// What was said and not heard is struck out, what was heard and not said stands after it.
void write_alignment(std::ostream &out, const TextPair &pair) {
  const auto words =
      metrics::align_words(metrics::split_words(pair.said), metrics::split_words(pair.heard));
  out << "<p>";
  for (const metrics::AlignedWord &word : words) {
    if (word.edit == metrics::Edit::Hit) {
      out << escaped(word.said) << " ";
      continue;
    }
    if (!word.said.empty()) {
      out << "<del>" << escaped(word.said) << "</del> ";
    }
    if (!word.heard.empty()) {
      out << "<ins>" << escaped(word.heard) << "</ins> ";
    }
  }
  out << "</p>\n";
}

void write_scores(std::ostream &out, const Evaluation &evaluation) {
  if (evaluation.groups.empty()) {
    return;
  }
  out << "<table>\n<tr><th></th><th>texts</th>";
  for (const Score &score : evaluation.groups.front().scores) {
    out << "<th>" << score.label << "</th>";
  }
  out << "</tr>\n";
  for (const GroupScores &group : evaluation.groups) {
    out << "<tr><td>" << (group.name.empty() ? "all" : escaped(group.name)) << "</td><td>"
        << group.texts << "</td>";
    for (const Score &score : group.scores) {
      out << "<td>" << score_text(score) << "</td>";
    }
    out << "</tr>\n";
  }
  out << "</table>\n";
}

}  // namespace

std::string evaluation_page(const Evaluation &evaluation) {
  std::ostringstream out;
  out << head << "<p>" << escaped(evaluation.model);
  if (!evaluation.domain.empty()) {
    out << ", domain " << escaped(evaluation.domain);
  }
  out << ", " << evaluation.precision
      << ". <del>Said and not heard</del>, <ins>heard and not said</ins>; the worst first.</p>\n";
  write_scores(out, evaluation);
  for (const FailedRecording &failed : evaluation.failed) {
    out << "<h2>" << escaped(failed.name) << ": not counted</h2>\n<p>" << escaped(failed.error)
        << "</p>\n";
  }
  for (size_t i = 0; i < evaluation.pairs.size(); ++i) {
    const metrics::Edits &edits = evaluation.counts[i].words;
    out << "<h2>" << escaped(evaluation.pairs[i].name) << ": "
        << percentage_text(word_error_rate(edits)) << ", " << edits_text(edits) << "</h2>\n";
    write_alignment(out, evaluation.pairs[i]);
  }
  out << "</body>\n</html>\n";
  return out.str();
}

}  // namespace kyutaistt::program
