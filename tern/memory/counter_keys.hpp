#pragma once
// Key layouts of counters (TRN-9.5, TRN-10). Encoders fill a CounterKey, whose unused bytes are
// zero; decoders take the 112 bytes of a counter and give nullopt when a length in them cannot be.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/memory/counters.hpp"

namespace tern::memory {

class CounterKey {
  public:
    [[nodiscard]] ConstBytes bytes() const noexcept { return ConstBytes(bytes_).first(length_); }
    void put_i32(std::int32_t value);
    void put_i64(std::int64_t value);
    /// As much of the text as fits, without a length before it; returns how much that was.
    std::size_t put_text(std::string_view text);

  private:
    [[nodiscard]] std::byte* grow(std::size_t by);
    std::array<std::byte, kMaxCounterKeyLength> bytes_{};
    std::size_t length_ = 0;
};

/// Channel status values (TRN-9.6), also of local socket address counters.
enum class ChannelStatus : std::int64_t { errored = -1, initializing = 0, active = 1, closing = 2 };

struct StreamKey {
    std::int64_t registration_id;
    std::int32_t session_id;
    std::int32_t stream_id;
    std::string_view channel;  ///< cut to 92 bytes
};

struct SocketAddressKey {
    std::int32_t channel_status_id;
    std::string_view address;  ///< "ip:port" or "[ip6]:port"; empty until bound; cut to 103 bytes
};

struct RecordingPositionKey {
    std::int64_t recording_id;
    std::int32_t session_id;
    std::string_view source_identity;  ///< cut to 88 bytes
    std::int64_t archive_id;
};

struct RecoveryStateKey {
    static constexpr std::size_t kMaxServices = 10;
    std::int64_t leadership_term_id;
    std::int64_t log_position;
    std::int64_t timestamp;
    std::int32_t cluster_id;
    std::span<const std::int64_t> snapshot_recording_ids;  ///< one per service
};

[[nodiscard]] CounterKey stream_key(const StreamKey& key);
[[nodiscard]] CounterKey channel_key(std::string_view channel);  ///< cut to 108 bytes
[[nodiscard]] CounterKey socket_address_key(const SocketAddressKey& key);
[[nodiscard]] CounterKey recording_position_key(const RecordingPositionKey& key);
[[nodiscard]] CounterKey control_session_key(std::int64_t archive_id, std::int64_t session_id);
[[nodiscard]] CounterKey recovery_state_key(const RecoveryStateKey& key);
[[nodiscard]] CounterKey cluster_session_key(std::int32_t cluster_id, std::int64_t session_id);
/// One number: system counter, index, cluster id.
[[nodiscard]] CounterKey i32_key(std::int32_t value);
/// One number: client id, archive id.
[[nodiscard]] CounterKey i64_key(std::int64_t value);
/// Cluster id and service id.
[[nodiscard]] CounterKey service_key(std::int32_t cluster_id, std::int32_t service_id);

[[nodiscard]] std::optional<StreamKey> parse_stream_key(ConstBytes key);
[[nodiscard]] std::optional<std::string_view> parse_channel_key(ConstBytes key);
[[nodiscard]] std::optional<SocketAddressKey> parse_socket_address_key(ConstBytes key);
[[nodiscard]] std::optional<RecordingPositionKey> parse_recording_position_key(ConstBytes key);

/// A recovery state key as read back; a copy, so that it stays valid.
struct RecoveryState {
    std::int64_t leadership_term_id;
    std::int64_t log_position;
    std::int64_t timestamp;
    std::int32_t cluster_id;
    std::int32_t service_count;
    std::array<std::int64_t, RecoveryStateKey::kMaxServices> snapshot_recording_ids;
};
[[nodiscard]] std::optional<RecoveryState> parse_recovery_state_key(ConstBytes key);

}  // namespace tern::memory
