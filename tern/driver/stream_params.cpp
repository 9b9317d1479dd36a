#include "tern/driver/stream_params.hpp"

#include <fmt/format.h>

#include "tern/logbuffer/position.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::driver {
namespace {

namespace key = wire::uri_key;

constexpr std::int64_t kMaxUdpPayloadLength = 65504;
constexpr std::int64_t kMaxResendLimit = 256;

void read_term_length(const wire::ChannelUri& uri, PublicationParams& params) {
    const auto length = uri.get_size(key::kTermLength);
    if (!length) return;
    logbuffer::check_term_length(*length);
    params.term_length = static_cast<std::int32_t>(*length);
    params.has_term_length = true;
}

void read_mtu(const wire::ChannelUri& uri, PublicationParams& params) {
    const auto mtu = uri.get_size(key::kMtu);
    if (!mtu) return;
    if (*mtu <= logbuffer::kDataHeaderLength || *mtu > kMaxUdpPayloadLength) {
        throw Error(fmt::format(
            "mtuLength must be a > HEADER_LENGTH and <= MAX_UDP_PAYLOAD_LENGTH: mtuLength={}",
            *mtu));
    }
    if (!is_aligned<std::int64_t>(*mtu, logbuffer::kFrameAlignment)) {
        throw Error(
            fmt::format("mtuLength must be a multiple of FRAME_ALIGNMENT: mtuLength={}", *mtu));
    }
    params.mtu_length = static_cast<std::int32_t>(*mtu);
    params.has_mtu_length = true;
}

void read_max_resend(const wire::ChannelUri& uri, PublicationParams& params) {
    const auto resend = uri.get_int32(key::kMaxResend);
    if (!resend) return;
    if (*resend <= 0 || *resend > kMaxResendLimit) {
        throw Error(
            fmt::format("invalid max-resend={}, must be > 0 and <= {}", *resend, kMaxResendLimit));
    }
    params.max_resend = *resend;
}

void read_window(const wire::ChannelUri& uri, std::int32_t configured, PublicationParams& params) {
    params.window_length = logbuffer::producer_window_length(params.term_length, configured);
    const auto window = uri.get_size(key::kPublicationWindow);
    if (!window) return;
    if (*window < params.mtu_length) {
        throw Error(
            fmt::format("pub-wnd={} cannot be less than the mtu={}", *window, params.mtu_length));
    }
    if (*window > params.term_length / 2) {
        throw Error(fmt::format("pub-wnd={} must not exceed half the term-length={}", *window,
                                params.term_length));
    }
    params.window_length = static_cast<std::int32_t>(*window);
}

void read_position(const wire::ChannelUri& uri, PublicationParams& params) {
    const auto initial_term_id = uri.get_int32(key::kInitialTermId);
    const auto term_id = uri.get_int32(key::kTermId);
    const auto term_offset = uri.get_int32(key::kTermOffset);
    if (!initial_term_id && !term_id && !term_offset) return;
    if (!initial_term_id || !term_id || !term_offset) {
        throw Error("params: init-term-id term-id term-offset must be used as a complete set");
    }
    if (wrapping_sub(*term_id, *initial_term_id) < 0) {
        throw Error(
            fmt::format("Param difference greater than 2^31 - 1: init-term-id={} term-offset={}",
                        *initial_term_id, *term_id));
    }
    if (*term_offset < 0 || *term_offset > params.term_length) {
        throw Error(
            fmt::format("Param term-offset={} > term-length={}", *term_offset, params.term_length));
    }
    if (!is_aligned(*term_offset, logbuffer::kFrameAlignment)) {
        throw Error(
            fmt::format("Param term-offset={} must be multiple of FRAME_ALIGNMENT", *term_offset));
    }
    params.initial_term_id = *initial_term_id;
    params.term_id = *term_id;
    params.term_offset = *term_offset;
    params.has_position = true;
}

void read_response_id(const wire::ChannelUri& uri, PublicationParams& params) {
    const auto text = uri.get(key::kResponseCorrelationId);
    if (!text) return;
    if (*text == "prototype") {
        params.response_correlation_id = kPrototypeCorrelationId;
        return;
    }
    params.response_correlation_id = uri.get_int64(key::kResponseCorrelationId).value_or(-1);
    if (params.response_correlation_id < -1) {
        throw Error(
            "invalid response-correlation-id, must be a number greater than or equal to -1, or "
            "'prototype'");
    }
}

void read_session(const wire::ChannelUri& uri, const std::optional<TaggedPublication>& tagged,
                  PublicationParams& params) {
    const auto tag = uri.session_id_tag();
    if (!tag) {
        params.session_id = uri.session_id();
        return;
    }
    if (!tagged) {
        throw Error(fmt::format("session-id=tag:{} must reference a network publication", *tag));
    }
    params.session_id = tagged->session_id;
    params.mtu_length = tagged->mtu_length;
    params.term_length = tagged->term_length;
    params.has_mtu_length = true;
    params.has_term_length = true;
}

void check_same(std::string_view param, std::int64_t existing, std::int64_t requested) {
    if (existing == requested) return;
    throw Error(fmt::format("existing publication has different '{}': existing={} requested={}",
                            param, existing, requested));
}

}  // namespace

