#pragma once
// Which session id a publication gets when its URI names none (DRV-7.2).
//
// Thread safety: the conductor's thread only.

#include <cstdint>

#include "tern/base/math.hpp"

namespace tern::driver {

class SessionIds {
  public:
    /// Ids in [reserved_low, reserved_high] are never given out.
    SessionIds(std::int32_t first, std::int32_t reserved_low, std::int32_t reserved_high)
        : next_(first), reserved_low_(reserved_low), reserved_high_(reserved_high) {}

    /// The next id for which in_use(std::int32_t) is false.
    template <typename InUse>
    [[nodiscard]] std::int32_t take(InUse&& in_use) {
        std::int32_t id = skip_reserved(next_);
        while (in_use(id)) id = skip_reserved(wrapping_add(id, 1));
        next_ = wrapping_add(id, 1);
        return id;
    }

  private:
    [[nodiscard]] std::int32_t skip_reserved(std::int32_t id) const noexcept {
        const bool reserved = reserved_low_ <= id && id <= reserved_high_;
        return reserved ? wrapping_add(reserved_high_, 1) : id;
    }

    std::int32_t next_;
    std::int32_t reserved_low_;
    std::int32_t reserved_high_;
};

}  // namespace tern::driver
