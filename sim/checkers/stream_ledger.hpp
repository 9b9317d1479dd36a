#pragma once
// All streams of a run: who published what, and for how long.
//
// It outlives the processes. A stream has a key; each publication of it is a session. Publishers
// write down what they do, subscribers ask what they should get.
//
// Thread safety: none.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "sim/checkers/stream_checker.hpp"

namespace tern::sim {

struct StreamSession {
    StreamSession(std::uint64_t key, std::int32_t session_id)
        : writer(key, static_cast<std::uint32_t>(session_id)) {}

    StreamWriter writer;
    std::uint32_t host = 0;  ///< where it is published
    std::int32_t initial_term_id = 0;
    int handles = 0;       ///< publications of it that are open
    int dead_handles = 0;  ///< of those, that nobody will close: their program has died
    /// Whether the driver that it was added at is still there; empty: it was not found yet.
    std::function<bool()> has_driver;
    std::int64_t closed_ns = -1;     ///< when the last handle was closed; -1: it was not
    std::int64_t unreached_ns = -1;  ///< when it lacked one of its destinations last; -1: never
    bool is_revoked = false;         ///< what was not read yet when it closed may be lost
    std::uint64_t mark = 0;          ///< how many were sent when the scenario looked last

    [[nodiscard]] bool is_open() const { return handles > dead_handles && has_driver(); }
};

class StreamLedger {
  public:
    /// Made when it is asked for the first time. Stays where it is.
    [[nodiscard]] StreamSession& session(std::uint64_t key, std::int32_t session_id) {
        auto& found = sessions_[{key, session_id}];
        if (!found) found = std::make_unique<StreamSession>(key, session_id);
        return *found;
    }
    /// In an order that is the same in every run.
    template <typename Visit>
    void for_each(Visit&& visit) {
        for (auto& [id, session] : sessions_) visit(id.first, id.second, *session);
    }

  private:
    std::map<std::pair<std::uint64_t, std::int32_t>, std::unique_ptr<StreamSession>> sessions_;
};

}  // namespace tern::sim
