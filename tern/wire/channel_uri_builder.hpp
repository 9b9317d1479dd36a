#pragma once
// Writing channels by hand, with every value checked as it is set (CLI-21.3).
//
//     const std::string channel = ChannelUriBuilder(Media::udp)
//                                     .endpoint("224.20.30.39:24326")
//                                     .network_interface("localhost")
//                                     .mtu(8192)
//                                     .build();
//
// A setter replaces the value; nullopt takes the parameter out. What cannot be a value throws
// ChannelUriError that says what is expected, and so does a text with a '|' in it, which would end
// the parameter. Parameters of which the builder knows nothing: put(). build() does not look at
// the channel as a whole; validate() does.
//
// What was set is read from uri(). Thread safety: none; a value.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tern/wire/channel_uri.hpp"

namespace tern::wire {

class ChannelUriBuilder {
  public:
    using Text = std::optional<std::string_view>;
    using Bool = std::optional<bool>;
    using Int32 = std::optional<std::int32_t>;
    using Int64 = std::optional<std::int64_t>;

    explicit ChannelUriBuilder(Media media = Media::udp) : uri_(media) {}
    /// Begins with what the channel says, each value checked as if it had been set.
    explicit ChannelUriBuilder(const ChannelUri& channel);
    explicit ChannelUriBuilder(std::string_view channel)
        : ChannelUriBuilder(ChannelUri::parse(channel)) {}

    /// Takes everything out but the media.
    ChannelUriBuilder& clear();
    /// One parameter from another channel: its value there, or none when it has none there.
    ChannelUriBuilder& copy(std::string_view key, const ChannelUri& from);

    ChannelUriBuilder& media(Media media);
    ChannelUriBuilder& spy(bool is_spy);  ///< the prefix aeron-spy
    ChannelUriBuilder& endpoint(Text value) { return set(uri_key::kEndpoint, value); }
    ChannelUriBuilder& network_interface(Text value) { return set(uri_key::kInterface, value); }
    ChannelUriBuilder& control_endpoint(Text value) { return set(uri_key::kControl, value); }
    /// manual, dynamic or response.
    ChannelUriBuilder& control_mode(Text value) { return set(uri_key::kControlMode, value); }
    ChannelUriBuilder& tags(Text value) { return set(uri_key::kTags, value); }
    ChannelUriBuilder& tags(std::int64_t channel_tag, Int64 entity_tag);
    ChannelUriBuilder& alias(Text value) { return set(uri_key::kAlias, value); }

    // Streams.
    ChannelUriBuilder& session_id(Int32 value) { return set(uri_key::kSessionId, value); }
    /// The session of the publication with that entity tag.
    ChannelUriBuilder& tagged_session_id(std::int64_t tag);
    [[nodiscard]] bool is_session_id_tagged() const;
    ChannelUriBuilder& stream_id(Int32 value) { return set(uri_key::kStreamId, value); }
    /// 32 to 65504, a multiple of 32.
    ChannelUriBuilder& mtu(Int32 value) { return set(uri_key::kMtu, value); }
    /// A power of two, 64 KiB to 1 GiB.
    ChannelUriBuilder& term_length(Int32 value) { return set(uri_key::kTermLength, value); }
    ChannelUriBuilder& initial_term_id(Int32 value) { return set(uri_key::kInitialTermId, value); }
    ChannelUriBuilder& term_id(Int32 value) { return set(uri_key::kTermId, value); }
    ChannelUriBuilder& term_offset(Int32 value) { return set(uri_key::kTermOffset, value); }
    /// The four parameters of a position; not negative, a multiple of 32.
    ChannelUriBuilder& initial_position(std::int64_t position, std::int32_t initial_term_id,
                                        std::int32_t term_length);
    ChannelUriBuilder& linger_ns(Int64 value) { return set(uri_key::kLinger, value); }
    ChannelUriBuilder& end_of_stream(Bool value) { return set(uri_key::kEndOfStream, value); }
    ChannelUriBuilder& sparse(Bool value) { return set(uri_key::kSparse, value); }
    ChannelUriBuilder& reliable(Bool value) { return set(uri_key::kReliable, value); }
    ChannelUriBuilder& rejoin(Bool value) { return set(uri_key::kRejoin, value); }
    ChannelUriBuilder& spies_simulate_connection(Bool value) {
        return set(uri_key::kSpiesSimulateConnection, value);
    }
    ChannelUriBuilder& max_resend(Int32 value) { return set(uri_key::kMaxResend, value); }
    ChannelUriBuilder& nak_delay_ns(Int64 value) { return set(uri_key::kNakDelay, value); }

