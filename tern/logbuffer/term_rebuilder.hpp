#pragma once
// Rebuilding a term of an image from received datagrams: insert, find gaps, fill them (TRN-2.13).
//
// Thread safety: inserting and filling from the receiver thread; gaps may be scanned from another.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/frame.hpp"
#include "tern/logbuffer/log_metadata.hpp"

namespace tern::logbuffer {

/// A datagram of DATA frames, or of DATA frames ended by the header of a PAD frame, may be inserted
/// at the offset that its first header names, if each frame is whole with its padding, all fit the
/// term, and no frame lies about its place (DSR-16). Heartbeats (frame_length 0) are not for
/// inserting. Returns the term offset behind the last frame, all of its padding included: where
/// readers will go on; kNotInsertable when it may not.
inline constexpr std::int32_t kNotInsertable = -1;
[[nodiscard]] std::int32_t insertable_end(ConstBytes datagram, std::int32_t term_length) noexcept;
[[nodiscard]] inline bool is_insertable(ConstBytes datagram, std::int32_t term_length) noexcept {
    return insertable_end(datagram, term_length) != kNotInsertable;
}

/// Copies a datagram that is_insertable() into the term at `offset`, unless a frame is already
/// there; returns whether it was inserted. Its first frame is committed last.
bool insert_packet(Bytes term, std::int32_t offset, ConstBytes datagram) noexcept;

/// Where a term is not yet whole.
struct TermGap {
    std::int32_t offset;      ///< up to here all frames are committed
    std::int32_t length = 0;  ///< bytes missing, multiple of 32; 0: nothing missing before limit
};

/// Looks for the first gap in [offset, limit_offset).
[[nodiscard]] TermGap find_gap(ConstBytes term, std::int32_t offset,
                               std::int32_t limit_offset) noexcept;

/// Unreliable streams: makes a gap into padding. False when something has been written into it
/// meanwhile.
bool fill_gap(Bytes term, const LogMetadata& metadata, std::int32_t term_id,
              const TermGap& gap) noexcept;

}  // namespace tern::logbuffer
