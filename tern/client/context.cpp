#include "tern/client/context.hpp"

#include <fmt/format.h>

namespace tern::client {

namespace {

void require(bool condition, std::string_view field, std::string_view expected) {
    if (condition) return;
    throw ConfigurationError(fmt::format("client context: {} must be {}", field, expected));
}

}  // namespace

Context Context::from_properties(const Properties& properties) {
    Context context;
    context.aeron_directory = properties.get("aeron.dir", "");
    context.client_name = properties.get("aeron.client.name", "");
    context.driver_timeout_ns =
        kNanosPerMilli * properties.get_int("aeron.driver.timeout",
                                            context.driver_timeout_ns / kNanosPerMilli, 1,
                                            INT64_MAX / kNanosPerMilli);
    context.idle_sleep_duration_ns = properties.get_duration_ns(
        "aeron.client.idle.sleep.duration", context.idle_sleep_duration_ns, 0, kNanosPerSecond);
    context.resource_linger_ns = properties.get_duration_ns("aeron.client.resource.linger.duration",
                                                            context.resource_linger_ns);
    context.pre_touch_mapped_memory = properties.get_bool(
        "aeron.client.pre.touch.mapped.memory",
        properties.get_bool("aeron.pre.touch.mapped.memory", context.pre_touch_mapped_memory));
    return context;
}

Context Context::from_environment(platform::Platform platform) {
    Properties properties;
    properties.set_from_environment(platform.system.environment());
    return from_properties(properties);
}

void Context::conclude(platform::Platform platform) {
    if (aeron_directory.empty()) {
        aeron_directory = platform.system.environment("AERON_DIR").value_or("");
    }
    if (aeron_directory.empty()) aeron_directory = default_aeron_directory(platform);
    aeron_directory = platform.storage.absolute(aeron_directory);
    require(client_name.size() <= kMaxClientNameLength, "client_name", "at most 100 characters");
    require(driver_timeout_ns > 0, "driver_timeout_ns", "positive");
    require(keepalive_interval_ns > 0, "keepalive_interval_ns", "positive");
    require(idle_sleep_duration_ns >= 0 && idle_sleep_duration_ns <= kNanosPerSecond,
            "idle_sleep_duration_ns", "0 to 1s");
    require(resource_linger_ns >= 0, "resource_linger_ns", "not negative");
}

std::string default_aeron_directory(platform::Platform platform) {
    const std::string name = "aeron-" + platform.system.user_name();
    constexpr const char* kSharedMemory = "/dev/shm";
    return platform::join_path(platform.storage.is_directory(kSharedMemory)
                                   ? kSharedMemory
                                   : platform.system.temporary_directory(),
                               name);
}

std::string random_aeron_directory(platform::Platform platform) {
    const std::uint64_t high = platform.random.next_u64();
    const std::uint64_t low = platform.random.next_u64();
    return fmt::format("{}-{:016x}{:016x}", default_aeron_directory(platform), high, low);
}

}  // namespace tern::client
