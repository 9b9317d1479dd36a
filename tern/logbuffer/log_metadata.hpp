#pragma once
// The last 4096 bytes of a log buffer file (TRN-2.3), overlaid on memory, and the packed tails
// (TRN-2.6).
//
// Fields that change after the log was announced are named shared_* and accessed through functions
// that order them; all others are written once, by the driver, before the log is announced.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::logbuffer {

inline constexpr std::int32_t kLogMetadataLength = 4096;

enum class LogType : std::uint8_t {
    concurrent_publication = 0,
    exclusive_publication = 1,
    image = 2
};

/// term_id << 32 | term_offset; the offset of a raw tail may be past the end of the term.
[[nodiscard]] constexpr std::int64_t pack_tail(std::int32_t term_id,
                                               std::int64_t term_offset) noexcept {
    return (std::int64_t{term_id} << 32) | term_offset;
}
[[nodiscard]] constexpr std::int32_t tail_term_id(std::int64_t raw_tail) noexcept {
    return static_cast<std::int32_t>(raw_tail >> 32);
}
/// Clamped to the term's length.
[[nodiscard]] constexpr std::int32_t tail_term_offset(std::int64_t raw_tail,
                                                      std::int32_t term_length) noexcept {
    const std::int64_t offset = raw_tail & 0xFFFF'FFFF;
    return offset < term_length ? static_cast<std::int32_t>(offset) : term_length;
}

struct LogMetadata {
    // Shared with other processes: only through the functions below.
    std::int64_t shared_tails[kPartitionCount];
    std::int32_t shared_active_term_count;
    std::byte pad_0[100];
    std::int64_t shared_end_of_stream_position;
    std::int32_t shared_is_connected;
    std::int32_t shared_active_transport_count;
    std::byte pad_1[112];

    // Written once.
    std::int64_t correlation_id;
    std::int32_t initial_term_id;
    std::int32_t default_frame_header_length;
    std::int32_t mtu_length;
    std::int32_t term_length;
    std::int32_t page_size;
    std::int32_t publication_window_length;
    std::int32_t receiver_window_length;
    std::int32_t socket_sndbuf_length;
    std::int32_t os_default_socket_sndbuf_length;
    std::int32_t os_max_socket_sndbuf_length;
    std::int32_t socket_rcvbuf_length;
    std::int32_t os_default_socket_rcvbuf_length;
    std::int32_t os_max_socket_rcvbuf_length;
    std::int32_t max_resend;
    wire::DataHeader default_frame_header;
    std::byte pad_2[96];
    std::int64_t entity_tag;
    std::int64_t response_correlation_id;
    std::int64_t linger_timeout_ns;
    std::int64_t untethered_window_limit_timeout_ns;
    std::int64_t untethered_resting_timeout_ns;
    std::uint8_t group;
    std::uint8_t is_response;
    std::uint8_t rejoin;
    std::uint8_t reliable;
    std::uint8_t sparse;
    std::uint8_t signal_eos;
    std::uint8_t spies_simulate_connection;
    std::uint8_t tether;
    std::uint8_t shared_is_publication_revoked;  // shared, as those above
    LogType type;
    std::byte pad_3[2];
    std::byte unaligned_untethered_linger_timeout_ns[8];
    std::byte unused[3588];

    // Tails and active term count: publisher clients and driver.
    [[nodiscard]] std::int64_t raw_tail(std::int32_t partition) const noexcept {
        return load_acquire<std::int64_t>(at(&shared_tails[partition]));
    }
    void set_raw_tail(std::int32_t partition, std::int64_t raw_tail) noexcept {
        store_release(at(&shared_tails[partition]), raw_tail);
    }
    /// Returns the raw tail before: what this caller has claimed begins there.
    [[nodiscard]] std::int64_t claim_tail(std::int32_t partition, std::int32_t length) noexcept {
        return fetch_add<std::int64_t>(at(&shared_tails[partition]), length);
    }
    [[nodiscard]] bool compare_and_set_raw_tail(std::int32_t partition, std::int64_t expected,
                                                std::int64_t desired) noexcept {
        return compare_and_set<std::int64_t>(at(&shared_tails[partition]), expected, desired);
    }
    [[nodiscard]] std::int32_t active_term_count() const noexcept {
        return load_acquire<std::int32_t>(at(&shared_active_term_count));
    }
    void set_active_term_count(std::int32_t count) noexcept {
        store_release(at(&shared_active_term_count), count);
    }
    [[nodiscard]] bool compare_and_set_active_term_count(std::int32_t expected,
                                                         std::int32_t desired) noexcept {
        return compare_and_set<std::int32_t>(at(&shared_active_term_count), expected, desired);
    }

