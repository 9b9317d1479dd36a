#include "tern/driver/context.hpp"

#include <fmt/format.h>

#include "tern/base/math.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/wire/resolution_frames.hpp"

namespace tern::driver {
namespace {

constexpr std::int64_t kMaxUdpPayloadLength = 65504;

void check_mtu(std::int64_t mtu_length) {
    if (mtu_length <= logbuffer::kDataHeaderLength || mtu_length > kMaxUdpPayloadLength) {
        throw ConfigurationError(fmt::format(
            "mtuLength must be a > HEADER_LENGTH and <= MAX_UDP_PAYLOAD_LENGTH: mtuLength={}",
            mtu_length));
    }
    if (!is_aligned<std::int64_t>(mtu_length, logbuffer::kFrameAlignment)) {
        throw ConfigurationError(fmt::format(
            "mtuLength must be a multiple of FRAME_ALIGNMENT: mtuLength={}", mtu_length));
    }
}

void check_range(std::string_view name, std::int64_t value, std::int64_t min, std::int64_t max) {
    if (value < min) {
        throw ConfigurationError(
            fmt::format("{} less than min size of {}: value={}", name, min, value));
    }
    if (value > max) {
        throw ConfigurationError(
            fmt::format("{} greater than max size of {}: value={}", name, max, value));
    }
}

void check_buffer(std::string_view name, std::int64_t length, std::int64_t min,
                  std::int64_t trailer) {
    check_range(name, length, min, INT32_MAX);
    if (!is_power_of_two(length - trailer)) {
        throw ConfigurationError(
            fmt::format("{} must be a power of two plus {}: value={}", name, trailer, length));
    }
}

void check_longer(std::string_view name, std::int64_t timeout_ns, std::string_view than,
                  std::int64_t other_ns) {
    if (timeout_ns <= other_ns) {
        throw ConfigurationError(fmt::format("{}={} <= {}={}", name, timeout_ns, than, other_ns));
    }
}

/// What a channel may not ask for, a configuration may not either.
template <typename Check>
void check_setting(Check&& check) {
    try {
        check();
    } catch (const Error& error) {
        throw ConfigurationError(error.what());
    }
}

void check_lengths(const DriverContext& context) {
    const DriverContext defaults;
    check_setting([&] { logbuffer::check_term_length(context.term_buffer_length); });
    check_setting([&] { logbuffer::check_term_length(context.ipc_term_buffer_length); });
    check_setting([&] { logbuffer::check_page_size(context.file_page_size); });
    check_mtu(context.mtu_length);
    check_mtu(context.ipc_mtu_length);
    check_buffer("to_driver_buffer_length", context.to_driver_buffer_length,
                 defaults.to_driver_buffer_length, 768);
    check_buffer("to_clients_buffer_length", context.to_clients_buffer_length,
                 defaults.to_clients_buffer_length, 128);
    check_range("counters_values_buffer_length", context.counters_values_buffer_length, 1 << 20,
                500 << 20);
    check_range("error_buffer_length", context.error_buffer_length, defaults.error_buffer_length,
                INT32_MAX);
    check_range("loss_report_buffer_length", context.loss_report_buffer_length, 1024, INT32_MAX);
    check_range("publication_window_length", context.publication_window_length, 0,
                logbuffer::kTermMaxLength);
    check_range("ipc_publication_window_length", context.ipc_publication_window_length, 0,
                logbuffer::kTermMaxLength);
    if (context.mtu_length > context.initial_window_length) {
        throw ConfigurationError(fmt::format("mtuLength={} > initialWindowLength={}",
                                             context.mtu_length, context.initial_window_length));
    }
}

void check_idle_strategies(const DriverContext& context) {
    for (const IdleStrategyChoice* const choice :
         {&context.conductor_idle_strategy, &context.sender_idle_strategy,
          &context.receiver_idle_strategy, &context.shared_network_idle_strategy,
          &context.shared_idle_strategy}) {
        static_cast<void>(platform::make_idle_strategy(choice->name, choice->options));
    }
}

void check_session_ids(const DriverContext& context) {
    const std::int64_t low = context.reserved_session_id_low;
    const std::int64_t high = context.reserved_session_id_high;
    if (low > high) {
        throw ConfigurationError(fmt::format(
            "publication_reserved_session_id_low={} > publication_reserved_session_id_high={}", low,
            high));
    }
    if (high - low > INT32_MAX) {
        throw ConfigurationError(
            fmt::format("reserved range of session ids too long: {} to {}", low, high));
    }
}

void check_nak_delay(const DriverContext& context) {
    const std::int64_t delay_ns = context.nak_unicast_delay_ns;
    const std::int64_t ratio = context.nak_unicast_retry_delay_ratio;
    if (delay_ns <= INT64_MAX / ratio) return;
    throw ConfigurationError(
        fmt::format("nak_unicast_delay_ns ({}) * nak_unicast_retry_delay_ratio ({}) exceeds {}",
                    delay_ns, ratio, INT64_MAX));
}

void check_name_resolution(const NameResolution& names) {
    if (names.uses_table() && names.csv_table.empty()) {
        throw ConfigurationError(
            "No CSV configuration, please specify: AERON_NAME_RESOLVER_INIT_ARGS");
    }
    if (!names.interface.empty() && names.name.empty()) {
        throw ConfigurationError("`resolverName` is required when `resolverInterface` is set");
    }
    if (names.uses_drivers() && names.interface.empty()) {
        throw ConfigurationError("`resolverInterface` is required by name resolver `driver`");
    }
    if (names.name.size() > wire::kMaxResolverNameLength) {
        throw ConfigurationError(
            fmt::format("resolverName longer than {} bytes", wire::kMaxResolverNameLength));
    }
}

}  // namespace

std::string_view to_string(ThreadingMode mode) noexcept {
    switch (mode) {
        case ThreadingMode::dedicated:
            return "DEDICATED";
        case ThreadingMode::shared_network:
            return "SHARED_NETWORK";
        case ThreadingMode::shared:
            return "SHARED";
        case ThreadingMode::invoker:
            break;
    }
    return "INVOKER";
}

void check_context(const DriverContext& context) {
    check_lengths(context);
    static_cast<void>(make_loss_rules(context.incoming_loss));
    check_idle_strategies(context);
    check_session_ids(context);
    check_nak_delay(context);
    check_name_resolution(context.name_resolution);
    check_longer("publication_unblock_timeout_ns", context.publication_unblock_timeout_ns,
                 "client_liveness_timeout_ns", context.client_liveness_timeout_ns);
    const std::int64_t tick_ns = context.timer_interval_ns;
    check_longer("client_liveness_timeout_ns", context.client_liveness_timeout_ns,
                 "timer_interval_ns", tick_ns);
    check_longer("untethered_window_limit_timeout_ns", context.untethered_window_limit_timeout_ns,
                 "timer_interval_ns", tick_ns);
    check_longer("untethered_resting_timeout_ns", context.untethered_resting_timeout_ns,
                 "timer_interval_ns", tick_ns);
    if (context.untethered_linger_timeout_ns != kNullValue) {
        check_longer("untethered_linger_timeout_ns", context.untethered_linger_timeout_ns,
                     "timer_interval_ns", tick_ns);
    }
}

}  // namespace tern::driver
