#pragma once
// The destinations of a multi-destination publication or subscription: added one by one, and now
// and then one is taken away and comes back.
//
// Part of a publisher or subscriber, in whose turns it works. Thread safety: none.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/actors/stream_program_view.hpp"
#include "tern/client/aeron.hpp"

namespace tern::sim {

struct DestinationOptions {
    std::vector<std::string> channels;     ///< none: it has no destinations of its own
    virtual_world::Range change_ns{0, 0};  ///< from one change to the next; {0, 0}: none changes
};

class ChangingDestinations {
  public:
    ChangingDestinations(const StreamProgramView& program, const DestinationOptions& options)
        : program_(program), options_(options) {}

    /// Of a new publication or subscription, which has none.
    void begin();
    /// `Handle`: client::Publication, ExclusivePublication or Subscription.
    template <typename Handle>
    int do_work(client::Aeron& aeron, Handle& handle) {
        if (options_.channels.empty()) return 0;
        if (is_missing_any()) missing_ns_ = program_.run.now_ns();
        if (pending_) return await(aeron);
        const auto change = next_change();
        if (!change) return 0;
        pending_ = change;
        command_id_ = change->is_added ? handle.async_add_destination(channel(*change))
                                       : handle.async_remove_destination(channel(*change));
        return 1;
    }
    /// When one was missing last; -1: never.
    [[nodiscard]] std::int64_t missing_ns() const noexcept { return missing_ns_; }

  private:
    struct Change {
        std::size_t number;
        bool is_added;
    };

    [[nodiscard]] bool is_missing_any() const noexcept;
    [[nodiscard]] std::optional<Change> next_change();
    [[nodiscard]] const std::string& channel(const Change& change) const {
        return options_.channels[change.number];
    }
    int await(client::Aeron& aeron);

    const StreamProgramView& program_;
    const DestinationOptions& options_;
    std::vector<bool> is_there_;
    std::optional<Change> pending_;
    std::int64_t command_id_ = 0;
    std::int64_t next_ns_ = 0;   // change, if any is planned
    std::int64_t retry_ns_ = 0;  // nothing before
    std::int64_t missing_ns_ = -1;
};

}  // namespace tern::sim
