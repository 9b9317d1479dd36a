#pragma once
// Freeing a log from a publisher that died between claim and commit (TRN-2.13, DRV-11.9). Called
// by the driver, after nothing has moved for the publication unblock timeout.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::logbuffer {

enum class UnblockResult : std::uint8_t {
    no_action,
    unblocked,         ///< the claim at the offset is padding now
    unblocked_to_end,  ///< all that was left of the term is padding now: the log must be rotated
};

/// Makes an abandoned claim at `blocked_offset` into padding; `tail_offset` is where publishers
/// are in this term.
UnblockResult unblock_term(Bytes term, const LogMetadata& metadata, std::int32_t blocked_offset,
                           std::int32_t tail_offset, std::int32_t term_id) noexcept;

/// Frees a log whose consumers stand at `blocked_position`; returns whether anything was done.
bool unblock_log(const LogBuffers& log, std::int64_t blocked_position) noexcept;

}  // namespace tern::logbuffer
