// SPDX-License-Identifier: LGPL-2.1-or-later
/// Recognises many files with one engine.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "program/file_recognition.h"

namespace kyutaistt::program {

using Jobs = std::vector<std::unique_ptr<Job>>;

/// How many recordings of a list are recognised at the same time by default. They share the reading
/// of the weights.
inline constexpr int default_parallel = 4;
/// The limit of an engine.
inline constexpr int max_parallel = 64;

/// Recognises the jobs that are not done, in their order, `parallel` at a time. Meanwhile calls
/// `watch` on the calling thread, after changes and several times a second, the last time when all
/// are done. After an interruption, jobs that have not begun are marked as done and left unchanged.
void recognise_jobs(Engine &engine, Hearing hearing, const Jobs &jobs, int parallel,
                    const std::function<void()> &watch);

}  // namespace kyutaistt::program
