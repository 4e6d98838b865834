// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/archive.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include <kyutaistt/engine.h>

#include "program/archive/archive_progress.h"
#include "program/archive/archive_transcript.h"
#include "program/archive/model_fingerprint.h"
#include "program/archive/result_file.h"
#include "program/archive/result_names.h"
#include "program/commands.h"
#include "program/hearing_options.h"
#include "program/interruption.h"
#include "program/json_text.h"
#include "program/json_transcript.h"
#include "program/model_use.h"
#include "program/output.h"
#include "program/transcribe_request.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

/// A recording of this shard.
struct Item {
  const ManifestEntry *entry = nullptr;
  std::string name;
  /// Owned by the job.
  ArchiveTranscript *transcript = nullptr;
  bool is_written = false;
};

/// What all recordings share.
struct Archive {
  const ArchiveRequest &request;
  OrderedJson settings;
  Details details;
  std::string precision;
  std::vector<ManifestEntry> entries;
  std::vector<std::string> names;
  ResultFile results;
  /// Lines of manifests whose recordings failed.
  std::string failed;
  /// Set when results cannot be written: the process ends.
  Status failure;
};

/// Results with equal settings are interchangeable.
Result<OrderedJson> settings_of(const ArchiveRequest &request, const std::string &folder) {
  auto model = model_fingerprint(folder);
  if (!model.ok()) {
    return model.status();
  }
  return OrderedJson{{"model", std::move(model).value()},
                     {"version", KYUTAISTT_VERSION},
                     {"options", request.options}};
}

/// Opens the shard's file and returns the names of the results that are complete.
Result<std::set<std::string>> open_results(Archive &archive) {
  const ArchiveRequest &request = archive.request;
  std::error_code error;
  fs::create_directories(request.folder, error);
  if (error) {
    return Status::not_found(request.folder + ": cannot be made: " + error.message());
  }
  const std::string file = result_file_name(request.shard);
  Status status = archive.results.open((fs::path(request.folder) / file).string(), request.resume,
                                       request.overwrite);
  if (!status.ok()) {
    return status;
  }
  std::set<std::string> done;
  std::string kept;
  if (request.resume) {
    status = for_each_result(request.folder, [&](ResultLine &line) {
      if (is_trusted(line.json, archive.settings, request.folder) &&
          done.insert(line.json[own_key]["result"]).second && line.file == file) {
        kept += line.text + "\n";
      }
      return Status();
    });
    if (!status.ok()) {
      return status;
    }
  }
  status = archive.results.rewrite(kept);
  return status.ok() ? Result<std::set<std::string>>(std::move(done)) : status;
}

/// Writes the files of a recording and returns their list.
Result<OrderedJson> write_outputs(const Archive &archive, const Item &item) {
  const ArchiveRequest &request = archive.request;
  OrderedJson outputs = OrderedJson::array();
  const std::vector<std::string> texts = item.transcript->take_all();
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string path = item.name + extension_of(request.formats[i]);
    Status status =
        write_whole_file((fs::path(request.folder) / path).string(), texts[i],
                         request.resume || request.overwrite, "shard-" + request.shard.name());
    if (!status.ok()) {
      return status;
    }
    outputs.push_back({{"path", path}, {"bytes", texts[i].size()}});
  }
  return outputs;
}

double mean_confidence(const std::vector<Word> &words) {
  double sum = 0;
  for (const Word &word : words) {
    sum += word.confidence;
  }
  return words.empty() ? 0 : sum / static_cast<double>(words.size());
}

/// The manifest's line with what was heard.
OrderedJson result_line(const Archive &archive, const Item &item, const Job &job,
                        OrderedJson outputs, const std::string &error) {
  OrderedJson line = item.entry->keys;
  // That of an earlier try, if the manifest is one of failures.
  line.erase("error");
  const std::vector<Word> &words = item.transcript->heard().words();
  line["pred_text"] = item.transcript->heard().text();
  line["words"] = OrderedJson::array();
  for (const Word &word : words) {
    line["words"].push_back(describe_word(word, word.end));
  }
  if (!error.empty()) {
    line["error"] = error;
  }
  OrderedJson &own = line[own_key];
  own = OrderedJson::object();
  own["result"] = item.name;
  own["audio_seconds"] = rounded_seconds(job.duration);
  own["processing_seconds"] = rounded_seconds(job.processing);
  own["confidence"] = rounded_confidence(mean_confidence(words));
  own["model"] = archive.details.model;
  own["domain"] = archive.details.domain;
  own["precision"] = archive.precision;
  own["version"] = KYUTAISTT_VERSION;
  own["settings"] = archive.settings;
  own["outputs"] = std::move(outputs);
  return line;
}

