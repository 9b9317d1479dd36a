#include "sim/checkers/linearizability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::sim {
namespace {

using node::KvOperation;
using node::KvStatus;
using Call = KvHistory::Call;
using Calls = std::vector<const Call*>;  // of one key, in order of call

constexpr std::int64_t kBeginning = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kShownCalls = 12;
constexpr std::size_t kShownValueLength = 24;

// A stretch of time. Calls that were answered before it have set the unknown state that it begins
// with; answers after it have not come.
struct Window {
    std::int64_t from_ns = kBeginning;
    std::int64_t to_ns = kEnd;

    [[nodiscard]] bool shows(const Call& call) const {
        return call.called_ns <= to_ns && !(call.answered_ns && *call.answered_ns < from_ns);
    }
    [[nodiscard]] bool shows_answer(const Call& call) const {
        return call.answered_ns && *call.answered_ns <= to_ns;
    }
};

// What a key holds: nothing, a value that no get of the window returned, or value number 2, 3, ...
using State = std::uint32_t;
constexpr State kAbsent = 0;
constexpr State kUnread = 1;

enum class Effect : std::uint8_t {
    read,    // leaves the state, which must be the operation's
    put,     // sets the operation's state
    remove,  // needs a value, leaves none
};

struct Operation {
    std::int64_t called_ns;
    std::int64_t answered_ns;
    Effect effect;
    State state;
};

// The calls of one key in a window, ready to be searched.
struct Problem {
    std::vector<Operation> operations;       // that must take effect, in order of call
    std::vector<std::int64_t> lost_puts;     // that nobody read: times of call, ascending
    std::vector<std::int64_t> lost_removes;  // likewise
    std::vector<State> initial;              // states that it may begin with
    std::vector<std::uint32_t> reads;        // of each state
};

bool can_answer(KvOperation operation, KvStatus status) {
    if (status == KvStatus::ok) return true;
    return status == (operation == KvOperation::put ? KvStatus::full : KvStatus::not_found);
}

bool is_get_of_value(const Call& call) {
    return call.operation == KvOperation::get && call.status == KvStatus::ok;
}

class Compiler {
  public:
    Compiler(const Calls& calls, const Window& window) : calls_(&calls), window_(window) {}

    Problem compile() {
        number_values();
        for (const Call* call : *calls_) {
            if (!window_.shows(*call)) continue;
            if (window_.shows_answer(*call)) {
                add_answered(*call);
            } else {
                add_lost(*call);
            }
        }
        return std::move(problem_);
    }

  private:
    // Numbers the values that were read, and finds which of them the window may begin with.
    void number_values() {
        problem_.initial = {kAbsent};
        problem_.reads = {0, 0};
        for (const Call* call : *calls_) {
            if (!window_.shows(*call) || !window_.shows_answer(*call)) continue;
            if (!is_get_of_value(*call)) continue;
            const auto next = static_cast<State>(problem_.reads.size());
            const auto [value, added] = values_.try_emplace(call->got_value, next);
            if (added) problem_.reads.push_back(0);
            ++problem_.reads[value->second];
        }
        if (window_.from_ns == kBeginning) return;
        problem_.initial.push_back(kUnread);
        for (const Call* call : *calls_) {
            if (call->operation != KvOperation::put || window_.shows(*call)) continue;
            const auto value = values_.find(call->put_value);
            if (value != values_.end()) problem_.initial.push_back(value->second);
        }
    }

    void add(const Call& call, std::int64_t answered_ns, Effect effect, State state) {
        problem_.operations.push_back({call.called_ns, answered_ns, effect, state});
    }

    void add_answered(const Call& call) {
        if (!can_answer(call.operation, call.status)) return;  // answered() has said so
        const std::int64_t answered_ns = *call.answered_ns;
        if (call.operation == KvOperation::put) {
            const auto value = values_.find(call.put_value);
            const State state = value == values_.end() ? kUnread : value->second;
            if (call.status == KvStatus::ok) add(call, answered_ns, Effect::put, state);
        } else if (call.status == KvStatus::not_found) {
            add(call, answered_ns, Effect::read, kAbsent);
        } else if (call.operation == KvOperation::del) {
            add(call, answered_ns, Effect::remove, kAbsent);
        } else {
            add(call, answered_ns, Effect::read, values_.at(call.got_value));
        }
    }

    void add_lost(const Call& call) {
        if (call.operation == KvOperation::get) return;
        if (call.operation == KvOperation::del) {
            problem_.lost_removes.push_back(call.called_ns);
            return;
        }
        const auto value = values_.find(call.put_value);
        if (value == values_.end()) {
            problem_.lost_puts.push_back(call.called_ns);
        } else {
            add(call, kEnd, Effect::put, value->second);  // somebody read it: it took effect
        }
    }

    const Calls* calls_;
    Window window_;
    Problem problem_;
    std::map<std::string_view, State> values_;
};

class Search {
  public:
    explicit Search(Problem problem) : problem_(std::move(problem)) {}

