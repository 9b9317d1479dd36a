#pragma once
// A handle to the value of one counter (TRN-9.2), and positions, which are counters too.
//
// A handle is a pointer into the counters values buffer: cheap to copy, does not own the counter
// (who allocated it frees it), must not outlive the mapping. A default handle is null; using its
// value is a programmer error, except for close-time checks with operator bool.
//
// Thread safety: one writer at a time, any number of readers. get/set order as acquire/release;
// the *_plain forms and add/increment/propose_max (a load and a store) are for the one writer;
// fetch_add, exchange and compare_and_set are for several.

#include <cstddef>
#include <cstdint>

#include "tern/base/assert.hpp"
#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"

namespace tern::memory {

inline constexpr std::size_t kCounterValueLength = 128;
inline constexpr std::int32_t kNullCounterId = -1;  ///< also "no channel status" (TRN-9.6)

class Counter {
  public:
    Counter() noexcept = default;
    Counter(Bytes values, std::int32_t counter_id) : id_(counter_id) {
        TERN_ASSERT(
            counter_id >= 0 &&
                (static_cast<std::size_t>(counter_id) + 1) * kCounterValueLength <= values.size(),
            "a counter id within the values buffer");
        value_ = values.data() + static_cast<std::size_t>(counter_id) * kCounterValueLength;
    }

    [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }
    [[nodiscard]] std::int32_t id() const noexcept { return id_; }

    [[nodiscard]] std::int64_t get() const noexcept { return load_acquire<std::int64_t>(value_); }
    [[nodiscard]] std::int64_t get_plain() const noexcept {
        return load_relaxed<std::int64_t>(value_);
    }
    void set(std::int64_t value) const noexcept { store_release(value_, value); }
    void set_plain(std::int64_t value) const noexcept { store_relaxed(value_, value); }

    /// Single writer: adds without a locked instruction.
    void add(std::int64_t delta) const noexcept { set(get_plain() + delta); }
    void increment() const noexcept { add(1); }
    /// Single writer: raises the value to `proposed` if that is higher; returns whether it was.
    bool propose_max(std::int64_t proposed) const noexcept {
        if (get_plain() >= proposed) return false;
        set(proposed);
        return true;
    }

    /// Several writers: adds and returns the value before.
    std::int64_t fetch_add(std::int64_t delta) const noexcept {
        return tern::fetch_add<std::int64_t>(value_, delta);
    }
    /// Several writers: replaces the value and returns the one before.
    std::int64_t exchange(std::int64_t value) const noexcept {
        return tern::exchange<std::int64_t>(value_, value);
    }
    [[nodiscard]] bool compare_and_set(std::int64_t expected, std::int64_t desired) const noexcept {
        return tern::compare_and_set<std::int64_t>(value_, expected, desired);
    }

  private:
    std::byte* value_ = nullptr;
    std::int32_t id_ = kNullCounterId;
};

using Position = Counter;  ///< a counter that holds a stream position

}  // namespace tern::memory
