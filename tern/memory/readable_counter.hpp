#pragma once
// Following one counter of any process for as long as it is that counter: its id may be given to
// another one after it was freed (TRN-9.4, CLI-16.2 ReadableCounter).
//
// A view; the counters' bytes outlive it. Thread safety: any thread.

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "tern/base/error.hpp"
#include "tern/memory/counters.hpp"

namespace tern::memory {

class ReadableCounter {
  public:
    /// Throws Error unless the id is one of the buffer's and allocated.
    ReadableCounter(const CountersReader& counters, std::int32_t id)
        : counters_(counters), id_(id) {
        if (!counters_.contains(id) || counters_.state(id) != CounterState::allocated) {
            throw Error(fmt::format("Counter not allocated: id={}", id));
        }
        registration_id_ = counters_.registration_id(id);
    }

    [[nodiscard]] std::int32_t id() const noexcept { return id_; }
    [[nodiscard]] std::int64_t registration_id() const noexcept { return registration_id_; }
    [[nodiscard]] std::int64_t get() const { return counters_.value(id_); }
    [[nodiscard]] std::string label() const { return counters_.label(id_); }
    [[nodiscard]] CounterState state() const { return counters_.state(id_); }
    /// Freed, and perhaps somebody else's by now. Ask after get(): then the value was still its
    /// own.
    [[nodiscard]] bool is_closed() const {
        return state() != CounterState::allocated ||
               counters_.registration_id(id_) != registration_id_;
    }

  private:
    CountersReader counters_;
    std::int32_t id_;
    std::int64_t registration_id_ = 0;
};

}  // namespace tern::memory
