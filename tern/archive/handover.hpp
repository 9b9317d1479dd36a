#pragma once
// Hands sessions from the conductor to the agent that works on them.
//
// The conductor owns every session for all of its life. It puts a pointer into this queue; the
// worker takes it, works on it, and when it has let go for good raises the session's `released`
// flag, which is all that the conductor looks for. So the same code serves agents on one thread
// and on several, and nothing is ever lost: what does not fit into the queue stays with the
// conductor until the next duty cycle.
//
// Thread safety: push by one thread, pop by one other.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tern/base/math.hpp"

namespace tern::archive {

template <typename T>
class Handover {
  public:
    static constexpr std::size_t kCapacity = 64;

    /// False when the queue is full.
    bool push(T* item) noexcept {
        const auto tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;  // pop's
        slots_[tail % kCapacity] = item;
        tail_.store(tail + 1, std::memory_order_release);  // pairs with pop's acquire
        return true;
    }

    /// nullptr when the queue is empty.
    T* pop() noexcept {
        const auto head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return nullptr;  // pairs with push
        T* const item = slots_[head % kCapacity];
        head_.store(head + 1, std::memory_order_release);  // pairs with push's acquire
        return item;
    }

  private:
    alignas(kCacheLineLength) std::atomic<std::uint64_t> tail_{0};
    alignas(kCacheLineLength) std::atomic<std::uint64_t> head_{0};
    alignas(kCacheLineLength) std::array<T*, kCapacity> slots_{};
};

}  // namespace tern::archive
