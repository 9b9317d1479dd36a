#pragma once
// Messages whose receiver can tell that they are whole, and that none is missing: what
// `tern publish --verify` sends and `tern subscribe --verify` checks.
//
//     0   int64   number of the message in its stream, from 0
//     8   uint32  CRC-32 of the number and of what follows at 12
//     12  ...     a pattern that depends on the number
//
// Thread safety: none.

#include <cstdint>
#include <map>

#include "tern/base/bytes.hpp"

namespace tern::tools {

inline constexpr std::size_t kMinVerifiedLength = 12;

/// Fills the message, which has at least kMinVerifiedLength bytes.
void write_verified(Bytes message, std::int64_t number) noexcept;

/// What was wrong with the messages of all sessions together.
struct VerificationResult {
    std::int64_t verified = 0;  ///< whole, and the next of their session
    std::int64_t corrupt = 0;   ///< too short, or of another checksum
    std::int64_t missing = 0;   ///< numbers that were passed over
    std::int64_t repeated = 0;  ///< numbers that had been passed already

    [[nodiscard]] bool is_good() const noexcept {
        return corrupt == 0 && missing == 0 && repeated == 0;
    }
};

class StreamVerifier {
  public:
    /// A session may begin with any number when `joined_late`, else with 0.
    void check(std::int32_t session_id, ConstBytes message, bool joined_late);
    [[nodiscard]] const VerificationResult& result() const noexcept { return result_; }

  private:
    std::map<std::int32_t, std::int64_t> next_;  // by session
    VerificationResult result_;
};

}  // namespace tern::tools
