// strip_channel() of channel_uri.hpp: what an archive keeps of a channel (ARC-14.1).

#include <array>
#include <string_view>

#include "tern/wire/channel_uri.hpp"
#include "tern/wire/uri_parameter.hpp"

namespace tern::wire {
namespace {

constexpr std::array kKept{
    uri_key::kTags,
    uri_key::kEndpoint,
    uri_key::kInterface,
    uri_key::kControl,
    uri_key::kControlMode,
    uri_key::kSessionId,
    uri_key::kTtl,
    uri_key::kAlias,
    uri_key::kCongestionControl,
    uri_key::kFlowControl,
    uri_key::kGroupTag,
    uri_key::kTether,
    uri_key::kGroup,
    uri_key::kRejoin,
    uri_key::kSocketSndbuf,
    uri_key::kSocketRcvbuf,
    uri_key::kReceiverWindow,
    uri_key::kMediaReceiveTimestampOffset,
    uri_key::kChannelReceiveTimestampOffset,
    uri_key::kChannelSendTimestampOffset,
    uri_key::kResponseEndpoint,
    uri_key::kResponseCorrelationId,
    uri_key::kStreamId,
};

}  // namespace

ChannelUri strip_channel(const ChannelUri& channel) {
    ChannelUri stripped(channel.media());
    for (const std::string_view key : kKept) {
        if (const auto value = channel.get(key)) stripped.put(key, checked_uri_value(key, *value));
    }
    return stripped;
}

}  // namespace tern::wire
