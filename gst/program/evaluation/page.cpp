// SPDX-License-Identifier: LGPL-2.1-or-later
/// The page of alignments.
#include <sstream>

#include "metrics/text_errors.h"
#include "metrics/unicode_text.h"
#include "program/evaluation/report.h"
#include "program/page/html.h"
#include "program/page/templates.h"

namespace kyutaistt::program {

namespace {

/// What was said and not heard is struck out, what was heard and not said stands after it.
void write_alignment(std::ostream &out, const TextPair &pair) {
  const auto words =
      metrics::align_words(metrics::split_words(pair.said), metrics::split_words(pair.heard));
  out << "<p>";
  for (const metrics::AlignedWord &word : words) {
    if (word.edit == metrics::Edit::Hit) {
      out << html_escaped(word.said) << " ";
      continue;
    }
    if (!word.said.empty()) {
      out << "<del>" << html_escaped(word.said) << "</del> ";
    }
    if (!word.heard.empty()) {
      out << "<ins>" << html_escaped(word.heard) << "</ins> ";
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
    out << "<tr><td>" << (group.name.empty() ? "all" : html_escaped(group.name)) << "</td><td>"
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
  out << "<p>" << html_escaped(evaluation.model);
  if (!evaluation.domain.empty()) {
    out << ", domain " << html_escaped(evaluation.domain);
  }
  out << ", " << evaluation.precision
      << ". <del>Said and not heard</del>, <ins>heard and not said</ins>; the worst first.</p>\n";
  write_scores(out, evaluation);
  for (const FailedRecording &failed : evaluation.failed) {
    out << "<h2>" << html_escaped(failed.name) << ": not counted</h2>\n<p>"
        << html_escaped(failed.error) << "</p>\n";
  }
  for (size_t i = 0; i < evaluation.pairs.size(); ++i) {
    const metrics::Edits &edits = evaluation.counts[i].words;
    out << "<h2>" << html_escaped(evaluation.pairs[i].name) << ": "
        << percentage_text(word_error_rate(edits)) << ", " << edits_text(edits) << "</h2>\n";
    write_alignment(out, evaluation.pairs[i]);
  }
  return fill_template(evaluation_template, {{"base", base_style}, {"body", out.str()}});
}

}  // namespace kyutaistt::program
