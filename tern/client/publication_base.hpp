#pragma once
// What the two kinds of publication have in common (CLI-8): identity, constants, state,
// destinations, closing.
//
// A publication handle is unique: destroying it closes it. It may outlive its client, in which case
// it is closed. Thread safety: everything here from any thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/client/mapped_log.hpp"
#include "tern/client/offer_result.hpp"
#include "tern/memory/counter.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/wire/commands.hpp"

namespace tern::client {

class ClientConductor;
class CncMapping;

class PublicationBase {
  public:
    /// For the conductor.
    struct Spec {
        std::int64_t registration_id = 0;
        std::int64_t original_registration_id = 0;
        std::int32_t session_id = 0;
        std::int32_t stream_id = 0;
        std::int32_t channel_status_id = memory::kNullCounterId;
        memory::Position position_limit;
        std::string channel;
        std::shared_ptr<MappedLog> log;
        std::shared_ptr<CncMapping> cnc;
        std::shared_ptr<ClientConductor> conductor;
    };
    PublicationBase(const PublicationBase&) = delete;
    PublicationBase& operator=(const PublicationBase&) = delete;

    // Constants.
    [[nodiscard]] const std::string& channel() const noexcept { return spec_.channel; }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return spec_.stream_id; }
    [[nodiscard]] std::int32_t session_id() const noexcept { return spec_.session_id; }
    [[nodiscard]] std::int32_t initial_term_id() const noexcept { return log_.initial_term_id(); }
    /// Id of the command that added this handle.
    [[nodiscard]] std::int64_t registration_id() const noexcept { return spec_.registration_id; }
    /// Id of the driver's publication: that of the first handle on it.
    [[nodiscard]] std::int64_t original_registration_id() const noexcept {
        return spec_.original_registration_id;
    }
    [[nodiscard]] bool is_original() const noexcept {
        return spec_.registration_id == spec_.original_registration_id;
    }
    /// Longest message that can be offered; longer than max_payload_length() goes in fragments.
    [[nodiscard]] std::int32_t max_message_length() const noexcept {
        return logbuffer::max_message_length(log_.term_length());
    }
    /// Longest message of one frame, and longest claim.
    [[nodiscard]] std::int32_t max_payload_length() const noexcept {
        return log_.max_payload_length();
    }
    [[nodiscard]] std::int32_t term_buffer_length() const noexcept { return log_.term_length(); }
    [[nodiscard]] int position_bits_to_shift() const noexcept { return log_.shift(); }
    [[nodiscard]] std::int64_t max_possible_position() const noexcept {
        return logbuffer::max_possible_position(log_.term_length());
    }
    [[nodiscard]] std::int32_t position_limit_id() const noexcept {
        return spec_.position_limit.id();
    }
    [[nodiscard]] std::int32_t channel_status_id() const noexcept {
        return spec_.channel_status_id;
    }

    // State.
    [[nodiscard]] bool is_closed() const noexcept {
        return is_closed_.load(std::memory_order_acquire);
    }
    /// Whether there is a subscriber now.
    [[nodiscard]] bool is_connected() const noexcept;
    /// Position up to which offers are accepted; kPublicationClosed when closed.
    [[nodiscard]] std::int64_t position_limit() const noexcept;
    /// Of the channel's endpoint; active for IPC, errored when closed.
    [[nodiscard]] memory::ChannelStatus channel_status() const;
    /// "host:port" that the channel's sockets are bound to; empty until active.
    [[nodiscard]] std::vector<std::string> local_socket_addresses() const;

    // Destinations, of channels with control-mode=manual (CLI-17).
    /// Returns the command's correlation id, which is the destination's id from then on; ask
    /// Aeron::is_operation_complete. Throws ClientClosedException when closed.
    std::int64_t async_add_destination(std::string_view channel);
    std::int64_t async_remove_destination(std::string_view channel);
    std::int64_t async_remove_destination(std::int64_t destination_registration_id);
    /// As above, waiting for the driver's answer. Throws RegistrationException when refused.
    std::int64_t add_destination(std::string_view channel);
    void remove_destination(std::string_view channel);
    void remove_destination(std::int64_t destination_registration_id);

  protected:
    explicit PublicationBase(Spec spec);
    ~PublicationBase() = default;

    void ensure_open() const;

    friend class ClientConductor;
    void mark_closed() noexcept { is_closed_.store(true, std::memory_order_release); }

    Spec spec_;
    logbuffer::LogBuffers log_;
    std::atomic<bool> is_closed_{false};

  private:
    std::int64_t send_destination(wire::CommandId id, std::string_view channel);
};

}  // namespace tern::client
