#pragma once
// RES frames: how drivers tell each other the names they know (TRN-1.12). A common header, then
// entries back to back, each padded to 8 bytes.
//
//     ResolutionWriter writer(datagram);              ResolutionReader reader(datagram);
//     while (more && writer.append(entry)) ...        while (auto entry = reader.next()) ...
//     send(writer.finish());                          if (reader.malformed()) count it
//
// Entries of a malformed datagram that came before the fault are good. Nothing is allocated.
//
// Thread safety: none.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::wire {

inline constexpr std::size_t kMaxResolverNameLength = 512;  ///< upstream accepts no longer one

struct ResolutionEntry {
    bool self = false;           ///< describes the sender
    std::uint16_t udp_port = 0;  ///< of the resolver
    std::int32_t age_ms = 0;     ///< since it was last heard of; 0 for self
    ConstBytes address;          ///< 4 or 16 bytes in network order
    std::string_view name;

    [[nodiscard]] bool is_ipv4() const noexcept;
    /// Neither more nor fewer than zeroes: the receiver takes the datagram's source instead.
    [[nodiscard]] bool is_any_address() const noexcept;
};

class ResolutionReader {
  public:
    /// A datagram that is no RES frame is malformed and has no entries.
    explicit ResolutionReader(ConstBytes datagram) noexcept;

    /// The next entry, pointing into the datagram; nullopt at the end or at a fault.
    [[nodiscard]] std::optional<ResolutionEntry> next() noexcept;
    [[nodiscard]] bool malformed() const noexcept { return malformed_; }

  private:
    ConstBytes rest_;
    bool malformed_ = false;
};

class ResolutionWriter {
  public:
    /// Writes to `into`, at least kFrameHeaderLength bytes and at most an MTU.
    explicit ResolutionWriter(Bytes into) noexcept;

    /// False when the entry does not fit, or its name or address has no valid length.
    [[nodiscard]] bool append(const ResolutionEntry& entry) noexcept;
    [[nodiscard]] bool empty() const noexcept { return length_ == kFrameHeaderLength; }
    /// The frame so far, with its header.
    [[nodiscard]] ConstBytes finish() noexcept;

  private:
    Bytes into_;
    std::size_t length_ = kFrameHeaderLength;
};

}  // namespace tern::wire
