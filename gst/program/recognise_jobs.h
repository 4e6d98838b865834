// SPDX-License-Identifier: LGPL-2.1-or-later
/// Many files' way through the engine.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "program/file_recognition.h"

namespace kyutaistt::program {

using Jobs = std::vector<std::unique_ptr<Job>>;

/// Files that are recognised at the same time unless more are asked for: they share the reading of
/// the weights.
inline constexpr int default_parallel = 4;
/// What an engine takes.
inline constexpr int max_parallel = 64;

/// Recognises the jobs that are not done, in their order and so many at a time. Meanwhile `watch`
/// is called on the calling thread, whenever something has changed and several times a second; the
/// last time when all are done. After an interruption the jobs that were not begun are left as they
/// are and count as done.
void recognise_jobs(Engine &engine, Hearing hearing, const Jobs &jobs, int parallel,
                    const std::function<void()> &watch);

}  // namespace kyutaistt::program
