#pragma once
// What a relay's observer learns about one stream: what was lost on its way, and what was sent
// again (chapter 21, DSR-8 and DSR-9).
//
// Thread safety: none; ask it when the relay is gone.

#include <cstdint>
#include <optional>
#include <set>

#include "tern/base/bytes.hpp"
#include "tern/wire/udp_frames.hpp"
#include "tests/support/lossy_relay.hpp"

namespace tern::interop {

class RecoveryMeter {
  public:
    void observe(const support::LossyRelay::Passing& passing);

    /// Bytes of datagrams with data, towards the receiver.
    [[nodiscard]] std::int64_t lost_bytes() const noexcept { return lost_bytes_; }
    [[nodiscard]] std::int64_t retransmitted_bytes() const noexcept { return retransmitted_bytes_; }
    [[nodiscard]] std::int64_t naks() const noexcept { return naks_; }
    /// Numbers (checked_messages.hpp) of the unfragmented messages that were ever lost.
    [[nodiscard]] const std::set<std::int64_t>& lost_messages() const noexcept {
        return lost_messages_;
    }

  private:
    void observe_data(ConstBytes datagram, bool lost);
    [[nodiscard]] std::int64_t position_of(const wire::DataHeader& header) const;

    std::optional<wire::SetupFrame> setup_;
    std::int64_t sent_position_ = 0;  ///< highest that has come by
    std::int64_t lost_bytes_ = 0;
    std::int64_t retransmitted_bytes_ = 0;
    std::int64_t naks_ = 0;
    std::set<std::int64_t> lost_messages_;
};

}  // namespace tern::interop
