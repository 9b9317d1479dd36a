#pragma once
// The calling thread: its name, its CPU, and how it waits.

#include <cstdint>
#include <string_view>

namespace tern::platform::posix {

/// Names the calling thread; the system keeps the first 15 characters.
void name_thread(std::string_view name) noexcept;

/// Binds the calling thread to one CPU. Throws Error when the system refuses.
void pin_thread(int cpu);

/// Gives the CPU to another thread, if one waits for it.
void yield_thread() noexcept;

/// Lets at least so much time pass (the system's timer slack, usually 50 us, comes on top).
void park_thread(std::int64_t duration_ns) noexcept;

/// Tells the core that this is a spin loop.
inline void relax_cpu() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace tern::platform::posix
