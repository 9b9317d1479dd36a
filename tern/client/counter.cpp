#include "tern/client/counter.hpp"

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

Counter::Counter(Spec spec) : spec_(std::move(spec)) {}

Counter::~Counter() { close(); }

std::string Counter::label() const { return spec_.cnc->counters().label(id()); }

memory::CounterState Counter::state() const { return spec_.cnc->counters().state(id()); }

void Counter::close() noexcept { spec_.conductor->close(*this); }

}  // namespace tern::client
