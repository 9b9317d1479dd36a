#include "tern/memory/counter_keys.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "tern/base/assert.hpp"

namespace tern::memory {

namespace {

constexpr std::size_t kMaxSocketAddressLength = 103;
constexpr std::size_t kMaxSourceIdentityLength = 88;

/// Length and text, the text cut to `max_length`.
void put_string(CounterKey& key, std::string_view text, std::size_t max_length) {
    const std::string_view cut = text.substr(0, max_length);
    key.put_i32(static_cast<std::int32_t>(cut.size()));
    key.put_text(cut);
}

/// Takes fields off the front of a key; says when there was not enough.
class KeyParser {
  public:
    explicit KeyParser(ConstBytes key) noexcept : rest_(key) {}

    template <typename T>
    T take() noexcept {
        const ConstBytes bytes = take_bytes(sizeof(T));
        return bytes.empty() ? T{} : load<T>(bytes.data());
    }
    std::string_view take_string() noexcept {
        const auto length = take<std::int32_t>();
        if (length < 0) ok_ = false;
        return ok_ ? as_text(take_bytes(static_cast<std::size_t>(length))) : std::string_view{};
    }
    [[nodiscard]] bool ok() const noexcept { return ok_; }

  private:
    ConstBytes take_bytes(std::size_t length) noexcept {
        if (length > rest_.size()) ok_ = false;
        if (!ok_) return {};
        const ConstBytes taken = rest_.first(length);
        rest_ = rest_.subspan(length);
        return taken;
    }
    ConstBytes rest_;
    bool ok_ = true;
};

template <typename T>
std::optional<T> if_ok(const KeyParser& parser, const T& value) {
    return parser.ok() ? std::optional<T>(value) : std::nullopt;
}

}  // namespace

std::byte* CounterKey::grow(std::size_t by) {
    TERN_ASSERT(by <= bytes_.size() - length_, "a key layout that fits the 112 bytes of a key");
    std::byte* const place = bytes_.data() + length_;
    length_ += by;
    return place;
}

void CounterKey::put_i32(std::int32_t value) { store(grow(sizeof(value)), value); }

void CounterKey::put_i64(std::int64_t value) { store(grow(sizeof(value)), value); }

std::size_t CounterKey::put_text(std::string_view text) {
    const std::size_t length = std::min(text.size(), bytes_.size() - length_);
    if (length > 0) std::memcpy(grow(length), text.data(), length);
    return length;
}

CounterKey stream_key(const StreamKey& key) {
    CounterKey bytes;
    bytes.put_i64(key.registration_id);
    bytes.put_i32(key.session_id);
    bytes.put_i32(key.stream_id);
    put_string(bytes, key.channel, kMaxCounterKeyLength - 20);
    return bytes;
}

CounterKey channel_key(std::string_view channel) {
    CounterKey bytes;
    put_string(bytes, channel, kMaxCounterKeyLength - 4);
    return bytes;
}

CounterKey socket_address_key(const SocketAddressKey& key) {
    CounterKey bytes;
    bytes.put_i32(key.channel_status_id);
    put_string(bytes, key.address, kMaxSocketAddressLength);
    return bytes;
}

CounterKey recording_position_key(const RecordingPositionKey& key) {
    CounterKey bytes;
    bytes.put_i64(key.recording_id);
    bytes.put_i32(key.session_id);
    put_string(bytes, key.source_identity, kMaxSourceIdentityLength);
    bytes.put_i64(key.archive_id);
    return bytes;
}

CounterKey control_session_key(std::int64_t archive_id, std::int64_t session_id) {
    CounterKey bytes;
    bytes.put_i64(archive_id);
    bytes.put_i64(session_id);
    return bytes;
}

CounterKey recovery_state_key(const RecoveryStateKey& key) {
    TERN_ASSERT(key.snapshot_recording_ids.size() <= RecoveryStateKey::kMaxServices,
                "at most 10 services");
    CounterKey bytes;
    bytes.put_i64(key.leadership_term_id);
    bytes.put_i64(key.log_position);
    bytes.put_i64(key.timestamp);
    bytes.put_i32(key.cluster_id);
    bytes.put_i32(static_cast<std::int32_t>(key.snapshot_recording_ids.size()));
    for (const std::int64_t recording_id : key.snapshot_recording_ids) bytes.put_i64(recording_id);
    return bytes;
}

CounterKey cluster_session_key(std::int32_t cluster_id, std::int64_t session_id) {
    CounterKey bytes;
    bytes.put_i32(cluster_id);
    bytes.put_i64(session_id);
    return bytes;
}

CounterKey i32_key(std::int32_t value) {
    CounterKey bytes;
    bytes.put_i32(value);
    return bytes;
}

CounterKey i64_key(std::int64_t value) {
    CounterKey bytes;
    bytes.put_i64(value);
    return bytes;
}

CounterKey service_key(std::int32_t cluster_id, std::int32_t service_id) {
    CounterKey bytes;
    bytes.put_i32(cluster_id);
    bytes.put_i32(service_id);
    return bytes;
}

std::optional<StreamKey> parse_stream_key(ConstBytes key) {
    KeyParser parser(key);
    StreamKey parsed{};
    parsed.registration_id = parser.take<std::int64_t>();
    parsed.session_id = parser.take<std::int32_t>();
    parsed.stream_id = parser.take<std::int32_t>();
    parsed.channel = parser.take_string();
    return if_ok(parser, parsed);
}

std::optional<std::string_view> parse_channel_key(ConstBytes key) {
    KeyParser parser(key);
    const std::string_view channel = parser.take_string();
    return if_ok(parser, channel);
}

std::optional<SocketAddressKey> parse_socket_address_key(ConstBytes key) {
    KeyParser parser(key);
    SocketAddressKey parsed{};
    parsed.channel_status_id = parser.take<std::int32_t>();
    parsed.address = parser.take_string();
    return if_ok(parser, parsed);
}

std::optional<RecordingPositionKey> parse_recording_position_key(ConstBytes key) {
    KeyParser parser(key);
    RecordingPositionKey parsed{};
    parsed.recording_id = parser.take<std::int64_t>();
    parsed.session_id = parser.take<std::int32_t>();
    parsed.source_identity = parser.take_string();
    parsed.archive_id = parser.take<std::int64_t>();
    return if_ok(parser, parsed);
}

std::optional<RecoveryState> parse_recovery_state_key(ConstBytes key) {
    KeyParser parser(key);
    RecoveryState parsed{};
    parsed.leadership_term_id = parser.take<std::int64_t>();
    parsed.log_position = parser.take<std::int64_t>();
    parsed.timestamp = parser.take<std::int64_t>();
    parsed.cluster_id = parser.take<std::int32_t>();
    parsed.service_count = parser.take<std::int32_t>();
    if (parsed.service_count < 0 ||
        parsed.service_count > static_cast<std::int32_t>(RecoveryStateKey::kMaxServices)) {
        return std::nullopt;
    }
    const auto services = static_cast<std::size_t>(parsed.service_count);
    for (auto& id : std::span(parsed.snapshot_recording_ids).first(services)) {
        id = parser.take<std::int64_t>();
    }
    return if_ok(parser, parsed);
}

}  // namespace tern::memory
