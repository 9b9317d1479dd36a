#pragma once
// How the conductor has something done on another agent's thread (DRV-3.4).
//
// A command is a small closure. In the modes where all agents share a thread it runs at once;
// otherwise it is queued, and what does not fit waits in a list on the producer's side that the
// producer flushes every duty cycle: one timer tick may produce thousands of commands, and the
// conductor must neither block on a full queue nor lose one.
//
// Thread safety: execute and flush on the producer's (conductor's) thread, run on the consumer's.

#include <cstddef>
#include <cstring>
#include <deque>
#include <new>
#include <type_traits>

#include "tern/driver/spsc_queue.hpp"
#include "tern/memory/counter.hpp"

namespace tern::driver {

/// A closure of at most 120 bytes that captures plain values only.
class Command {
  public:
    static constexpr std::size_t kCaptureLength = 120;

    Command() = default;
    template <typename F>
    explicit Command(const F& body) noexcept {
        static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= kCaptureLength &&
                      alignof(F) <= alignof(std::max_align_t));
        std::memcpy(capture_, &body, sizeof(F));
        invoke_ = [](const void* capture) { (*static_cast<const F*>(capture))(); };
    }
    void operator()() const { invoke_(capture_); }

  private:
    alignas(std::max_align_t) std::byte capture_[kCaptureLength];
    void (*invoke_)(const void*) = nullptr;
};

class CommandQueue {
  public:
    static constexpr std::size_t kCapacity = 1024;

    /// `same_thread`: producer and consumer share a thread. `failed_offers` counts commands that
    /// found the queue full.
    CommandQueue(bool same_thread, memory::Counter failed_offers)
        : queue_(same_thread ? 1 : kCapacity),
          failed_offers_(failed_offers),
          same_thread_(same_thread) {}

    template <typename F>
    void execute(const F& body) {
        if (same_thread_) {
            body();
            return;
        }
        const Command command(body);
        if (overflow_.empty() && queue_.try_push(command)) return;
        failed_offers_.increment();
        overflow_.push_back(command);
    }

    /// Moves waiting commands into the queue as far as they fit.
    int flush() {
        int moved = 0;
        while (!overflow_.empty() && queue_.try_push(overflow_.front())) {
            overflow_.pop_front();
            ++moved;
        }
        return moved;
    }

    /// Runs up to `limit` commands.
    int run(int limit) {
        return queue_.consume(limit, [](const Command& command) { command(); });
    }

  private:
    SpscQueue<Command> queue_;
    std::deque<Command> overflow_;
    memory::Counter failed_offers_;
    bool same_thread_;
};

}  // namespace tern::driver
