#pragma once
// A publication with a log of its own and one writer, which makes it the fastest (CLI-10).
//
// Results, errors and ownership as for Publication. Thread safety: offer, try_claim, offer_block,
// append_padding, position and available_window by one thread at a time; the rest from any thread.

#include <atomic>
#include <cstdint>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/client/publication_base.hpp"
#include "tern/logbuffer/exclusive_appender.hpp"

namespace tern::client {

class ExclusivePublication final : public PublicationBase {
  public:
    explicit ExclusivePublication(Spec spec);  ///< for the conductor
    ~ExclusivePublication();                   ///< closes

    /// Copies the message into the log.
    std::int64_t offer(ConstBytes message);
    std::int64_t offer(ConstBytes message, ReservedValueSupplier reserved_value);
    /// One message made of the parts, in order.
    std::int64_t offer(std::span<const ConstBytes> parts);
    std::int64_t offer(std::span<const ConstBytes> parts, ReservedValueSupplier reserved_value);

    /// Reserves a frame for a message of `length` (at most max_payload_length()) to be written in
    /// place. `claim` is only touched on success.
    std::int64_t try_claim(std::int32_t length, BufferClaim& claim);

    /// Appends a padding frame of `length` plus a header: subscribers skip it. `length` is at most
    /// what a message of max_message_length() takes in the term, else throws Error.
    std::int64_t append_padding(std::int32_t length);

    /// Appends a run of whole, committed frames as they are: those of a recording. The first must
    /// be a data frame for exactly this position of this stream, the length a multiple of 32 and at
    /// most what is left of the term; throws Error otherwise.
    std::int64_t offer_block(ConstBytes frames);

    /// Position that the next message begins at; kPublicationClosed when closed.
    [[nodiscard]] std::int64_t position() const noexcept {
        return is_closed() ? kPublicationClosed : appender_.position();
    }
    /// Bytes that may be offered now; may be negative; kPublicationClosed when closed.
    [[nodiscard]] std::int64_t available_window() const noexcept;
    [[nodiscard]] std::int32_t term_id() const noexcept { return appender_.term_id(); }
    [[nodiscard]] std::int32_t term_offset() const noexcept { return appender_.term_offset(); }

    /// Makes close() a revocation: subscribers are cut off without draining (CLI-10.4).
    void revoke_on_close() noexcept { revoke_on_close_.store(true, std::memory_order_release); }
    void revoke() noexcept {
        revoke_on_close();
        close();
    }
    /// Tells the driver. Idempotent; never waits.
    void close() noexcept;

  private:
    friend class ClientConductor;
    std::atomic<bool> revoke_on_close_{false};
    logbuffer::ExclusiveAppender appender_;  // on cache lines of its own
};

}  // namespace tern::client
