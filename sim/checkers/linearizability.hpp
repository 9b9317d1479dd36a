#pragma once
// The history of `kv` operations that clients saw is linearizable: every operation took effect at
// one moment between its call and its answer. A call without an answer may have taken effect at
// any time after it, or never.
//
// Linearizability is compositional, so each key is judged alone. The search is that of Wing & Gong
// with the memory of Lowe: depth first over (calls that have taken effect, state). Because no two
// puts of a key have the same value,
//   - a value may be left only when every get that returned it has taken effect,
//   - gets that agree with the state take effect at once; nothing is lost by that,
//   - lost puts that nobody read differ in their time of call only, and so do lost deletes: the
//     search counts them instead of choosing among them, and the fewer it needs the better.
// That leaves little to choose, and the limit of steps is far away from what a run needs.
//
// Times in nanoseconds of one clock; calls that touch in time count as concurrent. No thread
// safety.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/node/kv_state.hpp"

namespace tern::sim {

enum class Linearizability : std::uint8_t { holds, violated, undecided };

class KvHistory {
  public:
    static constexpr std::size_t kMaxCalls = 1 << 20;
    static constexpr std::size_t kMaxSteps = 100'000;  ///< of the search, each key and window

    struct Call {
        std::int32_t client;
        node::KvOperation operation;
        std::string key;
        std::string put_value;
        std::int64_t called_ns;
        std::optional<std::int64_t> answered_ns;
        node::KvStatus status = node::KvStatus::ok;
        std::string got_value;
    };
    struct Verdict {
        Linearizability outcome = Linearizability::holds;
        std::string finding;  ///< one line, unless it holds
    };
    using CallId = std::size_t;

    /// A client calls. A value is put at most once for each key.
    [[nodiscard]] CallId called(std::int32_t client, std::int64_t now_ns,
                                node::KvOperation operation, std::string_view key,
                                std::string_view value = {});
    /// The answer has come; a call that never gets one is lost. A finding when the operation has
    /// no such answer. A put that found the store full had no effect.
    [[nodiscard]] std::optional<std::string> answered(CallId id, std::int64_t now_ns,
                                                      node::KvStatus status,
                                                      std::string_view value = {});

    [[nodiscard]] const std::vector<Call>& calls() const noexcept { return calls_; }

    /// Judges all keys: the first violation in key order, else the first key left undecided. The
    /// finding shows the smallest stretch of the history that no order explains.
    [[nodiscard]] Verdict check() const;

  private:
    std::vector<Call> calls_;
};

}  // namespace tern::sim