    Linearizability run() {
        for (const State state : problem_.initial) open_.emplace_back().state = state;
        for (std::size_t step = 0; !open_.empty(); ++step) {
            if (step == KvHistory::kMaxSteps) return Linearizability::undecided;
            Node node = std::move(open_.back());
            open_.pop_back();
            if (!take_reads(node)) continue;
            if (node.low == problem_.operations.size()) return Linearizability::holds;
            if (is_new(node)) expand(node);
        }
        return Linearizability::violated;
    }

  private:
    struct Place {
        std::uint32_t low = 0;             // all operations below have taken effect,
        std::vector<std::uint32_t> ahead;  // and these above, ascending
        State state = kAbsent;
        auto operator<=>(const Place&) const = default;
    };
    struct Lost {  // how many of the lost calls have taken effect
        std::uint32_t puts = 0;
        std::uint32_t removes = 0;
    };
    struct Node : Place {
        Lost lost;
    };

    // Whoever has come to the same place with no more of the lost calls can go on in all the ways
    // that this one can.
    bool is_new(const Node& node) {
        std::vector<Lost>& others = seen_[node];
        for (const Lost& other : others) {
            if (other.puts <= node.lost.puts && other.removes <= node.lost.removes) return false;
        }
        others.push_back(node.lost);
        return true;
    }

    // Calls `visit` with each operation that may take effect next: none that has not was answered
    // before its call. Returns the earliest answer of those that have not taken effect.
    template <typename Visit>
    std::int64_t for_each_next(const Node& node, Visit visit) const {
        std::int64_t first_answer_ns = kEnd;
        auto ahead = node.ahead.begin();
        for (std::uint32_t i = node.low; i < problem_.operations.size(); ++i) {
            const Operation& operation = problem_.operations[i];
            if (operation.called_ns > first_answer_ns) break;
            if (ahead != node.ahead.end() && *ahead == i) {
                ++ahead;
                continue;
            }
            first_answer_ns = std::min(first_answer_ns, operation.answered_ns);
            visit(i, operation);
        }
        return first_answer_ns;
    }

    static void take(Node& node, std::uint32_t index) {
        node.ahead.insert(std::ranges::lower_bound(node.ahead, index), index);
        std::size_t run = 0;
        while (run < node.ahead.size() && node.ahead[run] == node.low + run) ++run;
        node.ahead.erase(node.ahead.begin(), node.ahead.begin() + static_cast<std::ptrdiff_t>(run));
        node.low += static_cast<std::uint32_t>(run);
    }

    // Lets all reads of the state take effect that may. False when some of its value cannot: what
    // stands in their way would overwrite it, and it never comes back.
    bool take_reads(Node& node) const {
        std::uint32_t taken = 0;
        std::vector<std::uint32_t> found;
        do {
            found.clear();
            for_each_next(node, [&](std::uint32_t i, const Operation& operation) {
                if (operation.effect == Effect::read && operation.state == node.state) {
                    found.push_back(i);
                }
            });
            for (const std::uint32_t i : found) take(node, i);
            taken += static_cast<std::uint32_t>(found.size());
        } while (!found.empty());
        if (node.state == kAbsent) return true;
        const bool all = taken == problem_.reads[node.state];
        node.state = kUnread;
        return all;
    }

    // Opens what may follow; the last one opened is tried first, and that is the operation that
    // was called first. Lost calls are the last resort.
    void expand(const Node& node) {
        std::vector<Node> next;
        const std::int64_t first_answer_ns =
            for_each_next(node, [&](std::uint32_t i, const Operation& operation) {
                if (operation.effect == Effect::read) return;
                if (operation.effect == Effect::remove && node.state == kAbsent) return;
                next.push_back(node);
                take(next.back(), i);
                next.back().state = operation.state;
            });
        const auto can_use = [&](const std::vector<std::int64_t>& lost, std::uint32_t used) {
            return used < lost.size() && lost[used] <= first_answer_ns;
        };
        if (node.state == kAbsent && can_use(problem_.lost_puts, node.lost.puts)) {
            next.push_back(node);
            next.back().state = kUnread;
            ++next.back().lost.puts;
        }
        if (node.state != kAbsent && can_use(problem_.lost_removes, node.lost.removes)) {
            next.push_back(node);
            next.back().state = kAbsent;
            ++next.back().lost.removes;
        }
        std::move(next.rbegin(), next.rend(), std::back_inserter(open_));
    }

