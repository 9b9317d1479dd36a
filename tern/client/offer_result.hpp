#pragma once
// What offer(), try_claim() and their kin return when it is not a position (CLI-8.3, TRN-3.4), and
// the claim.

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/function_ref.hpp"
#include "tern/logbuffer/append_result.hpp"
#include "tern/logbuffer/buffer_claim.hpp"

namespace tern::client {

/// No subscriber, or none yet. Try again, within reason.
inline constexpr std::int64_t kNotConnected = logbuffer::kNotConnected;
/// The subscribers are behind by the window. Try again after idling.
inline constexpr std::int64_t kBackPressured = logbuffer::kBackPressured;
/// The term was rotated under way. Try again at once.
inline constexpr std::int64_t kAdminAction = logbuffer::kAdminAction;
/// The publication or its client is closed.
inline constexpr std::int64_t kPublicationClosed = logbuffer::kClosed;
/// The stream has come to its last possible position. Close, and add a new publication.
inline constexpr std::int64_t kMaxPositionExceeded = logbuffer::kMaxPositionExceeded;

/// "BACK_PRESSURED" and so on; "NONE" for positions, "UNKNOWN" for other values.
[[nodiscard]] std::string_view offer_result_name(std::int64_t result) noexcept;

/// Space claimed in a publication's term: fill payload(), then commit() or abort(), soon, and while
/// the publication's handle lives.
using logbuffer::BufferClaim;

/// Gives the reserved value of a frame about to be published: called once per fragment with the
/// whole frame, header and payload (CLI-11).
using ReservedValueSupplier = FunctionRef<std::int64_t(Bytes frame)>;

}  // namespace tern::client
