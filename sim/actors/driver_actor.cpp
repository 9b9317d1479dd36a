#include "sim/actors/driver_actor.hpp"

#include <utility>

namespace tern::sim {

driver::DriverContext make_driver_context(std::string aeron_directory,
                                          driver::ThreadingMode threading) {
    driver::DriverContext context;
    context.aeron_directory = std::move(aeron_directory);
    context.threading_mode = threading;
    context.is_owner_driven = true;
    context.term_buffer_length = 64 * 1024;
    context.ipc_term_buffer_length = 64 * 1024;
    context.counters_values_buffer_length = 1 << 20;
    context.delete_directory_on_shutdown = true;
    context.error_handler = [](const std::exception&) {};
    return context;
}

void DriverActor::live(platform::Platform platform) {
    const auto driver = launch([&] { return driver::MediaDriver::launch(context_, platform); });
    if (!driver) return;
    driver_ = driver.get();
    for (Agent* agent : driver->agents()) run(*agent);
    while (!should_end()) idle(0);
    driver_ = nullptr;
    for (Agent* agent : driver->agents()) stop(*agent);
    driver->close();
}

/// A driver without room for its files does not start, or says so.
void DriverActor::on_error(const std::exception& error) {
    const FaultSet on = the_run().faults().on;
    const bool may_fail = on.has(FaultKind::disk_errors) || on.has(FaultKind::full_disk);
    if (!may_fail) return Actor::on_error(error);
    tell(error.what());
}

}  // namespace tern::sim