/// Writes the results of a recording that is done.
void finish(Archive &archive, Item &item, Job &job, ArchiveProgress &progress) {
  item.is_written = true;
  if (job.status.code() == StatusCode::Cancelled) {
    return;
  }
  if (!job.notes.empty()) {
    progress.report_note(job.path, job.notes);
  }
  std::string error = job.error();
  OrderedJson outputs = OrderedJson::array();
  if (error.empty()) {
    auto written = write_outputs(archive, item);
    error = written.ok() ? "" : written.status().message();
    outputs = written.ok() ? std::move(written).value() : std::move(outputs);
  }
  if (!error.empty()) {
    progress.report_failure(job.path, error);
    OrderedJson line = item.entry->keys;
    line["error"] = error;
    archive.failed += json_text(line) + "\n";
  }
  archive.failure =
      archive.results.append(result_line(archive, item, job, std::move(outputs), error));
  job.texts.front().transcript.reset();
  item.transcript = nullptr;
  if (!archive.failure.ok()) {
    interrupt();
  }
}

void make_job(const Archive &archive, size_t index, Jobs &jobs, std::vector<Item> &items) {
  const ManifestEntry &entry = archive.entries[index];
  Item &item = items.emplace_back();
  item.entry = &entry;
  item.name = archive.names[index];
  Details details = archive.details;
  details.file = entry.audio;
  details.recording = entry.audio;
  details.result = (fs::path(archive.request.folder) / item.name).string();
  auto transcript =
      std::make_unique<ArchiveTranscript>(archive.request.formats, std::move(details));
  item.transcript = transcript.get();
  Job &job = *jobs.emplace_back(std::make_unique<Job>());
  job.path = entry.audio;
  job.texts.push_back({std::move(transcript), ""});
  if (entry.keys.contains("offset")) {
    job.part = {seconds(entry.offset),
                entry.duration ? seconds(entry.offset + *entry.duration) : Time::max()};
  }
}

/// Recognises and writes all jobs; `Success` also where some files failed.
ExitCode recognise_items(Archive &archive, const FoundModel &model, const Jobs &jobs,
                         std::vector<Item> &items, ArchiveProgress &progress) {
  const auto engine = load_engine(model.folder, archive.request.model_options, progress.bar());
  if (!engine.ok()) {
    return interrupted() ? Interrupted
                         : static_cast<ExitCode>(fail(engine.status().message(), ModelFailed));
  }
  archive.precision = option_name(engine.value()->model().loaded().precision);
  progress.begin();
  recognise_jobs(*engine.value(), archive.request.hearing, jobs, archive.request.parallel, [&] {
    for (size_t i = 0; i < items.size() && archive.failure.ok(); ++i) {
      if (!items[i].is_written && jobs[i]->is_done) {
        finish(archive, items[i], *jobs[i], progress);
      }
    }
    progress.update();
  });
  progress.end();
  return Success;
}

int run(Archive &archive, const FoundModel &model) {
  const ArchiveRequest &request = archive.request;
  const auto done = open_results(archive);
  if (!done.ok()) {
    return fail(done.status().message(), FileFailed);
  }
  Jobs jobs;
  std::vector<Item> items;
  std::vector<double> durations;
  size_t done_before = 0;
  for (const size_t index : entries_of(request.shard, archive.entries)) {
    if (done.value().contains(archive.names[index])) {
      ++done_before;
    } else {
      make_job(archive, index, jobs, items);
      durations.push_back(archive.entries[index].duration.value_or(0));
    }
  }
  catch_interruption();
  ArchiveProgress progress(request, jobs, std::move(durations), done_before);
  if (const ExitCode code = recognise_items(archive, model, jobs, items, progress);
      code != Success) {
    return code;
  }
  if (!archive.failure.ok()) {
    return fail(archive.failure.message(), FileFailed);
  }
  if (interrupted()) {
    return Interrupted;
  }
  const fs::path failed = fs::path(request.folder) / result_file_name(request.shard, "failed");
  if (Status status = write_whole_file(failed.string(), archive.failed, true); !status.ok()) {
    return fail(status.message(), FileFailed);
  }
  return archive.failed.empty() ? Success : FileFailed;
}

}  // namespace

int transcribe_archive(const ArchiveRequest &request) {
  Archive archive{request, {}, {}, {}, {}, {}, {}, {}, {}};
  auto entries = read_manifest(request.manifest);
  if (!entries.ok()) {
    return fail(entries.status().message(), FileFailed);
  }
  archive.entries = std::move(entries).value();
  auto names = name_results(archive.entries);
  if (!names.ok()) {
    return fail(names.status().message(), FileFailed);
  }
  archive.names = std::move(names).value();
  FoundModel model;
  if (const ExitCode code =
          find_model_for(request.model, request.model_options, request.hearing.prompts, model);
      code != Success) {
    return code;
  }
  auto settings = settings_of(request, model.folder);
  if (!settings.ok()) {
    return fail(settings.status().message(), ModelFailed);
  }
  archive.settings = std::move(settings).value();
  archive.details.model = request.model;
  archive.details.domain = domain_of(request.hearing.prompts.front(), model.info);
  archive.details.language = language_of(archive.details.domain, model.info);
  archive.details.delay_seconds = model.info.delay_seconds;
  archive.details.tokens = request.tokens;
  archive.details.codes = request.codes;
  archive.details.cue_shape = request.cue_shape;
  return run(archive, model);
}

}  // namespace kyutaistt::program
