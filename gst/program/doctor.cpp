// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt doctor`: whether this machine has what is needed, and what to do where it has not.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <limits>
#include <memory>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/model.h>
#include <kyutaistt/option_names.h>

#include "program/commands.h"

namespace kyutaistt::program {

namespace {

/// Prints findings and counts those that are faults.
class Findings {
 public:
  void good(const char *what, const std::string &text) { print("ok", what, text); }
  /// Works, but not all of it.
  void note(const char *what, const std::string &text) { print("note", what, text); }
  void fault(const char *what, const std::string &text) {
    print("wrong", what, text);
    ++faults_;
  }
  int faults() const { return faults_; }

 private:
  static void print(const char *mark, const char *what, const std::string &text) {
    constexpr int mark_width = 7;
    constexpr int what_width = 16;
    std::cout << std::left << std::setw(mark_width) << mark << std::setw(what_width) << what << text
              << "\n";
  }

  int faults_ = 0;
};

struct UnrefObject {
  void operator()(gpointer object) const { gst_object_unref(object); }
};

using Factory = std::unique_ptr<GstElementFactory, UnrefObject>;

/// Cores that the process may use by its affinity.
int cores_by_affinity() {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 0;
}

void check_processor(Findings &findings) {
  const auto tiny = Model::synthetic("tiny");
  if (!tiny.ok()) {
    findings.fault("processor", tiny.status().message());
    return;
  }
  const LoadedInfo &loaded = tiny.value()->loaded();
  findings.good("processor", loaded.instruction_set + (std::getenv("KYUTAISTT_INSTRUCTION_SET")
                                                           ? ", as KYUTAISTT_INSTRUCTION_SET says"
                                                           : ", the best that it has"));
  const int online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const int allowed = cores_by_affinity();
  std::string threads = std::to_string(loaded.threads) + " on " + std::to_string(online) + " cores";
  if (loaded.threads < allowed) {
    findings.note("threads", threads + ": the control group's quota allows no more");
  } else if (allowed < online) {
    findings.note("threads", threads + ": the affinity of the process allows no more");
  } else {
    findings.good("threads", threads);
  }
}

void check_gstreamer(Findings &findings) {
  gchar *version = gst_version_string();
  findings.good("GStreamer", version);
  g_free(version);
  for (const char *name : {"filesrc", "fdsrc", "appsink", "uridecodebin", "typefind"}) {
    if (!Factory(gst_element_factory_find(name))) {
      findings.fault("GStreamer", std::string("the element ") + name +
                                      " was not found; on Debian: apt install "
                                      "gstreamer1.0-plugins-base");
    }
  }
}

void check_plugin(Findings &findings) {
  const Factory factory(gst_element_factory_find("kyutaistt"));
  if (!factory) {
    findings.note("plugin",
                  "the element kyutaistt was not found, so there is only this program: add its "
                  "folder to GST_PLUGIN_PATH");
    return;
  }
  const std::unique_ptr<GstPlugin, UnrefObject> plugin(
      gst_plugin_feature_get_plugin(GST_PLUGIN_FEATURE(factory.get())));
  const gchar *file = plugin ? gst_plugin_get_filename(plugin.get()) : nullptr;
  const std::string where = file != nullptr ? file : "unknown file";
  const std::string version = plugin ? gst_plugin_get_version(plugin.get()) : "";
  if (version != KYUTAISTT_VERSION) {
    findings.fault("plugin", where + ": found version " + version +
                                 ", expected " KYUTAISTT_VERSION ", as of this program");
  } else {
    findings.good("plugin", where);
  }
}

/// A kind of audio file or stream, and who can read it.
struct Medium {
  const char *name;
  const char *caps;
  GstElementFactoryListType kind;
  const char *package;
};

bool can_read(const Medium &medium) {
  GstCaps *caps = gst_caps_from_string(medium.caps);
  GList *all = gst_element_factory_list_get_elements(medium.kind, GST_RANK_MARGINAL);
  GList *able = gst_element_factory_list_filter(all, caps, GST_PAD_SINK, FALSE);
  const bool found = able != nullptr;
  gst_plugin_feature_list_free(able);
  gst_plugin_feature_list_free(all);
  gst_caps_unref(caps);
  return found;
}

void check_decoders(Findings &findings) {
  constexpr GstElementFactoryListType container = GST_ELEMENT_FACTORY_TYPE_DEMUXER;
  constexpr GstElementFactoryListType codec = GST_ELEMENT_FACTORY_TYPE_DECODER;
  const Medium media[] = {
      {"WAV", "audio/x-wav", container, "gstreamer1.0-plugins-good"},
      {"FLAC", "audio/x-flac", codec, "gstreamer1.0-plugins-good"},
      {"MP3", "audio/mpeg, mpegversion=1, layer=3", codec, "gstreamer1.0-plugins-good"},
      {"AAC", "audio/mpeg, mpegversion=4", codec, "gstreamer1.0-libav"},
      {"AC-3", "audio/x-ac3", codec, "gstreamer1.0-libav"},
      {"Opus", "audio/x-opus", codec, "gstreamer1.0-plugins-base"},
      {"Vorbis", "audio/x-vorbis", codec, "gstreamer1.0-plugins-base"},
      {"Ogg", "application/ogg", container, "gstreamer1.0-plugins-base"},
      {"MP4", "video/quicktime", container, "gstreamer1.0-plugins-good"},
      {"Matroska", "video/x-matroska", container, "gstreamer1.0-plugins-good"},
      {"MPEG-TS", "video/mpegts, systemstream=true", container, "gstreamer1.0-plugins-bad"},
  };
  std::string readable;
  for (const Medium &medium : media) {
    if (can_read(medium)) {
      readable += (readable.empty() ? "" : ", ") + std::string(medium.name);
    } else {
      findings.note("decoders", std::string(medium.name) +
                                    " cannot be read; on Debian: apt install " + medium.package);
    }
  }
  if (readable.empty()) {
    findings.fault("decoders", "no file can be read, expected at least WAV");
  } else {
    findings.good("decoders", readable);
  }
}

/// A number in a file of /proc or /sys, after a name if there is one; the largest if it is not
/// there.
uint64_t read_number(const std::string &path, const std::string &name = "") {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    uint64_t number = 0;
    if (name.empty()) {
      return word == "max" ? std::numeric_limits<uint64_t>::max()
                           : std::strtoull(word.c_str(), nullptr, 0);
    }
    if (word == name && file >> number) {
      return number;
    }
  }
  return std::numeric_limits<uint64_t>::max();
}

uint64_t available_bytes() {
  constexpr uint64_t kilobyte = 1024;
  constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
  const uint64_t machine = read_number("/proc/meminfo", "MemAvailable:");
  return std::min(machine == most ? most : machine * kilobyte,
                  read_number("/sys/fs/cgroup/memory.max"));
}

std::string megabytes(uint64_t bytes) {
  constexpr uint64_t mega = 1000000;
  return std::to_string(bytes / mega) + " MB";
}

void check_memory(Findings &findings, const ModelInfo &model) {
  const uint64_t available = available_bytes();
  const std::string text = megabytes(available) + " available; the model's files have " +
                           megabytes(model.file_bytes) + ", each stream takes " +
                           megabytes(model.memory_per_stream_bytes);
  // Four bits for each is the least that they can be held in.
  if (available < model.parameters / 2) {
    findings.fault("memory", text);
  } else if (available < model.file_bytes) {
    findings.note("memory", text + ": a smaller --precision may fit");
  } else {
    findings.good("memory", text);
  }
}

void check_model(Findings &findings, const std::string &name) {
  const auto folder = find_model(name);
  const auto model =
      folder.ok() ? inspect_model(folder.value()) : Result<ModelInfo>(folder.status());
  if (!model.ok()) {
    findings.fault("model", model.status().message());
    return;
  }
  std::string domains;
  for (const Domain &domain : model.value().domains) {
    domains += (domains.empty() ? ", domains " : " ") + domain.name;
  }
  findings.good("model", folder.value() + domains);
  for (const std::string &warning : model.value().warnings) {
    findings.note("model", warning);
  }
  if (model.value().packed_precision == Precision::Auto) {
    findings.note("model",
                  "its weights are packed whenever it is loaded, which quantize does once");
  }
  check_memory(findings, model.value());
}

}  // namespace

const std::vector<OptionSpec> &doctor_options() {
  static const std::vector<OptionSpec> specs = {{"--help", nullptr, "print this help"}};
  return specs;
}

int doctor(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, doctor_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "doctor");
  }
  const std::vector<std::string> &operands = arguments.value().operands();
  if (operands.size() > 1) {
    return fail_usage("expected one MODEL, or none", "doctor");
  }
  Findings findings;
  findings.good("kyutaistt", KYUTAISTT_VERSION);
  check_processor(findings);
  check_gstreamer(findings);
  check_plugin(findings);
  check_decoders(findings);
  if (!operands.empty()) {
    check_model(findings, operands.front());
  }
  return findings.faults() == 0 ? Success : FileFailed;
}

}  // namespace kyutaistt::program
