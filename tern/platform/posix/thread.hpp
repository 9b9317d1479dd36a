#pragma once
// The calling thread: its name, its CPU, and how it waits.

#include <cstdint>
#include <string_view>

namespace tern::platform::posix {

/// Names the calling thread; the system keeps the first 15 characters.
void name_thread(std::string_view name) noexcept;

/// Binds the calling thread to one CPU. Throws Error when the system refuses.
void pin_thread(int cpu);

/// Makes the parks of the calling thread end when they are due, without the system's slack.
void drop_timer_slack() noexcept;

/// How many CPUs this process may run on.
[[nodiscard]] int usable_cpus() noexcept;

/// Gives the CPU to another thread, if one waits for it.
void yield_thread() noexcept;

/// Lets at least so much time pass; the timer slack of the thread comes on top, usually 50 us.
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
