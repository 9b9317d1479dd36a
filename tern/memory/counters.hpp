#pragma once
// Counters: a metadata record and a value record per counter id (TRN-9).
//
// CountersReader looks at the counters of a driver, of this or another process. CountersManager is
// the one that allocates and frees: the driver conductor. Both are views; the bytes belong to the
// caller and outlive them.
//
// Thread safety: a reader from any thread; the manager from one. What a reader sees of a counter
// may be gone a moment later: compare the registration id before and after (TRN-9.4).

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/memory/counter.hpp"
#include "tern/platform/clock.hpp"

namespace tern::memory {

inline constexpr std::size_t kCounterMetadataLength = 512;
inline constexpr std::size_t kMaxCounterKeyLength = 112;
inline constexpr std::size_t kMaxCounterLabelLength = 380;

namespace counter_layout {

// Offsets into a metadata record.
inline constexpr std::size_t kStateOffset = 0;
inline constexpr std::size_t kTypeIdOffset = 4;
inline constexpr std::size_t kDeadlineOffset = 8;
inline constexpr std::size_t kKeyOffset = 16;
inline constexpr std::size_t kLabelLengthOffset = 128;
inline constexpr std::size_t kLabelOffset = 132;
static_assert(kKeyOffset + kMaxCounterKeyLength == kLabelLengthOffset);
static_assert(kLabelOffset + kMaxCounterLabelLength == kCounterMetadataLength);

// Offsets into a value record.
inline constexpr std::size_t kValueOffset = 0;
inline constexpr std::size_t kRegistrationIdOffset = 8;
inline constexpr std::size_t kOwnerIdOffset = 16;
inline constexpr std::size_t kReferenceIdOffset = 24;

}  // namespace counter_layout

enum class CounterState : std::int32_t { unused = 0, allocated = 1, reclaimed = -1 };

class CountersReader {
  public:
    /// Throws Error unless `metadata` is at least four times as long as `values` and both are
    /// aligned.
    CountersReader(ConstBytes metadata, ConstBytes values);

    [[nodiscard]] std::int32_t max_counter_id() const noexcept { return max_counter_id_; }
    /// Whether the id is one of the buffer's; ids from other processes are checked with this
    /// before any of the functions below, which assert it.
    [[nodiscard]] bool contains(std::int32_t id) const noexcept {
        return id >= 0 && id <= max_counter_id_;
    }

    [[nodiscard]] CounterState state(std::int32_t id) const;
    [[nodiscard]] std::int32_t type_id(std::int32_t id) const;
    [[nodiscard]] std::int64_t free_for_reuse_deadline_ms(std::int32_t id) const;
    /// All 112 bytes; what is beyond the used part is undefined, honour the key's own lengths.
    [[nodiscard]] ConstBytes key(std::int32_t id) const;
    [[nodiscard]] std::string label(std::int32_t id) const;

    [[nodiscard]] std::int64_t value(std::int32_t id) const;
    [[nodiscard]] std::int64_t registration_id(std::int32_t id) const;
    [[nodiscard]] std::int64_t owner_id(std::int32_t id) const;
    [[nodiscard]] std::int64_t reference_id(std::int32_t id) const;

    /// Calls visit(std::int32_t id) for each allocated counter, in order of id.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (std::int32_t id = 0; id <= max_counter_id_; ++id) {
            const CounterState found = state(id);
            if (found == CounterState::unused) return;
            if (found == CounterState::allocated) visit(id);
        }
    }

    /// The first allocated counter with this type and registration id, or kNullCounterId.
    [[nodiscard]] std::int32_t find(std::int32_t type_id, std::int64_t registration_id) const;
    /// Likewise of any type.
    [[nodiscard]] std::int32_t find_by_registration_id(std::int64_t registration_id) const;

  private:
    template <typename Matches>
    [[nodiscard]] std::int32_t find_if(Matches&& matches) const;
    [[nodiscard]] const std::byte* metadata_at(std::int32_t id) const;
    [[nodiscard]] const std::byte* value_at(std::int32_t id) const;

    ConstBytes metadata_;
    ConstBytes values_;
    std::int32_t max_counter_id_;
};

/// What a counter is made of. Key and label are cut to their limits.
struct CounterSpec {
    std::int32_t type_id = 0;
    ConstBytes key = {};
    std::string_view label = {};
    std::int64_t registration_id = 0;
    std::int64_t owner_id = 0;
    std::int64_t reference_id = 0;
};

class CountersManager : public CountersReader {
  public:
    /// `clock` outlives the manager. A freed id is not given out again before
    /// `free_to_reuse_timeout_ns` has passed on the monotonic clock; the deadline in wall clock
    /// that readers see in shared memory decides nothing here (TRN-9.3).
    CountersManager(Bytes metadata, Bytes values, const platform::Clock& clock,
                    std::int64_t free_to_reuse_timeout_ns);

    /// Throws Error when all ids are taken. The value is 0.
    [[nodiscard]] Counter allocate(const CounterSpec& spec);
    /// The id is not allocated when false is returned: nothing was done (freed twice, never
    /// allocated, no id of this buffer).
    bool free(std::int32_t id);
    /// Frees what the handle refers to, and makes it null; harmless on a null handle.
    void free(Counter& counter);

    void set_label(std::int32_t id, std::string_view label);
    void append_to_label(std::int32_t id, std::string_view suffix);
    /// Replaces the key; the rest of its 112 bytes becomes zero.
    void set_key(std::int32_t id, ConstBytes key);
    void set_reference_id(std::int32_t id, std::int64_t reference_id);

    [[nodiscard]] Counter counter(std::int32_t id) const { return Counter(values_, id); }

  private:
    struct Freed {
        std::int32_t id;
        std::int64_t reuse_at_ns;
    };

    [[nodiscard]] std::int32_t take_id();

    Bytes metadata_;
    Bytes values_;
    const platform::Clock& clock_;
    std::int64_t free_to_reuse_timeout_ns_;
    std::int32_t next_unused_id_ = 0;
    std::deque<Freed> freed_;  // in the order of reuse_at_ns
};

/// Appends to the label of a counter that this process owns in another's counters (a client to its
/// heartbeat counter); cut to the limit. `metadata` is the whole metadata buffer.
void append_to_counter_label(Bytes metadata, std::int32_t id, std::string_view suffix);
/// Likewise ties it to something else that readers know by an id. `values`: the whole buffer.
void set_counter_reference_id(Bytes values, std::int32_t id, std::int64_t reference_id);

/// All allocated counters for people, one a line: id, value, label.
[[nodiscard]] std::string counters_text(const CountersReader& counters);

}  // namespace tern::memory
