// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the module around sentencepiece exports. It is a module because Debian's libsentencepiece
/// exports a protobuf of its own, which replaces libtorch's in a program that loads both, and
/// crashes it. Loaded on demand and locally, neither sees the other.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

extern "C" {
/// Reads the pieces of a sentencepiece model file's content, by id; a piece without text (control,
/// unknown, unused) is empty. Returns false and the reason if the content is not such a model.
using KyutaisttReadSentencepiece = bool(std::span<const std::byte> model,
                                        std::vector<std::string> &pieces, std::string &reason);
}