std::int64_t PublicationParams::start_position() const noexcept {
    if (!has_position) return 0;
    return logbuffer::compute_position(term_id, term_offset, logbuffer::position_shift(term_length),
                                       initial_term_id);
}

UntetheredTimeouts untethered_timeouts(const wire::ChannelUri& uri, const DriverContext& context) {
    UntetheredTimeouts timeouts;
    timeouts.window_limit_ns = uri.get_duration_ns(key::kUntetheredWindowLimitTimeout)
                                   .value_or(context.untethered_window_limit_timeout_ns);
    timeouts.linger_ns = uri.get_duration_ns(key::kUntetheredLingerTimeout)
                             .value_or(context.untethered_linger_timeout_ns);
    if (timeouts.linger_ns <= 0) timeouts.linger_ns = timeouts.window_limit_ns;
    timeouts.resting_ns = uri.get_duration_ns(key::kUntetheredRestingTimeout)
                              .value_or(context.untethered_resting_timeout_ns);
    return timeouts;
}

PublicationParams publication_params(const wire::ChannelUri& uri, const DriverContext& context,
                                     const std::optional<TaggedPublication>& tagged) {
    const bool ipc = uri.is_ipc();
    PublicationParams params;
    params.term_length = ipc ? context.ipc_term_buffer_length : context.term_buffer_length;
    params.mtu_length = ipc ? context.ipc_mtu_length : context.mtu_length;
    params.max_resend = context.max_resend;
    read_session(uri, tagged, params);
    params.entity_tag = uri.entity_tag();
    params.linger_timeout_ns =
        uri.get_duration_ns(key::kLinger).value_or(context.publication_linger_timeout_ns);
    read_term_length(uri, params);
    read_max_resend(uri, params);
    read_mtu(uri, params);
    read_response_id(uri, params);
    const bool is_prototype = params.response_correlation_id == kPrototypeCorrelationId &&
                              uri.has_control_mode(wire::control_mode::kResponse);
    if (is_prototype) params.term_length = kPrototypeTermLength;
    read_window(uri,
                ipc ? context.ipc_publication_window_length : context.publication_window_length,
                params);
    read_position(uri, params);
    params.sparse = uri.get_bool(key::kSparse).value_or(context.term_buffer_sparse_file);
    params.signal_eos = uri.get_bool(key::kEndOfStream).value_or(true);
    params.spies_simulate_connection =
        uri.get_bool(key::kSpiesSimulateConnection).value_or(context.spies_simulate_connection);
    params.untethered = untethered_timeouts(uri, context);
    return params;
}

SubscriptionParams subscription_params(const wire::ChannelUri& uri, const DriverContext& context) {
    if (uri.session_id_tag()) {
        throw Error(
            fmt::format("could not parse session-id={} as int32_t in URI: a subscription "
                        "cannot refer to a tag",
                        uri.get_or(key::kSessionId, "")));
    }
    SubscriptionParams params;
    params.session_id = uri.session_id();
    params.reliable =
        uri.is_ipc() || uri.get_bool(key::kReliable).value_or(context.reliable_stream);
    params.sparse = uri.get_bool(key::kSparse).value_or(context.term_buffer_sparse_file);
    params.tether = uri.get_bool(key::kTether).value_or(context.tether_subscriptions);
    params.rejoin = uri.get_bool(key::kRejoin).value_or(context.rejoin_stream);
    params.is_response = uri.has_control_mode(wire::control_mode::kResponse);
    params.group = context.receiver_group_consideration;
    if (const auto group = uri.get(key::kGroup)) {
        params.group = *group == "infer"  ? GroupConsideration::infer
                       : *group == "true" ? GroupConsideration::yes
                                          : GroupConsideration::no;
    }
    return params;
}

void check_reusable(const ExistingPublication& existing, const PublicationParams& requested) {
    if (requested.session_id) {
        check_same("session-id", existing.session_id, *requested.session_id);
    }
    if (requested.has_mtu_length) check_same("mtu", existing.mtu_length, requested.mtu_length);
    if (requested.has_term_length) {
        check_same("term-length", existing.term_length, requested.term_length);
    }
    if (!requested.has_position) return;
    check_same("init-term-id", existing.initial_term_id, requested.initial_term_id);
    check_same("term-id", existing.start_term_id, requested.term_id);
    check_same("term-offset", existing.start_term_offset, requested.term_offset);
}

}  // namespace tern::driver