    Problem problem_;
    std::vector<Node> open_;
    std::map<Place, std::vector<Lost>> seen_;
};

Linearizability judge(const Calls& calls, const Window& window) {
    return Search(Compiler(calls, window).compile()).run();
}

bool fails(const Calls& calls, const Window& window) {
    return judge(calls, window) == Linearizability::violated;
}

// The earliest answer with which the history fails; it fails with each later one as well.
std::int64_t first_failing_answer(const Calls& calls) {
    std::vector<std::int64_t> answers;
    for (const Call* call : calls) {
        if (call->answered_ns) answers.push_back(*call->answered_ns);
    }
    std::ranges::sort(answers);
    const auto first = std::ranges::partition_point(
        answers, [&](std::int64_t answer_ns) { return !fails(calls, {.to_ns = answer_ns}); });
    return first == answers.end() ? kEnd : *first;
}

// The latest beginning, between two calls, from which the history fails whatever went before.
std::int64_t last_failing_call(const Calls& calls, std::int64_t to_ns) {
    for (auto from = calls.rbegin(); from != calls.rend(); ++from) {
        const Window window{.from_ns = (*from)->called_ns, .to_ns = to_ns};
        if (window.from_ns > to_ns) continue;
        const bool cuts_a_call = std::ranges::any_of(calls, [&](const Call* call) {
            return call->called_ns < window.from_ns && window.shows(*call) &&
                   window.shows_answer(*call);
        });
        if (!cuts_a_call && fails(calls, window)) return window.from_ns;
    }
    return kBeginning;
}

std::string shown(std::string_view value) {
    if (value.size() <= kShownValueLength) return fmt::format("{:?}", value);
    return fmt::format("{:?}...", value.substr(0, kShownValueLength));
}

std::string describe(const Call& call, const Window& window) {
    std::string text = fmt::format("client {} ", call.client);
    switch (call.operation) {
        case KvOperation::put:
            text += "put " + shown(call.put_value);
            break;
        case KvOperation::get:
            text += "get";
            break;
        case KvOperation::del:
            text += "delete";
            break;
    }
    if (!window.shows_answer(call)) return text + fmt::format(" [{}, ...", call.called_ns);
    text += fmt::format(" [{}, {}] -> ", call.called_ns, *call.answered_ns);
    if (is_get_of_value(call)) return text + shown(call.got_value);
    switch (call.status) {
        case KvStatus::ok:
            return text + "ok";
        case KvStatus::not_found:
            return text + "not found";
        case KvStatus::malformed:
            return text + "malformed";
        case KvStatus::full:
            return text + "full";
    }
    return text;
}

std::string describe(std::string_view key, const Calls& calls, const Window& window) {
    Calls in_window;
    for (const Call* call : calls) {
        if (window.shows(*call)) in_window.push_back(call);
    }
    std::string text = fmt::format("key {:?}: no order explains", key);
    const std::size_t hidden = in_window.size() - std::min(in_window.size(), kShownCalls);
    if (hidden > 0) text += fmt::format(" {} calls and", hidden);
    for (std::size_t i = hidden; i < in_window.size(); ++i) {
        text += (i == hidden ? " " : "; ") + describe(*in_window[i], window);
    }
    return text;
}

KvHistory::Verdict judge_key(std::string_view key, Calls calls) {
    std::ranges::stable_sort(calls, {}, [](const Call* call) { return call->called_ns; });
    const Linearizability outcome = judge(calls, {});
    if (outcome == Linearizability::holds) return {};
    if (outcome == Linearizability::undecided) {
        return {outcome, fmt::format("key {:?}: undecided after {} steps over {} calls", key,
                                     KvHistory::kMaxSteps, calls.size())};
    }
    Window window{.to_ns = first_failing_answer(calls)};
    window.from_ns = last_failing_call(calls, window.to_ns);
    return {outcome, describe(key, calls, window)};
}

}  // namespace

KvHistory::CallId KvHistory::called(std::int32_t client, std::int64_t now_ns, KvOperation operation,
                                    std::string_view key, std::string_view value) {
    TERN_ASSERT(calls_.size() < kMaxCalls, "a run makes fewer calls");
    calls_.push_back({.client = client,
                      .operation = operation,
                      .key = std::string(key),
                      .put_value = std::string(value),
                      .called_ns = now_ns,
                      .answered_ns = std::nullopt,
                      .got_value = {}});
    return calls_.size() - 1;
}

std::optional<std::string> KvHistory::answered(CallId id, std::int64_t now_ns, KvStatus status,
                                               std::string_view value) {
    Call& call = calls_.at(id);
    TERN_ASSERT(!call.answered_ns && now_ns >= call.called_ns, "one answer, after the call");
    call.answered_ns = now_ns;
    call.status = status;
    call.got_value = value;
    if (can_answer(call.operation, status)) return std::nullopt;
    return fmt::format("key {:?}: {}", call.key, describe(call, {}));
}

KvHistory::Verdict KvHistory::check() const {
    std::map<std::string_view, Calls> by_key;
    std::set<std::pair<std::string_view, std::string_view>> put_values;
    for (const Call& call : calls_) {
        by_key[call.key].push_back(&call);
        if (call.operation != KvOperation::put) continue;
        TERN_ASSERT(put_values.emplace(call.key, call.put_value).second,
                    "no value is put twice for a key");
    }
    Verdict verdict;
    for (auto& [key, calls] : by_key) {
        Verdict of_key = judge_key(key, std::move(calls));
        if (of_key.outcome == Linearizability::violated) return of_key;
        if (verdict.outcome == Linearizability::holds) verdict = std::move(of_key);
    }
    return verdict;
}

}  // namespace tern::sim
