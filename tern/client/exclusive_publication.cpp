#include "tern/client/exclusive_publication.hpp"

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

ExclusivePublication::ExclusivePublication(Spec spec)
    : PublicationBase(std::move(spec)), appender_(log_) {}

ExclusivePublication::~ExclusivePublication() { close(); }

std::int64_t ExclusivePublication::offer(ConstBytes message) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), message);
}

std::int64_t ExclusivePublication::offer(ConstBytes message, ReservedValueSupplier reserved_value) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), message, reserved_value);
}

std::int64_t ExclusivePublication::offer(std::span<const ConstBytes> parts) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), parts);
}

std::int64_t ExclusivePublication::offer(std::span<const ConstBytes> parts,
                                         ReservedValueSupplier reserved_value) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), parts, reserved_value);
}

std::int64_t ExclusivePublication::try_claim(std::int32_t length, BufferClaim& claim) {
    if (is_closed()) return kPublicationClosed;
    return appender_.claim(spec_.position_limit.get(), length, claim);
}

std::int64_t ExclusivePublication::append_padding(std::int32_t length) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append_padding(spec_.position_limit.get(), length);
}

std::int64_t ExclusivePublication::offer_block(ConstBytes frames) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append_block(spec_.position_limit.get(), frames);
}

std::int64_t ExclusivePublication::available_window() const noexcept {
    return is_closed() ? kPublicationClosed : spec_.position_limit.get() - appender_.position();
}

void ExclusivePublication::close() noexcept {
    spec_.conductor->close(*this, revoke_on_close_.load(std::memory_order_acquire));
}

}  // namespace tern::client
