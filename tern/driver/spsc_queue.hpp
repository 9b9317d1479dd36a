#pragma once
// A bounded queue of plain values between two agents, one producing, one consuming.
//
// Thread safety: try_push on the producer's thread, consume on the consumer's; they may be the
// same. Neither blocks, allocates or throws after construction.

#include <atomic>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "tern/base/assert.hpp"
#include "tern/base/math.hpp"

namespace tern::driver {

template <typename T>
requires std::is_trivially_copyable_v<T>
class SpscQueue {
  public:
    /// `capacity`: a power of two.
    explicit SpscQueue(std::size_t capacity) : slots_(capacity), mask_(capacity - 1) {
        TERN_ASSERT(is_power_of_two(capacity), "a capacity that is a power of two");
    }

    /// False when the queue is full.
    [[nodiscard]] bool try_push(const T& value) noexcept {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - cached_head_ == slots_.size()) {
            cached_head_ = head_.load(std::memory_order_acquire);  // pairs with consume
            if (tail - cached_head_ == slots_.size()) return false;
        }
        slots_[tail & mask_] = value;
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// Calls handle(const T&) for up to `limit` values, oldest first; returns how many.
    template <typename Handle>
    int consume(int limit, Handle&& handle) {
        std::size_t head = head_.load(std::memory_order_relaxed);
        const std::size_t tail = tail_.load(std::memory_order_acquire);  // pairs with try_push
        int count = 0;
        while (count < limit && head != tail) {
            const T value = slots_[head & mask_];
            // Freed before it is handled: a handler that throws must not see the value again.
            head_.store(++head, std::memory_order_release);
            ++count;
            handle(value);
        }
        return count;
    }

    [[nodiscard]] bool empty() const noexcept {
        return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
    }

  private:
    std::vector<T> slots_;
    std::size_t mask_;
    alignas(kCacheLineLength) std::atomic<std::size_t> tail_{0};
    std::size_t cached_head_ = 0;  // the producer's
    alignas(kCacheLineLength) std::atomic<std::size_t> head_{0};
};

}  // namespace tern::driver
