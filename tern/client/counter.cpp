#include "tern/client/counter.hpp"

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

Counter::Counter(Spec spec) : spec_(std::move(spec)) {}

Counter::~Counter() { close(); }

std::string Counter::label() const { return spec_.cnc->counters().label(id()); }

memory::CounterState Counter::state() const { return spec_.cnc->counters().state(id()); }

void Counter::set_reference_id(std::int64_t reference_id) noexcept {
    if (is_closed()) return;
    memory::set_counter_reference_id(spec_.cnc->file().counters_values(), id(), reference_id);
}

void Counter::append_to_label(std::string_view suffix) noexcept {
    if (is_closed()) return;
    memory::append_to_counter_label(spec_.cnc->file().counters_metadata(), id(), suffix);
}

void Counter::close() noexcept { spec_.conductor->close(*this); }

}  // namespace tern::client
