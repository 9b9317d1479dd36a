#pragma once
// The stream of recording events (ARC-5.8 of chapter 41): optional, off by default.
//
// Nobody may be listening, and nothing waits for those who do: started and stopped are tried three
// times and then dropped, progress is told again with the next position.
//
// Thread safety: the recorder's, once attached.

#include <cstdint>
#include <memory>
#include <string_view>

#include "tern/client/exclusive_publication.hpp"

namespace tern::archive {

class RecordingEvents {
  public:
    explicit RecordingEvents(std::unique_ptr<client::ExclusivePublication> publication)
        : publication_(std::move(publication)) {}

    void started(std::int64_t recording_id, std::int64_t start_position, std::int32_t session_id,
                 std::int32_t stream_id, std::string_view channel,
                 std::string_view source_identity);
    /// False when it could not be told now.
    bool progress(std::int64_t recording_id, std::int64_t start_position, std::int64_t position);
    void stopped(std::int64_t recording_id, std::int64_t start_position,
                 std::int64_t stop_position);

    /// Conductor, after the recorder has ended.
    void close() { publication_->close(); }

  private:
    std::unique_ptr<client::ExclusivePublication> publication_;
};

}  // namespace tern::archive
