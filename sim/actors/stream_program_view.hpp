#pragma once
// A program as its publishers and subscribers see it, and what they are to do.
//
// Thread safety: none.

#include <cstdint>
#include <functional>
#include <string>

#include "sim/checkers/stream_ledger.hpp"
#include "sim/harness/run.hpp"

namespace tern::sim {

/// What the scenario wants of all publishers and subscribers now.
struct StreamTraffic {
    bool is_sending = true;
    bool is_restless = true;  ///< they pause, close, and begin anew
    bool is_ending = false;   ///< publishers send a last burst and close, for good
};

/// A program as its publishers and subscribers see it.
struct StreamProgramView {
    Run& run;
    StreamLedger& ledger;
    const StreamTraffic& traffic;
    std::uint32_t host;
    std::function<bool()> is_alive;    ///< the program
    std::function<bool()> has_driver;  ///< the driver that its client is connected to
    std::function<void(const std::string&)> tell;
};

}  // namespace tern::sim
