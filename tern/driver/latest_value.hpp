#pragma once
// A small value that one thread overwrites and another reads: the reader gets a consistent copy or
// nothing, neither ever waits (the change numbers of DSR-7.3, DSR-7.5).
//
// Thread safety: one writer, one reader.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "tern/base/atomic.hpp"

namespace tern::driver {

template <typename T>
requires std::is_trivially_copyable_v<T>
class LatestValue {
  public:
    /// Writer: replaces the value.
    void publish(const T& value) noexcept {
        std::array<std::uint64_t, kWords> words{};
        std::memcpy(words.data(), &value, sizeof(T));
        const std::int64_t change = begin_.load(std::memory_order_relaxed) + 1;
        begin_.store(change, std::memory_order_relaxed);
        store_store_fence();  // pairs with the load_load_fence of take_if_changed
        for (std::size_t i = 0; i < kWords; ++i) {
            words_[i].store(words[i], std::memory_order_relaxed);
        }
        end_.store(change, std::memory_order_release);
    }

    /// Reader: whether a value newer than `last_change` has been published.
    [[nodiscard]] bool changed_since(std::int64_t last_change) const noexcept {
        return end_.load(std::memory_order_acquire) != last_change;
    }

    /// Reader: the value and, in `last_change`, its number; nullopt while it is being replaced.
    [[nodiscard]] std::optional<T> read(std::int64_t& last_change) const noexcept {
        const std::int64_t change = end_.load(std::memory_order_acquire);
        std::array<std::uint64_t, kWords> words;
        for (std::size_t i = 0; i < kWords; ++i) {
            words[i] = words_[i].load(std::memory_order_relaxed);
        }
        load_load_fence();
        if (begin_.load(std::memory_order_relaxed) != change) return std::nullopt;
        last_change = change;
        T value;
        std::memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
        return value;
    }

  private:
    static constexpr std::size_t kWords = (sizeof(T) + 7) / 8;
    std::atomic<std::int64_t> begin_{0};
    std::array<std::atomic<std::uint64_t>, kWords> words_{};
    std::atomic<std::int64_t> end_{0};
};

}  // namespace tern::driver
