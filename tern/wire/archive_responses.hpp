#pragma once
// What an archive tells: responses on control sessions, events, and the blocks of its catalog
// (ARC-4 of chapter 40).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/archive_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::archive {

/// Archive -> client: reply to one request; also the asynchronous error report for recordings
/// and replications. Message length = 44 + text length.
struct ControlResponse {
    static constexpr Template kId{kSchema, 1};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t relevant_id = kNullInt64;
    ControlResponseCode code = ControlResponseCode::null;
    std::int32_t version = 0;
    std::string_view error_message{};  ///< Empty unless code is ERROR

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("relevantId", m.relevant_id);
        visit("code", m.code);
        visit("version", m.version, 4);
        visit.data("errorMessage", m.error_message);
    }
};

/// Catalog file, without a message header: its first 32 bytes (ARC-8.1).
struct CatalogHeader {
    static constexpr Template kId{kSchema, 20};

    std::int32_t version = kNullInt32;
    std::int32_t length = kNullInt32;             ///< Always 32
    std::int64_t next_recording_id = kNullInt64;  ///< Next id to assign
    std::int32_t alignment = kNullInt32;          ///< Record length alignment: 64
    /// Fixes the block at 32 bytes; never written. Bytes 20-31 stay 0.
    std::int8_t reserved = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("version", m.version);
        visit("length", m.length);
        visit("nextRecordingId", m.next_recording_id);
        visit("alignment", m.alignment);
        visit.at(31);
        visit("reserved", m.reserved);
    }
};

/// Catalog file, without a message header: before each descriptor (ARC-8.2).
struct RecordingDescriptorHeader {
    static constexpr Template kId{kSchema, 21};

    std::int32_t length = kNullInt32;  ///< Descriptor bytes after this header, including padding
    RecordingState state = RecordingState::null;
    std::int32_t checksum = kNullInt32;  ///< 0 when checksums are off
    /// Fixes the block at 32 bytes; never written. Bytes 12-31 stay 0.
    std::int8_t reserved = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("length", m.length);
        visit("state", m.state);
        visit("checksum", m.checksum);
        visit.at(31);
        visit("reserved", m.reserved);
    }
};

/// Archive -> client; also in the catalog, without a message header. On the wire it carries the
/// padding of the catalog behind its texts.
struct RecordingDescriptor {
    static constexpr Template kId{kSchema, 22};

    std::int64_t control_session_id = kNullInt64;
    /// Wire: correlation of the listing. Disk: 0, or of the last extend.
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t start_timestamp = kNullInt64;  ///< Epoch ms
    std::int64_t stop_timestamp = kNullInt64;   ///< -1 while active
    std::int64_t start_position = kNullInt64;
    std::int64_t stop_position = kNullInt64;  ///< -1 while active
    std::int32_t initial_term_id = kNullInt32;
    std::int32_t segment_file_length = kNullInt32;  ///< Fixed for the life of the recording
    std::int32_t term_buffer_length = kNullInt32;
    std::int32_t mtu_length = kNullInt32;  ///< From the image: its setup MTU
    std::int32_t session_id = kNullInt32;  ///< Of the recorded stream; updated by an extend
    std::int32_t stream_id = kNullInt32;
    std::string_view stripped_channel{};
    std::string_view original_channel{};  ///< Exactly as requested by the client
    /// Image source identity: host:port text for UDP, aeron:ipc for IPC.
    std::string_view source_identity{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("startTimestamp", m.start_timestamp);
        visit("stopTimestamp", m.stop_timestamp);
        visit("startPosition", m.start_position);
        visit("stopPosition", m.stop_position);
        visit("initialTermId", m.initial_term_id);
        visit("segmentFileLength", m.segment_file_length);
        visit("termBufferLength", m.term_buffer_length);
        visit("mtuLength", m.mtu_length);
        visit("sessionId", m.session_id);
        visit("streamId", m.stream_id);
        visit.data("strippedChannel", m.stripped_channel);
        visit.data("originalChannel", m.original_channel);
        visit.data("sourceIdentity", m.source_identity);
    }
};

/// Archive -> client: strippedChannel here is the full channel of the live subscription, so a
/// local UDP source shows with its aeron-spy: prefix.
struct RecordingSubscriptionDescriptor {
    static constexpr Template kId{kSchema, 23};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t subscription_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    std::string_view stripped_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("subscriptionId", m.subscription_id);
        visit("streamId", m.stream_id);
        visit.data("strippedChannel", m.stripped_channel);
    }
};

/// Archive -> client: message length is always 52.
struct RecordingSignalEvent {
    static constexpr Template kId{kSchema, 24};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t subscription_id = kNullInt64;
    std::int64_t position = kNullInt64;
    RecordingSignal signal = RecordingSignal::null;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("subscriptionId", m.subscription_id);
        visit("position", m.position);
        visit("signal", m.signal);
    }
};

/// Archive -> client: the Java archive never writes version here, so its 4 bytes hold whatever
/// an earlier message left in the send buffer: receivers must not interpret them. A native
/// archive should write 0.
struct Challenge {
    static constexpr Template kId{kSchema, 59};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int32_t version = 0;  ///< See note above
    ConstBytes encoded_challenge{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("version", m.version);
        visit.data("encodedChallenge", m.encoded_challenge);
    }
};

/// Archive -> events stream: sent on the recording events publication only. Event consumers do
/// not reassemble fragments, so keep it within one MTU.
struct RecordingStarted {
    static constexpr Template kId{kSchema, 101};

    std::int64_t recording_id = kNullInt64;
    /// Image join position, not the recording start position.
    std::int64_t start_position = kNullInt64;
    std::int32_t session_id = kNullInt32;
    std::int32_t stream_id = kNullInt32;
    std::string_view channel{};  ///< Original channel of the request
    std::string_view source_identity{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("recordingId", m.recording_id);
        visit("startPosition", m.start_position);
        visit("sessionId", m.session_id);
        visit("streamId", m.stream_id);
        visit.data("channel", m.channel);
        visit.data("sourceIdentity", m.source_identity);
    }
};

/// Archive -> events stream: at most one per recorder duty cycle per recording; dropped under
/// back-pressure and retried with the newer position on the next cycle.
struct RecordingProgress {
    static constexpr Template kId{kSchema, 102};

    std::int64_t recording_id = kNullInt64;
    std::int64_t start_position = kNullInt64;  ///< Image join position
    std::int64_t position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("recordingId", m.recording_id);
        visit("startPosition", m.start_position);
        visit("position", m.position);
    }
};

/// Archive -> events stream: a recording ended.
struct RecordingStopped {
    static constexpr Template kId{kSchema, 103};

    std::int64_t recording_id = kNullInt64;
    std::int64_t start_position = kNullInt64;  ///< Image join position
    std::int64_t stop_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("recordingId", m.recording_id);
        visit("startPosition", m.start_position);
        visit("stopPosition", m.stop_position);
    }
};

/// Archive -> client: archive -> client. Liveness probe, sent on an active session every
/// session liveness interval. Clients ignore it (no handler for the template); it is not
/// answered.
struct Ping {
    static constexpr Template kId{kSchema, 106};

    std::int64_t control_session_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
    }
};

}  // namespace tern::wire::archive
