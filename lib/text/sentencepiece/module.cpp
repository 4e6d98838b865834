// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/sentencepiece/module.h"

#include <sentencepiece_processor.h>

#include <kyutaistt/export.h>

extern "C" KYUTAISTT_PUBLIC const char *kyutaistt_module_version() {
  return KYUTAISTT_VERSION;
}

extern "C" KYUTAISTT_PUBLIC bool kyutaistt_read_sentencepiece(std::span<const std::byte> model,
                                                              std::vector<std::string> &pieces,
                                                              std::string &reason) {
  sentencepiece::SentencePieceProcessor processor;
  const auto status = processor.LoadFromSerializedProto(
      {reinterpret_cast<const char *>(model.data()), model.size()});
  if (!status.ok()) {
    reason = status.message();
    return false;
  }
  for (int token = 0; token < processor.GetPieceSize(); ++token) {
    const bool has_text =
        !processor.IsControl(token) && !processor.IsUnknown(token) && !processor.IsUnused(token);
    pieces.push_back(has_text ? processor.IdToPiece(token) : std::string());
  }
  return true;
}
