#include "tern/archive/recording_events.hpp"

#include <array>
#include <vector>

#include "tern/wire/archive_messages.hpp"

namespace tern::archive {
namespace {

constexpr int kOfferAttempts = 3;

bool offer(client::ExclusivePublication& publication, ConstBytes message, int attempts) {
    for (int i = 0; i < attempts; ++i) {
        const auto result = publication.offer(message);
        if (result > 0) return true;
        if (result == client::kNotConnected || result == client::kPublicationClosed) return false;
    }
    return false;
}

template <typename Message>
bool offer_fixed(client::ExclusivePublication& publication, const Message& message, int attempts) {
    std::array<std::byte, wire::kBlockEnd<Message>> buffer;
    return offer(publication, ConstBytes(buffer).first(wire::encode(Bytes(buffer), message)),
                 attempts);
}

}  // namespace

void RecordingEvents::started(std::int64_t recording_id, std::int64_t start_position,
                              std::int32_t session_id, std::int32_t stream_id,
                              std::string_view channel, std::string_view source_identity) {
    const wire::archive::RecordingStarted message{.recording_id = recording_id,
                                                  .start_position = start_position,
                                                  .session_id = session_id,
                                                  .stream_id = stream_id,
                                                  .channel = channel,
                                                  .source_identity = source_identity};
    std::vector<std::byte> buffer(wire::encoded_length(message));
    const auto length = wire::encode(Bytes(buffer), message);
    if (static_cast<std::int64_t>(length) > publication_->max_message_length()) return;
    offer(*publication_, ConstBytes(buffer).first(length), kOfferAttempts);
}

bool RecordingEvents::progress(std::int64_t recording_id, std::int64_t start_position,
                               std::int64_t position) {
    return offer_fixed(
        *publication_,
        wire::archive::RecordingProgress{
            .recording_id = recording_id, .start_position = start_position, .position = position},
        1);
}

void RecordingEvents::stopped(std::int64_t recording_id, std::int64_t start_position,
                              std::int64_t stop_position) {
    offer_fixed(*publication_,
                wire::archive::RecordingStopped{.recording_id = recording_id,
                                                .start_position = start_position,
                                                .stop_position = stop_position},
                kOfferAttempts);
}

}  // namespace tern::archive
