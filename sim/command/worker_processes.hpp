#pragma once
// Runs numbered tasks in processes of their own, so that a crash of one is a result like others.
//
// Thread safety: none; to be called while the process has one thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace tern::sim {

/// A task that takes longer, in real time, hangs: its process is ended (SIGALRM).
inline constexpr unsigned kMaxTaskSeconds = 300;

struct TaskResult {
    std::uint64_t task = 0;
    std::optional<std::string> text;  ///< nullopt: its process died in the middle of it
    std::string death;                ///< how, then
};

/// Runs `do_task(0)` to `do_task(count - 1)` in `jobs` processes, and calls `on_result` here with
/// each result as it comes, in no order. It returns false to leave the rest undone. Throws Error
/// when no process can be made.
void run_in_processes(std::uint64_t count, int jobs,
                      const std::function<std::string(std::uint64_t)>& do_task,
                      const std::function<bool(const TaskResult&)>& on_result);

}  // namespace tern::sim
