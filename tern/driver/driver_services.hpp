#pragma once
// What the parts of the conductor share. A bundle of references: cheap, owns nothing.

#include "tern/driver/client_proxy.hpp"
#include "tern/driver/context.hpp"
#include "tern/driver/error_recorder.hpp"
#include "tern/driver/log_store.hpp"
#include "tern/driver/name_resolver.hpp"
#include "tern/memory/counters.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

struct DriverServices {
    const DriverContext& context;
    const platform::Platform& platform;
    memory::ManyToOneRingBuffer& to_driver;
    memory::CountersManager& counters_manager;
    const memory::SystemCounters& system_counters;
    ClientProxy& client_proxy;
    ErrorRecorder& errors;
    LogStore& logs;
    NameResolver& names;
};

}  // namespace tern::driver
