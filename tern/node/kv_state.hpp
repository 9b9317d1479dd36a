#pragma once
// The state of the built-in `kv` service: a bounded map with put, get and delete, as bytes in and
// bytes out. Pure: no I/O, the same commands give the same state and answers everywhere.
//
// Command (little-endian): u8 operation, u16 key length, key, and for put the value to the end.
// Answer: u8 status, and for get the value to the end.
// Snapshot: chunks, each a run of entries {u16 key length, u32 value length, key, value} in key
// order, and at last an empty chunk.
//
// Thread safety: none.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::node {

enum class KvOperation : std::uint8_t { put = 1, get = 2, del = 3 };
enum class KvStatus : std::uint8_t { ok = 0, not_found = 1, malformed = 2, full = 3 };

[[nodiscard]] std::vector<std::byte> encode_kv_command(KvOperation operation, std::string_view key,
                                                       std::string_view value = {});

class KvState {
  public:
    static constexpr std::size_t kMaxKeyLength = 1024;
    static constexpr std::size_t kMaxValueLength = 32 * 1024;
    static constexpr std::size_t kMaxTotalLength = 1 << 30;  ///< keys and values together, bytes
    static constexpr std::size_t kChunkLength = 64 * 1024;   ///< of a snapshot, at most

    /// Applies a command and returns the answer, valid until the next call.
    ConstBytes apply(ConstBytes command);

    /// Calls `sink` with each chunk of a snapshot, the empty one last.
    void save(const std::function<void(ConstBytes)>& sink) const;
    /// Adds one chunk; true when it was the last. Throws Error when it is malformed.
    bool load(ConstBytes chunk);

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    KvStatus put(std::string_view key, std::string_view value);
    KvStatus get(std::string_view key);
    KvStatus del(std::string_view key);

    std::map<std::string, std::string, std::less<>> entries_;
    std::size_t total_length_ = 0;
    std::vector<std::byte> answer_;
};

}  // namespace tern::node
