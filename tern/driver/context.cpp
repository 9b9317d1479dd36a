#include "tern/driver/context.hpp"

#include <fmt/format.h>

#include "tern/base/math.hpp"
#include "tern/logbuffer/position.hpp"

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

void check_lengths(const DriverContext& context) {
    const DriverContext defaults;
    logbuffer::check_term_length(context.term_buffer_length);
    logbuffer::check_term_length(context.ipc_term_buffer_length);
    logbuffer::check_page_size(context.file_page_size);
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
    if (context.reserved_session_id_low > context.reserved_session_id_high) {
        throw ConfigurationError(fmt::format(
            "publication_reserved_session_id_low={} > publication_reserved_session_id_high={}",
            context.reserved_session_id_low, context.reserved_session_id_high));
    }
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
