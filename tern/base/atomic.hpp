#pragma once
// Ordered access to fields in shared memory. Each use says in a comment what it pairs with.
//
// The address must be naturally aligned for T (asserted in debug builds by the callers' layouts:
// every shared field of the formats is). Fields marked (U) in the spec are never accessed so.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tern {

template <typename T>
[[nodiscard]] inline std::atomic_ref<T> atomic_at(std::byte* field) noexcept {
    return std::atomic_ref<T>(*reinterpret_cast<T*>(field));
}

template <typename T>
[[nodiscard]] inline T load_acquire(const std::byte* field) noexcept {
    return atomic_at<T>(const_cast<std::byte*>(field)).load(std::memory_order_acquire);
}

template <typename T>
[[nodiscard]] inline T load_relaxed(const std::byte* field) noexcept {
    return atomic_at<T>(const_cast<std::byte*>(field)).load(std::memory_order_relaxed);
}

template <typename T>
inline void store_release(std::byte* field, T value) noexcept {
    atomic_at<T>(field).store(value, std::memory_order_release);
}

template <typename T>
inline void store_relaxed(std::byte* field, T value) noexcept {
    atomic_at<T>(field).store(value, std::memory_order_relaxed);
}

/// Adds and returns the value before; acquire-release.
template <typename T>
inline T fetch_add(std::byte* field, T delta) noexcept {
    return atomic_at<T>(field).fetch_add(delta, std::memory_order_acq_rel);
}

/// Replaces and returns the value before; acquire-release.
template <typename T>
inline T exchange(std::byte* field, T value) noexcept {
    return atomic_at<T>(field).exchange(value, std::memory_order_acq_rel);
}

/// One strong compare-and-swap; acquire-release on success.
template <typename T>
[[nodiscard]] inline bool compare_and_set(std::byte* field, T expected, T desired) noexcept {
    return atomic_at<T>(field).compare_exchange_strong(expected, desired, std::memory_order_acq_rel,
                                                       std::memory_order_acquire);
}

/// Stores before it become visible before stores after it. (The thread sanitizer knows no fences;
/// there, as on x86, keeping the compiler from reordering is enough.)
inline void store_store_fence() noexcept {
#if defined(__SANITIZE_THREAD__)
    std::atomic_signal_fence(std::memory_order_release);
#else
    std::atomic_thread_fence(std::memory_order_release);
#endif
}

/// Loads before it are done before loads after it.
inline void load_load_fence() noexcept {
#if defined(__SANITIZE_THREAD__)
    std::atomic_signal_fence(std::memory_order_acquire);
#else
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

}  // namespace tern
