#pragma once
// A recording as the catalog keeps it and the archive describes it (ARC-4.22 of chapter 40).

#include <cstdint>
#include <string>

namespace tern::archive {

struct RecordingDescriptor {
    std::int64_t recording_id = -1;
    std::int64_t start_timestamp_ms = 0;
    std::int64_t stop_timestamp_ms = -1;
    std::int64_t start_position = 0;
    std::int64_t stop_position = -1;  ///< -1 while it is live
    std::int32_t initial_term_id = 0;
    std::int32_t segment_file_length = 0;
    std::int32_t term_buffer_length = 0;
    std::int32_t mtu_length = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::string stripped_channel;
    std::string original_channel;
    std::string source_identity;
};

}  // namespace tern::archive
