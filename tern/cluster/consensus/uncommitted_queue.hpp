#pragma once
// Effects that the leader applied when it appended their cause to the log, waiting for that
// position to be committed (CON-7.10): dropped when it is, undone when leadership ends before.
//
// Positions are pushed in ascending order. Thread safety: none.

#include <cstdint>
#include <deque>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::cluster {

template <typename T>
class UncommittedQueue {
  public:
    void push(std::int64_t log_position, T effect) {
        TERN_ASSERT(queue_.empty() || queue_.back().first <= log_position,
                    "effects are applied in log order");
        queue_.emplace_back(log_position, std::move(effect));
    }

    /// Drops what is committed, oldest first: action(effect).
    template <typename Action>
    void sweep(std::int64_t commit_position, Action&& action) {
        while (!queue_.empty() && queue_.front().first <= commit_position) {
            action(queue_.front().second);
            queue_.pop_front();
        }
    }
    void sweep(std::int64_t commit_position) {
        sweep(commit_position, [](const T&) {});
    }

    /// Drops what is committed and undoes the rest, newest first: action(effect).
    template <typename Action>
    void restore(std::int64_t commit_position, Action&& action) {
        sweep(commit_position);
        while (!queue_.empty()) {
            action(queue_.back().second);
            queue_.pop_back();
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }

  private:
    std::deque<std::pair<std::int64_t, T>> queue_;
};

}  // namespace tern::cluster
