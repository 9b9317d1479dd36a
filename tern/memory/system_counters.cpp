#include "tern/memory/system_counters.hpp"

#include <fmt/format.h>

#include "tern/base/assert.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"
#include "tern/base/version.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::memory {

namespace {

constexpr std::array<std::string_view, kSystemCounterCount> kLabels{
    "Bytes sent",
    "Bytes received",
    "Failed offers to ReceiverProxy",
    "Failed offers to SenderProxy",
    "Failed offers to DriverConductorProxy",
    "NAKs sent",
    "NAKs received",
    "Status Messages sent",
    "Status Messages received",
    "Heartbeats sent",
    "Heartbeats received",
    "Retransmits sent",
    "Flow control under runs",
    "Flow control over runs",
    "Invalid packets",
    "Errors",
    "Short sends",
    "Failed attempts to free log buffers",
    "Sender flow control limits, i.e. back-pressure events",
    "Unblocked Publications",
    "Unblocked Control Commands",
    "Possible TTL Asymmetry",
    "ControllableIdleStrategy status",
    "Loss gap fills",
    "Client liveness timeouts",
    "Resolution changes",
    "Conductor max cycle time doing its work in ns",
    "Conductor work cycle exceeded threshold count",
    "Sender max cycle time doing its work in ns",
    "Sender work cycle exceeded threshold count",
    "Receiver max cycle time doing its work in ns",
    "Receiver work cycle exceeded threshold count",
    "NameResolver max time in ns",
    "NameResolver exceeded threshold count",
    "Aeron software",
    "Bytes currently mapped",
    "Retransmitted bytes",
    "Retransmit Pool Overflow count",
    "Error Frames received",
    "Error Frames sent",
    "Publications Revoked",
    "Publication Images Revoked",
    "Images rejected",
    "Control protocol version",
    "Status Messages rejected",
    "Failed offers to NativeResourceAgentProxy",
};
static_assert(!kLabels.back().empty());
static_assert(static_cast<std::size_t>(SystemCounter::native_resource_agent_proxy_fails) ==
              kSystemCounterCount - 1);

std::string threshold_suffix(std::int64_t threshold_ns, const std::string& threading_mode) {
    return fmt::format(": threshold={} {}", format_duration_ns(threshold_ns), threading_mode);
}

std::string label_suffix(SystemCounter counter, const SystemCounterLabels& labels) {
    switch (counter) {
        case SystemCounter::errors:
        case SystemCounter::aeron_version:
            return fmt::format(": version={} commit={}", kCompatibleVersion, kCommit);
        case SystemCounter::resolution_changes:
            return fmt::format(": driverName={}", labels.resolver_name);
        case SystemCounter::conductor_max_cycle_time:
        case SystemCounter::sender_max_cycle_time:
        case SystemCounter::receiver_max_cycle_time:
            return fmt::format(": {}", labels.threading_mode);
        case SystemCounter::conductor_cycle_time_threshold_exceeded:
            return threshold_suffix(labels.conductor_threshold_ns, labels.threading_mode);
        case SystemCounter::sender_cycle_time_threshold_exceeded:
            return threshold_suffix(labels.sender_threshold_ns, labels.threading_mode);
        case SystemCounter::receiver_cycle_time_threshold_exceeded:
            return threshold_suffix(labels.receiver_threshold_ns, labels.threading_mode);
        case SystemCounter::name_resolver_time_threshold_exceeded:
            return fmt::format(": threshold={}",
                               format_duration_ns(labels.name_resolver_threshold_ns));
        default:
            return {};
    }
}

}  // namespace

std::string_view system_counter_label(SystemCounter counter) noexcept {
    return kLabels[static_cast<std::size_t>(counter)];
}

SystemCounters::SystemCounters(CountersManager& manager, const SystemCounterLabels& labels) {
    for (std::size_t i = 0; i < kSystemCounterCount; ++i) {
        const auto id = static_cast<std::int32_t>(i);
        const auto counter = static_cast<SystemCounter>(id);
        const CounterKey key = i32_key(id);
        const std::string label =
            std::string(system_counter_label(counter)) + label_suffix(counter, labels);
        counters_[i] = manager.allocate({.type_id = counter_type::kSystem,
                                         .key = key.bytes(),
                                         .label = label,
                                         .registration_id = id,
                                         .owner_id = kNullValue});
        TERN_ASSERT(counters_[i].id() == id, "the first counters of a driver");
    }
    get(SystemCounter::aeron_version).set(kCompatibleVersionPacked);
    get(SystemCounter::control_protocol_version).set(kControlProtocolVersion);
}

}  // namespace tern::memory