    // Written by the driver, read by clients.
    [[nodiscard]] std::int64_t end_of_stream_position() const noexcept {
        return load_acquire<std::int64_t>(at(&shared_end_of_stream_position));
    }
    void set_end_of_stream_position(std::int64_t position) noexcept {
        store_release(at(&shared_end_of_stream_position), position);
    }
    [[nodiscard]] bool is_connected() const noexcept {
        return load_acquire<std::int32_t>(at(&shared_is_connected)) == 1;
    }
    void set_connected(bool connected) noexcept {
        store_release<std::int32_t>(at(&shared_is_connected), connected ? 1 : 0);
    }
    [[nodiscard]] std::int32_t active_transport_count() const noexcept {
        return load_acquire<std::int32_t>(at(&shared_active_transport_count));
    }
    void set_active_transport_count(std::int32_t count) noexcept {
        store_release(at(&shared_active_transport_count), count);
    }
    [[nodiscard]] bool is_publication_revoked() const noexcept {
        return load_acquire<std::uint8_t>(at(&shared_is_publication_revoked)) == 1;
    }
    /// Before the end_of_stream_position is set.
    void set_publication_revoked() noexcept {
        store_release<std::uint8_t>(at(&shared_is_publication_revoked), 1);
    }

    [[nodiscard]] std::int64_t untethered_linger_timeout_ns() const noexcept {
        return load<std::int64_t>(unaligned_untethered_linger_timeout_ns);
    }
    void set_untethered_linger_timeout_ns(std::int64_t timeout_ns) noexcept {
        store(unaligned_untethered_linger_timeout_ns, timeout_ns);
    }

  private:
    template <typename T>
    [[nodiscard]] static std::byte* at(T* field) noexcept {
        return reinterpret_cast<std::byte*>(field);
    }
    template <typename T>
    [[nodiscard]] static const std::byte* at(const T* field) noexcept {
        return reinterpret_cast<const std::byte*>(field);
    }
};

static_assert(std::is_standard_layout_v<LogMetadata> && sizeof(LogMetadata) == kLogMetadataLength);
static_assert(offsetof(LogMetadata, shared_tails) == 0);
static_assert(offsetof(LogMetadata, shared_active_term_count) == 24);
static_assert(offsetof(LogMetadata, shared_end_of_stream_position) == 128);
static_assert(offsetof(LogMetadata, shared_is_connected) == 136);
static_assert(offsetof(LogMetadata, shared_active_transport_count) == 140);
static_assert(offsetof(LogMetadata, correlation_id) == 256);
static_assert(offsetof(LogMetadata, initial_term_id) == 264);
static_assert(offsetof(LogMetadata, default_frame_header_length) == 268);
static_assert(offsetof(LogMetadata, mtu_length) == 272);
static_assert(offsetof(LogMetadata, term_length) == 276);
static_assert(offsetof(LogMetadata, page_size) == 280);
static_assert(offsetof(LogMetadata, publication_window_length) == 284);
static_assert(offsetof(LogMetadata, receiver_window_length) == 288);
static_assert(offsetof(LogMetadata, socket_sndbuf_length) == 292);
static_assert(offsetof(LogMetadata, os_default_socket_sndbuf_length) == 296);
static_assert(offsetof(LogMetadata, os_max_socket_sndbuf_length) == 300);
static_assert(offsetof(LogMetadata, socket_rcvbuf_length) == 304);
static_assert(offsetof(LogMetadata, os_default_socket_rcvbuf_length) == 308);
static_assert(offsetof(LogMetadata, os_max_socket_rcvbuf_length) == 312);
static_assert(offsetof(LogMetadata, max_resend) == 316);
static_assert(offsetof(LogMetadata, default_frame_header) == 320);
static_assert(offsetof(LogMetadata, entity_tag) == 448);
static_assert(offsetof(LogMetadata, response_correlation_id) == 456);
static_assert(offsetof(LogMetadata, linger_timeout_ns) == 464);
static_assert(offsetof(LogMetadata, untethered_window_limit_timeout_ns) == 472);
static_assert(offsetof(LogMetadata, untethered_resting_timeout_ns) == 480);
static_assert(offsetof(LogMetadata, group) == 488);
static_assert(offsetof(LogMetadata, is_response) == 489);
static_assert(offsetof(LogMetadata, rejoin) == 490);
static_assert(offsetof(LogMetadata, reliable) == 491);
static_assert(offsetof(LogMetadata, sparse) == 492);
static_assert(offsetof(LogMetadata, signal_eos) == 493);
static_assert(offsetof(LogMetadata, spies_simulate_connection) == 494);
static_assert(offsetof(LogMetadata, tether) == 495);
static_assert(offsetof(LogMetadata, shared_is_publication_revoked) == 496);
static_assert(offsetof(LogMetadata, type) == 497);
static_assert(offsetof(LogMetadata, unaligned_untethered_linger_timeout_ns) == 500);

}  // namespace tern::logbuffer
