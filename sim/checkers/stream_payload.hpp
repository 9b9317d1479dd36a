#pragma once
// Messages that can be verified by whoever gets them, without their writer.
//
//   0  u64  hash of all that follows
//   8  u64  stream key: which stream of the run
//  16  u64  sequence number: 0, 1, 2, ... within (stream key, session)
//  24  u32  session tag: which writer of the stream
//  28  u32  length of the message, this header included
//  32  ...  pseudo-random, from stream key and sequence number
//
// Little-endian, lengths in bytes. Deterministic; no thread safety.

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::sim {

inline constexpr std::size_t kMinStreamMessageLength = 32;
inline constexpr std::size_t kMaxStreamMessageLength = 16 << 20;  ///< Aeron's own bound

struct StreamHeader {
    std::uint64_t hash;
    std::uint64_t stream_key;
    std::uint64_t sequence;
    std::uint32_t session;
    std::uint32_t length;
};
static_assert(sizeof(StreamHeader) == kMinStreamMessageLength);

class StreamPayload {
  public:
    StreamPayload(std::uint64_t stream_key, std::uint32_t session)
        : stream_key_(stream_key), session_(session) {}

    [[nodiscard]] std::uint64_t stream_key() const noexcept { return stream_key_; }
    [[nodiscard]] std::uint32_t session() const noexcept { return session_; }

    /// Message `sequence`, `length` bytes of it; valid until the next call.
    [[nodiscard]] ConstBytes make(std::uint64_t sequence, std::size_t length);

    /// The header of a whole message, or what is damaged, and from which byte on.
    [[nodiscard]] static std::expected<StreamHeader, std::string> verify(ConstBytes message);

  private:
    std::uint64_t stream_key_;
    std::uint32_t session_;
    std::uint64_t sequence_ = 0;
    std::vector<std::byte> message_;  // the last that was made: it may be asked for often
};

}  // namespace tern::sim
