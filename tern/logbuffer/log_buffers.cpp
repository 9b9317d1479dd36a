#include "tern/logbuffer/log_buffers.hpp"

#include <fmt/format.h>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"

namespace tern::logbuffer {

namespace {

LogMetadata* metadata_of(Bytes file) noexcept {
    return reinterpret_cast<LogMetadata*>(file.data() + file.size() - kLogMetadataLength);
}

std::int32_t checked_term_length(Bytes file) {
    if (file.size() < kLogMetadataLength) {
        throw Error(fmt::format("log file too short for its metadata: length={}", file.size()));
    }
    const LogMetadata& metadata = *metadata_of(file);
    check_term_length(metadata.term_length);
    check_page_size(metadata.page_size);
    const std::int64_t needed =
        std::int64_t{kPartitionCount} * metadata.term_length + kLogMetadataLength;
    if (needed > static_cast<std::int64_t>(file.size())) {
        throw Error(fmt::format("log file too short for its terms: length={} termLength={}",
                                file.size(), metadata.term_length));
    }
    if (metadata.mtu_length <= kDataHeaderLength ||
        !is_aligned(metadata.mtu_length, kFrameAlignment)) {
        throw Error(fmt::format("log file with an invalid MTU: mtuLength={}", metadata.mtu_length));
    }
    return metadata.term_length;
}

void fill_settings(LogMetadata& metadata, const LogParameters& parameters) noexcept {
    metadata.correlation_id = parameters.correlation_id;
    metadata.initial_term_id = parameters.initial_term_id;
    metadata.default_frame_header_length = kDataHeaderLength;
    metadata.mtu_length = parameters.mtu_length;
    metadata.term_length = parameters.term_length;
    metadata.page_size = parameters.page_size;
    metadata.publication_window_length = parameters.publication_window_length;
    metadata.receiver_window_length = parameters.receiver_window_length;
    metadata.socket_sndbuf_length = parameters.socket_sndbuf_length;
    metadata.os_default_socket_sndbuf_length = parameters.os_default_socket_sndbuf_length;
    metadata.os_max_socket_sndbuf_length = parameters.os_max_socket_sndbuf_length;
    metadata.socket_rcvbuf_length = parameters.socket_rcvbuf_length;
    metadata.os_default_socket_rcvbuf_length = parameters.os_default_socket_rcvbuf_length;
    metadata.os_max_socket_rcvbuf_length = parameters.os_max_socket_rcvbuf_length;
    metadata.max_resend = parameters.max_resend;
    metadata.default_frame_header = {.frame_length = 0,
                                     .version = wire::kFrameVersion,
                                     .flags = wire::data_flags::kUnfragmented,
                                     .type = wire::kDataFrameType,
                                     .term_offset = 0,
                                     .session_id = parameters.session_id,
                                     .stream_id = parameters.stream_id,
                                     .term_id = parameters.initial_term_id,
                                     .reserved_value = 0};
    metadata.entity_tag = parameters.entity_tag;
    metadata.response_correlation_id = parameters.response_correlation_id;
    metadata.linger_timeout_ns = parameters.linger_timeout_ns;
    metadata.untethered_window_limit_timeout_ns = parameters.untethered_window_limit_timeout_ns;
    metadata.set_untethered_linger_timeout_ns(parameters.untethered_linger_timeout_ns);
    metadata.untethered_resting_timeout_ns = parameters.untethered_resting_timeout_ns;
    metadata.group = parameters.group;
    metadata.is_response = parameters.is_response;
    metadata.rejoin = parameters.rejoin;
    metadata.reliable = parameters.reliable;
    metadata.sparse = parameters.sparse;
    metadata.signal_eos = parameters.signal_eos;
    metadata.spies_simulate_connection = parameters.spies_simulate_connection;
    metadata.tether = parameters.tether;
    metadata.type = parameters.type;
}

/// The tails of the two terms that are not active tell of terms three before those that will come
/// there next, so that a rotation finds what it expects.
void set_start_position(LogMetadata& metadata, const LogParameters& parameters) noexcept {
    const std::int32_t count = term_count(parameters.start_term_id, parameters.initial_term_id);
    const std::int32_t active = partition_index(count);
    metadata.set_raw_tail(active,
                          pack_tail(parameters.start_term_id, parameters.start_term_offset));
    for (std::int32_t i = 1; i < kPartitionCount; ++i) {
        const std::int32_t term_id = wrapping_add(parameters.start_term_id, i - kPartitionCount);
        metadata.set_raw_tail((active + i) % kPartitionCount, pack_tail(term_id, 0));
    }
    metadata.set_active_term_count(count);
}

}  // namespace

LogBuffers::LogBuffers(Bytes file, std::int32_t term_length) noexcept
    : file_(file.data()),
      metadata_(metadata_of(file)),
      term_length_(term_length),
      shift_(position_shift(term_length)) {}

LogBuffers::LogBuffers(Bytes file) : LogBuffers(file, checked_term_length(file)) {}

LogBuffers LogBuffers::initialise(Bytes file, const LogParameters& parameters) {
    check_term_length(parameters.term_length);
    check_page_size(parameters.page_size);
    TERN_ASSERT(static_cast<std::int64_t>(file.size()) ==
                    log_file_length(parameters.term_length, parameters.page_size),
                "a file of log_file_length()");
    TERN_ASSERT(term_count(parameters.start_term_id, parameters.initial_term_id) >= 0 &&
                    parameters.start_term_offset >= 0 &&
                    parameters.start_term_offset <= parameters.term_length &&
                    is_aligned(parameters.start_term_offset, kFrameAlignment),
                "a start position at or after the stream's beginning");
    LogMetadata& metadata = *metadata_of(file);
    fill_settings(metadata, parameters);
    if (parameters.type != LogType::image) set_start_position(metadata, parameters);
    metadata.set_end_of_stream_position(kNoEndOfStream);
    return LogBuffers(file, parameters.term_length);
}

std::int64_t LogBuffers::producer_position() const noexcept {
    const std::int32_t count = metadata_->active_term_count();
    const std::int64_t raw = metadata_->raw_tail(partition_index(count));
    return compute_position(tail_term_id(raw), tail_term_offset(raw, term_length_), shift_,
                            initial_term_id());
}

bool rotate_log(LogMetadata& metadata, std::int32_t term_count, std::int32_t term_id) noexcept {
    const std::int32_t next_term_id = wrapping_add(term_id, 1);
    const std::int32_t next_count = wrapping_add(term_count, 1);
    const std::int32_t next = partition_index(next_count);
    const std::int32_t expected_term_id = wrapping_sub(next_term_id, kPartitionCount);
    while (true) {
        const std::int64_t raw = metadata.raw_tail(next);
        if (tail_term_id(raw) != expected_term_id) break;
        if (metadata.compare_and_set_raw_tail(next, raw, pack_tail(next_term_id, 0))) break;
    }
    return metadata.compare_and_set_active_term_count(term_count, next_count);
}

}  // namespace tern::logbuffer
