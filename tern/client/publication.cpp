#include "tern/client/publication.hpp"

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

Publication::Publication(Spec spec) : PublicationBase(std::move(spec)), appender_(log_) {}

Publication::~Publication() { close(); }

std::int64_t Publication::offer(ConstBytes message) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), message);
}

std::int64_t Publication::offer(ConstBytes message, ReservedValueSupplier reserved_value) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), message, reserved_value);
}

std::int64_t Publication::offer(std::span<const ConstBytes> parts) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), parts);
}

std::int64_t Publication::offer(std::span<const ConstBytes> parts,
                                ReservedValueSupplier reserved_value) {
    if (is_closed()) return kPublicationClosed;
    return appender_.append(spec_.position_limit.get(), parts, reserved_value);
}

std::int64_t Publication::try_claim(std::int32_t length, BufferClaim& claim) {
    if (is_closed()) return kPublicationClosed;
    return appender_.claim(spec_.position_limit.get(), length, claim);
}

std::int64_t Publication::position() const noexcept {
    return is_closed() ? kPublicationClosed : log_.producer_position();
}

std::int64_t Publication::available_window() const noexcept {
    return is_closed() ? kPublicationClosed : spec_.position_limit.get() - log_.producer_position();
}

void Publication::close() noexcept { spec_.conductor->close(*this, false); }

}  // namespace tern::client
