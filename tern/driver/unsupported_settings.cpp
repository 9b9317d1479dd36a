// Settings of upstream's drivers that this one refuses, and those that are somebody else's
// (DRV-4.3).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "tern/driver/configuration.hpp"

namespace tern::driver {
namespace {

constexpr std::string_view kNoLibraries = "this driver loads no libraries";
constexpr std::string_view kNoInterceptors = "this driver intercepts incoming datagrams only";
constexpr std::string_view kNoEventLog = "this driver writes no event log; unset it";
constexpr std::string_view kNoResourceAgent =
    "the conductor does the work of upstream's native resource agent; unset it";
constexpr std::string_view kNoCpuset =
    "name the CPUs with aeron.conductor.cpu.affinity and its kin, or start it under taskset";
constexpr std::string_view kNoSuppliers = "this driver has only its own channel endpoints";

/// One that is refused unless its value asks for what this driver does anyway.
struct Unsupported {
    std::string_view name;
    std::string_view reason;
    std::array<std::string_view, 3> harmless = {};
};

constexpr std::array kUnsupported{
    Unsupported{"aeron.agent.on.start.function", kNoLibraries},
    Unsupported{"aeron.driver.dynamic.libraries", kNoLibraries},
    Unsupported{"aeron.driver.cpuset.affinity", kNoCpuset, {"false", "0", "off"}},
    Unsupported{"aeron.driver.cpuset.warnings.as.errors", kNoCpuset, {"false", "0", "off"}},
    Unsupported{"aeron.driver.native.resource.agent.idle.strategy", kNoResourceAgent},
    Unsupported{"aeron.driver.native.resource.agent.idle.strategy.init.args", kNoResourceAgent},
    Unsupported{"aeron.driver.native.resource.agent.cpu.affinity", kNoResourceAgent, {"-1"}},
    Unsupported{"aeron.udp.channel.transport.bindings.media", kNoLibraries, {"default"}},
    Unsupported{"aeron.conductor.udp.channel.transport.bindings.media", kNoLibraries, {"default"}},
    Unsupported{"aeron.udp.channel.outgoing.interceptors", kNoInterceptors},
    Unsupported{"aeron.debug.send.data.loss.rate", kNoInterceptors},
    Unsupported{"aeron.debug.send.data.loss.seed", kNoInterceptors},
    Unsupported{"aeron.debug.send.control.loss.rate", kNoInterceptors},
    Unsupported{"aeron.debug.send.control.loss.seed", kNoInterceptors},
    Unsupported{"aeron.debug.receive.data.loss.rate", kNoInterceptors},
    Unsupported{"aeron.debug.receive.data.loss.seed", kNoInterceptors},
    Unsupported{"aeron.debug.receive.control.loss.rate", kNoInterceptors},
    Unsupported{"aeron.debug.receive.control.loss.seed", kNoInterceptors},
    Unsupported{"aeron.event.log", kNoEventLog},
    Unsupported{"aeron.event.log.disable", kNoEventLog},
    Unsupported{"aeron.event.log.filename", kNoEventLog},
    Unsupported{"aeron.event.log.file.max.length", kNoEventLog},
    Unsupported{"aeron.SendChannelEndpoint.supplier",
                kNoSuppliers,
                {"io.aeron.driver.DefaultSendChannelEndpointSupplier"}},
    Unsupported{"aeron.ReceiveChannelEndpoint.supplier",
                kNoSuppliers,
                {"io.aeron.driver.DefaultReceiveChannelEndpointSupplier"}},
    Unsupported{"aeron.flow.control.sm.applicationSpecificFeedback",
                "upstream has replaced it by aeron.receiver.group.tag; use that"},
};

/// Settings that upstream reads on this system, too, without doing anything else.
constexpr std::array<std::string_view, 2> kWithoutEffect{
    "aeron.enable.experimental.features",  // gates nothing at present
    "aeron.use.windows.high.res.timer",    // on Windows only
};

/// Sent by upstream's test launcher, read by no upstream driver.
constexpr std::string_view kReadByNobody = "aeron.native.resource.agent.idle.strategy";

constexpr std::string_view kTransportSecurity = "AERON_TRANSPORT_SECURITY";

/// Beginnings of the folded names of other components' settings.
constexpr std::array<std::string_view, 7> kOthers{
    "AERON_ARCHIVE_", "AERON_CLUSTER_",       "AERON_CLIENT_",   "AERON_EVENT_ARCHIVE_",
    "AERON_SAMPLE_",  "AERON_EVENT_CLUSTER_", "AERON_PRE_TOUCH_"};

}  // namespace

void refuse_unsupported_settings(const Properties& properties) {
    for (const Unsupported& each : kUnsupported) {
        const auto value = properties.find(each.name);
        if (!value || std::ranges::find(each.harmless, *value) != each.harmless.end()) continue;
        throw ConfigurationError(
            fmt::format("{}={} is not supported: {}", each.name, *value, each.reason));
    }
    for (const std::string_view name : kWithoutEffect) {
        static_cast<void>(properties.get_bool(name, false));
    }
    static_cast<void>(properties.find(kReadByNobody));
    for (const std::string& name : properties.unused()) {
        if (!Properties::fold(name).starts_with(kTransportSecurity)) continue;
        throw ConfigurationError(
            fmt::format("{} is not supported: this driver has no transport security", name));
    }
}

std::vector<std::string> unknown_driver_settings(const Properties& properties) {
    std::vector<std::string> unknown;
    for (std::string& name : properties.unused()) {
        const std::string folded = Properties::fold(name);
        const bool is_others = std::ranges::any_of(
            kOthers, [&](std::string_view prefix) { return folded.starts_with(prefix); });
        if (folded.starts_with("AERON_") && !is_others) unknown.push_back(std::move(name));
    }
    return unknown;
}

}  // namespace tern::driver
