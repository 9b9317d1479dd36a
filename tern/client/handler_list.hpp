#pragma once
// Handlers with ids, called in the order in which they were added; they may add and remove handlers
// while they are called. Thread safety: none, its owner's lock.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

namespace tern::client {

template <typename Handler>
class HandlerList {
  public:
    void add(std::int64_t id, Handler handler) { entries_.push_back({id, std::move(handler)}); }

    bool remove(std::int64_t id) {
        const auto found = std::ranges::find(entries_, id, &Entry::id);
        if (found == entries_.end()) return false;
        found->id = kRemoved;  // not erased, nor its handler destroyed: it may be running
        if (visiting_ == 0) sweep();
        return true;
    }

    /// Calls visit(handler) for each handler that was there at the beginning and still is.
    template <typename Visit>
    void for_each(Visit&& visit) {
        const std::size_t count = entries_.size();
        ++visiting_;
        for (std::size_t i = 0; i < count; ++i) {
            if (entries_[i].id != kRemoved) visit(entries_[i].handler);
        }
        if (--visiting_ == 0) sweep();
    }

  private:
    static constexpr std::int64_t kRemoved = INT64_MIN;
    struct Entry {
        std::int64_t id;
        Handler handler;
    };
    void sweep() {
        std::erase_if(entries_, [](const Entry& entry) { return entry.id == kRemoved; });
    }

    std::deque<Entry> entries_;  // adding does not move the others
    int visiting_ = 0;
};

}  // namespace tern::client
