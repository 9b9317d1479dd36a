#pragma once
// The proof that the simulator bites: each fault that can be planted is planted, and the scenarios
// that cover its room have to find it. Part of `tern sim`.

#include <cstdint>
#include <optional>

#include "tern/base/planted_fault.hpp"

namespace tern::sim {

struct ProofOptions {
    std::uint64_t first_seed = 1;
    std::uint64_t max_seeds = 500;  ///< of each scenario, for each fault
    std::int64_t duration_ns = 60'000'000'000;
    int jobs = 1;
    std::optional<Fault> only;  ///< this one; nullopt: all of them
};

/// Prints a table; true when every fault was found. Throws Error in builds without planted faults.
[[nodiscard]] bool prove_that_faults_are_found(const ProofOptions& options);

}  // namespace tern::sim
