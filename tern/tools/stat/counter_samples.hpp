#pragma once
// The counters of a driver as they were at one moment: copies, so that what is made of them is a
// plain function of values. Nothing that the file says is trusted.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/memory/counters.hpp"

namespace tern::tools {

struct CounterSample {
    std::int32_t id = 0;
    std::int32_t type_id = 0;
    std::int64_t registration_id = 0;
    std::int64_t owner_id = 0;
    std::int64_t reference_id = 0;
    std::int64_t value = 0;
    std::array<std::byte, memory::kMaxCounterKeyLength> key{};
    std::string label = {};
};

/// All allocated counters, in order of id. A counter that was freed, or freed and given out again,
/// while it was being read is left out (TRN-9.4).
[[nodiscard]] std::vector<CounterSample> sample_counters(const memory::CountersReader& counters);

}  // namespace tern::tools
