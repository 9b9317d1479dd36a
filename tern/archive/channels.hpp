#pragma once
// The channels that an archive opens, made from those that its clients ask for (ARC-14 of chapter
// 40). All throw Error when the request's channel cannot be used.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tern/archive/archive_context.hpp"
#include "tern/archive/catalog.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::archive {

/// The network control subscription: the control channel with `sparse` as configured.
[[nodiscard]] std::string control_subscription_channel(const ArchiveContext& context);

/// The response publication of a control session. `request_image_correlation_id` goes into it for
/// response channels.
[[nodiscard]] std::string response_publication_channel(const ArchiveContext& context,
                                                       std::string_view response_channel,
                                                       std::int64_t request_image_correlation_id);

struct RecordingChannels {
    std::string stripped;      ///< for the catalog
    std::string subscription;  ///< what is subscribed to: a spy for local UDP streams
    std::string key;           ///< tells recording subscriptions apart
};
[[nodiscard]] RecordingChannels recording_channels(std::string_view channel, std::int32_t stream_id,
                                                   bool is_local);

/// A replay's publication, which begins at `position` of the recording.
[[nodiscard]] std::string replay_publication_channel(const ArchiveContext& context,
                                                     const wire::ChannelUri& replay_channel,
                                                     const RecordingSummary& recording,
                                                     std::int64_t position,
                                                     std::optional<std::int64_t> response_image);

}  // namespace tern::archive
