#include "tern/tools/stat/counter_samples.hpp"

#include <algorithm>
#include <utility>

namespace tern::tools {

std::vector<CounterSample> sample_counters(const memory::CountersReader& counters) {
    std::vector<CounterSample> samples;
    counters.for_each([&](std::int32_t id) {
        CounterSample sample;
        sample.id = id;
        sample.registration_id = counters.registration_id(id);
        sample.type_id = counters.type_id(id);
        sample.owner_id = counters.owner_id(id);
        sample.reference_id = counters.reference_id(id);
        sample.value = counters.value(id);
        std::ranges::copy(counters.key(id), sample.key.begin());
        sample.label = counters.label(id);
        if (counters.state(id) == memory::CounterState::allocated &&
            counters.registration_id(id) == sample.registration_id) {
            samples.push_back(std::move(sample));
        }
    });
    return samples;
}

}  // namespace tern::tools
