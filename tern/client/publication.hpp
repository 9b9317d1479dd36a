#pragma once
// A publication that any number of threads, handles and processes may offer to at once (CLI-9).
//
// offer() and try_claim() return the stream position after the message, or one of the negative
// results of offer_result.hpp. They do not lock, allocate or wait. A message or claim longer than
// the limit throws Error.
//
// Ownership: unique; destroying the handle closes it (publication_base.hpp). A claim must be
// committed or aborted while the handle lives. Thread safety: all of it, from any thread.

#include <cstdint>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/client/publication_base.hpp"
#include "tern/logbuffer/concurrent_appender.hpp"

namespace tern::client {

class Publication final : public PublicationBase {
  public:
    explicit Publication(Spec spec);  ///< for the conductor
    ~Publication();                   ///< closes

    /// Copies the message into the log.
    std::int64_t offer(ConstBytes message);
    std::int64_t offer(ConstBytes message, ReservedValueSupplier reserved_value);
    /// One message made of the parts, in order.
    std::int64_t offer(std::span<const ConstBytes> parts);
    std::int64_t offer(std::span<const ConstBytes> parts, ReservedValueSupplier reserved_value);

    /// Reserves a frame for a message of `length` (at most max_payload_length()) to be written in
    /// place. `claim` is only touched on success.
    std::int64_t try_claim(std::int32_t length, BufferClaim& claim);

    /// Position that the next message begins at; kPublicationClosed when closed.
    [[nodiscard]] std::int64_t position() const noexcept;
    /// Bytes that may be offered now; may be negative; kPublicationClosed when closed.
    [[nodiscard]] std::int64_t available_window() const noexcept;

    /// Tells the driver. Idempotent; never waits.
    void close() noexcept;

  private:
    const logbuffer::ConcurrentAppender appender_;
};

}  // namespace tern::client
