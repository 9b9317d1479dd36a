#pragma once
// Whereto a multi-destination publication sends: added by command (manual) or learned from status
// messages (dynamic) (DSR-12.2).
//
// Thread safety: the sender's thread only, after construction.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tern/memory/counter.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

inline constexpr std::int64_t kDestinationTimeoutNs = 5'000'000'000;
inline constexpr std::size_t kMaxSendDestinations = 1024;  ///< of one endpoint

class SendDestinations {
  public:
    /// `count` is the mdc-num-dest counter, or null.
    SendDestinations(bool is_manual, memory::Counter count);

    [[nodiscard]] bool is_manual() const noexcept { return is_manual_; }
    [[nodiscard]] std::size_t size() const noexcept { return destinations_.size(); }

    /// Manual: `address` may be empty, when the name could not be resolved yet. False when full.
    bool add(const platform::SocketAddress& address, std::string endpoint,
             std::int64_t registration_id, std::int64_t now_ns);
    bool remove(const platform::SocketAddress& address);
    bool remove(std::int64_t registration_id);
    /// Manual: gives a new address to every destination with this endpoint text; returns how many.
    std::size_t resolve(std::string_view endpoint, const platform::SocketAddress& address);

    /// A status message that passed its checks: learns or refreshes a destination.
    void on_status_message(std::int64_t receiver_id, const platform::SocketAddress& source,
                           std::int64_t now_ns);
    /// Registration id of the manual destination that an ERR frame came from, or -1.
    [[nodiscard]] std::int64_t registration_id_of(std::int64_t receiver_id,
                                                  const platform::SocketAddress& source) const;

    /// Sends the trains to every destination; all bytes count as sent. A receiver that misses some
    /// recovers by NAK: one destination that cannot be reached must not stop the others (upstream
    /// resends to all, which stops the stream). `error` is the last that was met.
    platform::SendResult send(platform::UdpSocket& socket, std::span<platform::Train> trains,
                              std::int64_t now_ns);

    /// Manual: registration id of a destination that has been silent for kDestinationTimeoutNs;
    /// each is returned once per timeout.
    [[nodiscard]] std::optional<std::int64_t> next_silent(std::int64_t now_ns);

  private:
    struct Destination {
        platform::SocketAddress address;
        std::string endpoint;
        std::int64_t registration_id = -1;
        std::optional<std::int64_t> receiver_id;
        std::int64_t time_of_last_activity_ns = 0;
    };

    [[nodiscard]] bool matches(const Destination& destination, std::int64_t receiver_id,
                               const platform::SocketAddress& source) const;
    void remove_expired(std::int64_t now_ns);
    void publish_count() const;

    bool is_manual_;
    memory::Counter count_;
    std::vector<Destination> destinations_;
    std::size_t next_start_ = 0;
};

}  // namespace tern::driver
