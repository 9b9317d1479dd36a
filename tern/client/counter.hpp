#pragma once
// A counter of this client (CLI-16.2). Unique: destroying the handle closes it, which removes an
// owned counter from the driver; a static one stays.
//
// After close nothing is written any more, so that a late update cannot land in somebody else's
// counter; reads give what is in the slot.
//
// Thread safety: get, fetch_add, exchange and compare_and_set from any thread; the others by one
// writer at a time. close() from any thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/memory/counter.hpp"
#include "tern/memory/counters.hpp"

namespace tern::client {

class ClientConductor;
class CncMapping;

class Counter {
  public:
    /// For the conductor.
    struct Spec {
        std::int64_t correlation_id = 0;
        std::int64_t registration_id = 0;
        bool is_owned = true;
        memory::Counter value;
        std::shared_ptr<CncMapping> cnc;
        std::shared_ptr<ClientConductor> conductor;
    };
    explicit Counter(Spec spec);
    ~Counter();  ///< closes
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;

    [[nodiscard]] std::int32_t id() const noexcept { return spec_.value.id(); }
    /// Id of the command that added it.
    [[nodiscard]] std::int64_t correlation_id() const noexcept { return spec_.correlation_id; }
    /// As in the counter's record: the correlation id, or what a static counter was given.
    [[nodiscard]] std::int64_t registration_id() const noexcept { return spec_.registration_id; }
    [[nodiscard]] bool is_static() const noexcept { return !spec_.is_owned; }
    [[nodiscard]] std::string label() const;
    [[nodiscard]] memory::CounterState state() const;

    [[nodiscard]] std::int64_t get() const noexcept { return spec_.value.get(); }
    [[nodiscard]] std::int64_t get_plain() const noexcept { return spec_.value.get_plain(); }
    void set(std::int64_t value) noexcept {
        if (!is_closed()) spec_.value.set(value);
    }
    void set_plain(std::int64_t value) noexcept {
        if (!is_closed()) spec_.value.set_plain(value);
    }
    void add(std::int64_t delta) noexcept {
        if (!is_closed()) spec_.value.add(delta);
    }
    void increment() noexcept { add(1); }
    bool propose_max(std::int64_t proposed) noexcept {
        return !is_closed() && spec_.value.propose_max(proposed);
    }
    /// Several writers: adds, or replaces, and returns the value before.
    std::int64_t fetch_add(std::int64_t delta) noexcept {
        return is_closed() ? spec_.value.get() : spec_.value.fetch_add(delta);
    }
    std::int64_t exchange(std::int64_t value) noexcept {
        return is_closed() ? spec_.value.get() : spec_.value.exchange(value);
    }
    [[nodiscard]] bool compare_and_set(std::int64_t expected, std::int64_t desired) noexcept {
        return !is_closed() && spec_.value.compare_and_set(expected, desired);
    }

    /// Ties the counter to something else that readers know by an id (TRN-9.2).
    void set_reference_id(std::int64_t reference_id) noexcept;
    /// Appends to the label, cut to its 380 bytes.
    void append_to_label(std::string_view suffix) noexcept;

    /// Sends REMOVE_COUNTER for an owned counter. Idempotent; never waits.
    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept {
        return is_closed_.load(std::memory_order_acquire);
    }

  private:
    friend class ClientConductor;
    Spec spec_;
    std::atomic<bool> is_closed_{false};
};

}  // namespace tern::client