    // Flow and congestion.
    ChannelUriBuilder& flow_control(Text value) { return set(uri_key::kFlowControl, value); }
    /// The slowest receiver decides; at least `group_min_size` of them for a connection, each
    /// forgotten after the timeout.
    ChannelUriBuilder& min_flow_control(Int32 group_min_size, Int64 timeout_ns);
    /// As min, among receivers with the tag.
    ChannelUriBuilder& tagged_flow_control(Int64 group_tag, Int32 group_min_size, Int64 timeout_ns);
    ChannelUriBuilder& congestion_control(Text value) {
        return set(uri_key::kCongestionControl, value);
    }
    ChannelUriBuilder& publication_window(Int32 value) {
        return set(uri_key::kPublicationWindow, value);
    }
    ChannelUriBuilder& receiver_window(Int32 value) { return set(uri_key::kReceiverWindow, value); }
    ChannelUriBuilder& socket_sndbuf(Int32 value) { return set(uri_key::kSocketSndbuf, value); }
    ChannelUriBuilder& socket_rcvbuf(Int32 value) { return set(uri_key::kSocketRcvbuf, value); }

    // Groups and tethers.
    ChannelUriBuilder& ttl(Int32 value) { return set(uri_key::kTtl, value); }  ///< 0 to 255
    ChannelUriBuilder& group(Bool value) { return set(uri_key::kGroup, value); }
    ChannelUriBuilder& group_tag(Int64 value) { return set(uri_key::kGroupTag, value); }
    ChannelUriBuilder& tether(Bool value) { return set(uri_key::kTether, value); }
    ChannelUriBuilder& untethered_window_limit_timeout_ns(Int64 value) {
        return set(uri_key::kUntetheredWindowLimitTimeout, value);
    }
    ChannelUriBuilder& untethered_linger_timeout_ns(Int64 value) {
        return set(uri_key::kUntetheredLingerTimeout, value);
    }
    ChannelUriBuilder& untethered_resting_timeout_ns(Int64 value) {
        return set(uri_key::kUntetheredRestingTimeout, value);
    }

    // Timestamps: an offset into the payload, or "reserved".
    ChannelUriBuilder& media_receive_timestamp_offset(Text value) {
        return set(uri_key::kMediaReceiveTimestampOffset, value);
    }
    ChannelUriBuilder& channel_receive_timestamp_offset(Text value) {
        return set(uri_key::kChannelReceiveTimestampOffset, value);
    }
    ChannelUriBuilder& channel_send_timestamp_offset(Text value) {
        return set(uri_key::kChannelSendTimestampOffset, value);
    }

    // Response channels.
    ChannelUriBuilder& response_endpoint(Text value) {
        return set(uri_key::kResponseEndpoint, value);
    }
    ChannelUriBuilder& response_correlation_id(Int64 value) {
        return set(uri_key::kResponseCorrelationId, value);
    }
    /// response-correlation-id=prototype: a response publication that belongs to no image.
    ChannelUriBuilder& response_prototype();

    /// Any parameter, known or not.
    ChannelUriBuilder& put(std::string_view key, Text value);

    /// Whether it can be a channel: endpoint or control for UDP; all of the three that make an
    /// initial position, in a term. Throws ChannelUriError that says what is missing.
    const ChannelUriBuilder& validate() const;
    [[nodiscard]] const ChannelUri& uri() const noexcept { return uri_; }
    [[nodiscard]] std::string build() const { return uri_.to_string(); }

  private:
    ChannelUriBuilder& set(std::string_view key, Text value);
    ChannelUriBuilder& set(std::string_view key, Bool value);
    ChannelUriBuilder& set(std::string_view key, Int32 value);
    ChannelUriBuilder& set(std::string_view key, Int64 value);

    ChannelUri uri_;
};

}  // namespace tern::wire
