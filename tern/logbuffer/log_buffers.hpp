#pragma once
// A log buffer file: three terms and the metadata (TRN-2.2), as a view of its mapping.
//
// Thread safety: as the parts say; the view itself is immutable and cheap to copy. The mapping
// belongs to the caller and outlives every view.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/log_metadata.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::logbuffer {

/// Length of a log buffer file: three terms and the metadata, a whole number of pages.
[[nodiscard]] constexpr std::int64_t log_file_length(std::int32_t term_length,
                                                     std::int32_t page_size) noexcept {
    return align_up<std::int64_t>(std::int64_t{kPartitionCount} * term_length + kLogMetadataLength,
                                  page_size);
}

/// What a driver writes into a fresh log (TRN-2.4). Publications set a start position; images have
/// none.
struct LogParameters {
    LogType type = LogType::concurrent_publication;
    std::int64_t correlation_id = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t initial_term_id = 0;
    std::int32_t start_term_id = 0;  ///< initial_term_id unless the URI says where to start
    std::int32_t start_term_offset = 0;
    std::int32_t term_length = 0;
    std::int32_t page_size = 4096;
    std::int32_t mtu_length = 0;
    std::int32_t publication_window_length = 0;
    std::int32_t receiver_window_length = 0;
    std::int32_t socket_sndbuf_length = 0;
    std::int32_t os_default_socket_sndbuf_length = 0;
    std::int32_t os_max_socket_sndbuf_length = 0;
    std::int32_t socket_rcvbuf_length = 0;
    std::int32_t os_default_socket_rcvbuf_length = 0;
    std::int32_t os_max_socket_rcvbuf_length = 0;
    std::int32_t max_resend = 0;
    std::int64_t entity_tag = 0;
    std::int64_t response_correlation_id = 0;
    std::int64_t linger_timeout_ns = 0;
    std::int64_t untethered_window_limit_timeout_ns = 0;
    std::int64_t untethered_linger_timeout_ns = 0;
    std::int64_t untethered_resting_timeout_ns = 0;
    bool group = false;
    bool is_response = false;
    bool rejoin = false;
    bool reliable = false;
    bool sparse = false;
    bool signal_eos = false;
    bool spies_simulate_connection = false;
    bool tether = false;
};

class LogBuffers {
  public:
    /// Views a log that a driver has initialised. Throws Error when the lengths in its metadata
    /// are not legal or do not fit the file.
    explicit LogBuffers(Bytes file);

    /// Driver: fills the metadata of a fresh, all-zero file of log_file_length() bytes.
    [[nodiscard]] static LogBuffers initialise(Bytes file, const LogParameters& parameters);

    [[nodiscard]] Bytes term(std::int32_t partition) const noexcept {
        return {file_ + std::int64_t{partition} * term_length_,
                static_cast<std::size_t>(term_length_)};
    }
    /// The term that holds the position.
    [[nodiscard]] Bytes term_at(std::int64_t position) const noexcept {
        return term(partition_index_of(position, shift_));
    }
    [[nodiscard]] LogMetadata& metadata() const noexcept { return *metadata_; }

    [[nodiscard]] std::int32_t term_length() const noexcept { return term_length_; }
    [[nodiscard]] int shift() const noexcept { return shift_; }
    [[nodiscard]] std::int32_t initial_term_id() const noexcept {
        return metadata_->initial_term_id;
    }
    [[nodiscard]] std::int32_t session_id() const noexcept {
        return metadata_->default_frame_header.session_id;
    }
    [[nodiscard]] std::int32_t stream_id() const noexcept {
        return metadata_->default_frame_header.stream_id;
    }
    [[nodiscard]] std::int32_t max_payload_length() const noexcept {
        return metadata_->mtu_length - kDataHeaderLength;
    }

    /// Where publishers are: position of the active term's tail, clamped to the term (TRN-2.6).
    [[nodiscard]] std::int64_t producer_position() const noexcept;

  private:
    LogBuffers(Bytes file, std::int32_t term_length) noexcept;

    std::byte* file_;
    LogMetadata* metadata_;
    std::int32_t term_length_;
    int shift_;
};

/// Moves a log from the term with `term_count` and `term_id` to the next (TRN-2.6). Any publisher
/// or the driver may; returns whether this caller was the one that did.
bool rotate_log(LogMetadata& metadata, std::int32_t term_count, std::int32_t term_id) noexcept;

}  // namespace tern::logbuffer
