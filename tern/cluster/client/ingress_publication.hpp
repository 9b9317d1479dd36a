#pragma once
// A publication to a member's ingress, being added or there: exclusive or concurrent.
// Thread safety: none; the client's.

#include <cstdint>
#include <span>
#include <string>

#include "tern/client/aeron.hpp"
#include "tern/cluster/async_resource.hpp"

namespace tern::cluster {

class IngressPublication {
  public:
    explicit IngressPublication(bool is_exclusive) noexcept : is_exclusive_(is_exclusive) {}

    /// `aeron` outlives this object, or its close().
    void begin(client::Aeron& aeron, const std::string& channel, std::int32_t stream_id) {
        if (is_exclusive_) {
            exclusive_.begin(aeron, aeron.async_add_exclusive_publication(channel, stream_id));
        } else {
            shared_.begin(aeron, aeron.async_add_publication(channel, stream_id));
        }
    }
    /// True once it is there. Throws when the driver refused, after which it is idle.
    bool poll() { return is_exclusive_ ? exclusive_.poll() != nullptr : shared_.poll() != nullptr; }
    [[nodiscard]] bool is_idle() const noexcept {
        return is_exclusive_ ? exclusive_.is_idle() : shared_.is_idle();
    }
    [[nodiscard]] bool is_present() const noexcept {
        return exclusive_.get() != nullptr || shared_.get() != nullptr;
    }
    [[nodiscard]] bool is_connected() const noexcept {
        return is_present() &&
               (is_exclusive_ ? exclusive_.get()->is_connected() : shared_.get()->is_connected());
    }

    /// As a publication's; kNotConnected while it is being added, kPublicationClosed when closed.
    std::int64_t offer(std::span<const ConstBytes> parts) {
        if (!is_present()) return absent();
        return is_exclusive_ ? exclusive_.get()->offer(parts) : shared_.get()->offer(parts);
    }
    std::int64_t try_claim(std::int32_t length, client::BufferClaim& claim) {
        if (!is_present()) return absent();
        return is_exclusive_ ? exclusive_.get()->try_claim(length, claim)
                             : shared_.get()->try_claim(length, claim);
    }
    /// 0 while it is not there.
    [[nodiscard]] std::int32_t term_buffer_length() const noexcept {
        if (!is_present()) return 0;
        return is_exclusive_ ? exclusive_.get()->term_buffer_length()
                             : shared_.get()->term_buffer_length();
    }
    void close() noexcept {
        exclusive_.close();
        shared_.close();
    }

  private:
    [[nodiscard]] std::int64_t absent() const noexcept {
        return is_idle() ? client::kPublicationClosed : client::kNotConnected;
    }
    bool is_exclusive_;
    AsyncResource<client::ExclusivePublication> exclusive_;  // one of the two
    AsyncResource<client::Publication> shared_;
};

}  // namespace tern::cluster
