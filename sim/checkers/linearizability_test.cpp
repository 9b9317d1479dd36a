#include "sim/checkers/linearizability.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "tern/platform/sim/prng.hpp"

namespace tern::sim {
namespace {

using node::KvOperation;
using node::KvStatus;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Writes histories of one key by hand.
class LinearizabilityTest : public ::testing::Test {
  protected:
    void put(std::int64_t from, std::int64_t to, std::string_view value) {
        const auto id = history_.called(1, from, KvOperation::put, "k", value);
        ASSERT_EQ(history_.answered(id, to, KvStatus::ok), std::nullopt);
    }
    void get(std::int64_t from, std::int64_t to, std::string_view value) {
        const auto id = history_.called(2, from, KvOperation::get, "k");
        ASSERT_EQ(history_.answered(id, to, KvStatus::ok, value), std::nullopt);
    }
    void get_nothing(std::int64_t from, std::int64_t to) {
        const auto id = history_.called(2, from, KvOperation::get, "k");
        ASSERT_EQ(history_.answered(id, to, KvStatus::not_found), std::nullopt);
    }
    void remove(std::int64_t from, std::int64_t to, KvStatus status = KvStatus::ok) {
        const auto id = history_.called(3, from, KvOperation::del, "k");
        ASSERT_EQ(history_.answered(id, to, status), std::nullopt);
    }
    void lost_put(std::int64_t from, std::string_view value) {
        (void)history_.called(4, from, KvOperation::put, "k", value);
    }
    void lost_remove(std::int64_t from) { (void)history_.called(4, from, KvOperation::del, "k"); }
    void expect(Linearizability outcome) {
        const auto verdict = history_.check();
        EXPECT_EQ(verdict.outcome, outcome) << verdict.finding;
        EXPECT_EQ(verdict.finding.empty(), outcome == Linearizability::holds);
    }
    KvHistory history_;
};

constexpr auto kHolds = Linearizability::holds;
constexpr auto kViolated = Linearizability::violated;

TEST_F(LinearizabilityTest, NothingHappened) { expect(kHolds); }

TEST_F(LinearizabilityTest, OneAfterTheOther) {
    get_nothing(0, 1);
    remove(2, 3, KvStatus::not_found);
    put(4, 5, "a");
    get(6, 7, "a");
    put(8, 9, "b");
    get(10, 11, "b");
    remove(12, 13);
    get_nothing(14, 15);
    expect(kHolds);
}

TEST_F(LinearizabilityTest, AStaleRead) {
    put(0, 1, "a");
    get(2, 3, "a");
    put(4, 5, "b");
    get(6, 7, "a");
    get(8, 9, "b");
    expect(kViolated);
    EXPECT_EQ(
        history_.check().finding,
        R"(key "k": no order explains client 1 put "b" [4, 5] -> ok; client 2 get [6, 7] -> "a")");
}

TEST_F(LinearizabilityTest, ALostUpdate) {
    put(0, 1, "a");
    get_nothing(2, 3);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, AValueThatWasNeverPut) {
    put(0, 1, "a");
    get(2, 3, "z");
    expect(kViolated);
    EXPECT_EQ(history_.check().finding, R"(key "k": no order explains client 2 get [2, 3] -> "z")");
}

TEST_F(LinearizabilityTest, AReadBeforeThePut) {
    get(0, 1, "a");
    put(2, 3, "a");
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ConcurrentPutsTakeEffectInAnyOrder) {
    put(0, 10, "a");
    put(0, 10, "b");
    get(2, 3, "b");
    get(4, 5, "a");
    expect(kHolds);
    get(6, 7, "b");  // but not twice
    expect(kViolated);
}

TEST_F(LinearizabilityTest, CallsThatTouchAreConcurrent) {
    put(0, 5, "a");
    get_nothing(5, 6);
    expect(kHolds);
}

TEST_F(LinearizabilityTest, ReadersDoNotGoBackInTime) {
    put(0, 1, "a");
    put(2, 20, "b");
    get(3, 4, "b");
    get(5, 6, "a");
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ADeleteDeletesOnce) {
    put(0, 1, "a");
    remove(2, 5);
    expect(kHolds);
    remove(3, 6);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, TheWindowMayBeginWithAnyValue) {
    put(0, 1, "a");
    remove(2, 3);
    remove(4, 5);
    EXPECT_EQ(history_.check().finding,
              R"(key "k": no order explains client 3 delete [2, 3] -> ok; )"
              "client 3 delete [4, 5] -> ok");
}

TEST_F(LinearizabilityTest, ADeleteOfNothingIsNotOk) {
    remove(0, 1);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ADeleteFindsWhatIsThere) {
    put(0, 1, "a");
    remove(2, 3, KvStatus::not_found);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ALostPutTakesEffectLaterOrNever) {
    lost_put(0, "a");
    get_nothing(10, 11);
    expect(kHolds);
    get(12, 13, "a");
    expect(kHolds);
    get_nothing(14, 15);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ALostPutTakesEffectOnceAndNotBeforeItsCall) {
    put(0, 1, "a");
    lost_put(2, "b");
    get(3, 4, "b");
    put(5, 6, "c");
    get(7, 8, "b");
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ALostPutThatNobodyReadExplainsOneDelete) {
    lost_put(0, "a");
    remove(2, 3);
    expect(kHolds);
    remove(4, 5);
    expect(kViolated);
    lost_put(4, "b");
    expect(kHolds);
}

TEST_F(LinearizabilityTest, ALostPutExplainsNoDeleteBeforeIt) {
    remove(2, 3);
    lost_put(4, "a");
    expect(kViolated);
}

TEST_F(LinearizabilityTest, ALostDeleteExplainsOneDisappearance) {
    put(0, 1, "a");
    lost_remove(2);
    get(3, 4, "a");
    get_nothing(5, 6);
    expect(kHolds);
    put(7, 8, "b");
    get_nothing(9, 10);
    expect(kViolated);
}

TEST_F(LinearizabilityTest, APutThatFoundTheStoreFullHasNoEffect) {
    const auto id = history_.called(1, 0, KvOperation::put, "k", "a");
    EXPECT_EQ(history_.answered(id, 1, KvStatus::full), std::nullopt);
    get_nothing(2, 3);
    expect(kHolds);
    get(4, 5, "a");
    expect(kViolated);
}

TEST_F(LinearizabilityTest, FindsAnswersThatAnOperationDoesNotHave) {
    const auto answer = [&](KvOperation operation, KvStatus status) {
        return history_.answered(history_.called(1, 0, operation, "k"), 1, status);
    };
    EXPECT_NE(answer(KvOperation::put, KvStatus::not_found), std::nullopt);
    EXPECT_NE(answer(KvOperation::get, KvStatus::full), std::nullopt);
    EXPECT_NE(answer(KvOperation::get, KvStatus::malformed), std::nullopt);
    EXPECT_NE(answer(KvOperation::del, KvStatus::full), std::nullopt);
}

TEST_F(LinearizabilityTest, KeysAreJudgedApart) {
    const auto other = history_.called(5, 0, KvOperation::get, "other");
    put(0, 1, "a");
    EXPECT_EQ(history_.answered(other, 9, KvStatus::not_found), std::nullopt);
    expect(kHolds);
}

TEST_F(LinearizabilityTest, TheWindowLeavesOutWhatWentBeforeAndAfter) {
    for (std::int64_t n = 0; n < 200; ++n) {
        put(10 * n, 10 * n + 4, fmt::format("v{}", n));
        get(10 * n + 2, 10 * n + 6, fmt::format("v{}", n == 100 ? 98 : n));
    }
    const auto verdict = history_.check();
    EXPECT_EQ(verdict.outcome, kViolated);
    EXPECT_THAT(verdict.finding, AllOf(HasSubstr(R"("v98")"), HasSubstr(R"("v100")"),
                                       Not(HasSubstr(R"("v97")")), Not(HasSubstr(R"("v101")"))));
}

TEST_F(LinearizabilityTest, GivesUpAtTheLimit) {
    // 20 puts and deletes at once, and an answer that none of their orders explains.
    for (int n = 0; n < 20; ++n) {
        put(0, 100, fmt::format("v{}", n));
        remove(0, 100);
    }
    remove(0, 100);
    const auto verdict = history_.check();
    EXPECT_EQ(verdict.outcome, Linearizability::undecided);
    EXPECT_THAT(verdict.finding, HasSubstr("undecided after 100000 steps over 41 calls"));
}

// What really happens: clients call, the store applies, clients get the answer or give up. Every
// draw moves one client by one step, so that calls overlap as they like.
class Execution {
  public:
    Execution(std::uint32_t clients, std::uint32_t keys) : client_count_(clients), keys_(keys) {}

    void step(std::uint32_t draw) {
        ++now_ns_;
        const auto client = static_cast<std::int32_t>(draw % client_count_);
        draw /= client_count_;
        if (draw % 16 == 0) return abandon(client);
        if (draw % 16 == 1) return apply_abandoned();
        draw /= 16;
        auto& state = clients_[client];
        if (!state.call) {
            state = call(client, draw);
        } else if (!state.answer) {
            state.answer = apply(state.command);
        } else {
            const ConstBytes value = ConstBytes(*state.answer).subspan(1);
            const auto status = static_cast<KvStatus>(state.answer->front());
            RC_ASSERT(!history.answered(*state.call, now_ns_, status, as_text(value)));
            state = {};
        }
    }

    KvHistory history;

  private:
    struct Client {
        std::optional<KvHistory::CallId> call;
        std::vector<std::byte> command;
        std::optional<std::vector<std::byte>> answer;
    };

    Client call(std::int32_t client, std::uint32_t draw) {
        const std::string key = fmt::format("key {}", draw % keys_);
        const auto operation = static_cast<KvOperation>(1 + draw / keys_ % 3);
        std::string value;
        if (operation == KvOperation::put) value = fmt::format("value {}", ++puts_);
        const auto id = history.called(client, now_ns_, operation, key, value);
        return {id, node::encode_kv_command(operation, key, value), std::nullopt};
    }
    std::vector<std::byte> apply(const std::vector<std::byte>& command) {
        const ConstBytes answer = store_.apply(command);
        return {answer.begin(), answer.end()};
    }
    void abandon(std::int32_t client) {
        auto& state = clients_[client];
        if (state.call && !state.answer) abandoned_.push_back(state.command);
        state = {};
    }
    void apply_abandoned() {
        if (abandoned_.empty()) return;
        (void)apply(abandoned_.back());
        abandoned_.pop_back();
    }

    std::uint32_t client_count_;
    std::uint32_t keys_;
    std::int64_t now_ns_ = 0;
    std::uint64_t puts_ = 0;
    node::KvState store_;
    std::map<std::int32_t, Client> clients_;
    std::vector<std::vector<std::byte>> abandoned_;
};

using Draws = std::vector<std::uint32_t>;

rc::Gen<Draws> any_draws() {
    return rc::gen::scale(5, rc::gen::container<Draws>(rc::gen::inRange(0U, 1U << 20)));
}

KvHistory execute(const Draws& draws) {
    Execution execution(5, 2);
    for (const std::uint32_t draw : draws) execution.step(draw);
    return execution.history;
}

// The same history, with the value that one get returned replaced.
KvHistory with_other_value(const KvHistory& history, KvHistory::CallId get, std::string value) {
    KvHistory changed;
    for (KvHistory::CallId id = 0; id < history.calls().size(); ++id) {
        const auto& call = history.calls()[id];
        (void)changed.called(call.client, call.called_ns, call.operation, call.key, call.put_value);
        if (!call.answered_ns) continue;
        (void)changed.answered(id, *call.answered_ns, id == get ? KvStatus::ok : call.status,
                               id == get ? value : call.got_value);
    }
    return changed;
}

std::vector<KvHistory::CallId> answered_gets(const KvHistory& history) {
    std::vector<KvHistory::CallId> gets;
    for (KvHistory::CallId id = 0; id < history.calls().size(); ++id) {
        const auto& call = history.calls()[id];
        if (call.operation == KvOperation::get && call.answered_ns) gets.push_back(id);
    }
    return gets;
}

// A value of the key that was surely overwritten or deleted before the call; nullopt if none is.
std::optional<std::string> overwritten_value(const KvHistory& history, const KvHistory::Call& get) {
    const auto is_change = [&](const KvHistory::Call& call) {
        return call.key == get.key && call.operation != KvOperation::get && call.answered_ns &&
               *call.answered_ns < get.called_ns && call.status == KvStatus::ok;
    };
    for (const auto& put : history.calls()) {
        if (!is_change(put) || put.operation != KvOperation::put) continue;
        for (const auto& change : history.calls()) {
            if (is_change(change) && *put.answered_ns < change.called_ns) return put.put_value;
        }
    }
    return std::nullopt;
}

RC_GTEST_PROP(LinearizabilityProperty, AcceptsWhatReallyHappened, ()) {
    const auto verdict = execute(*any_draws()).check();
    RC_LOG() << verdict.finding;
    RC_ASSERT(verdict.outcome == kHolds);
}

RC_GTEST_PROP(LinearizabilityProperty, RefusesAValueThatWasNeverPut, ()) {
    const KvHistory history = execute(*any_draws());
    const auto gets = answered_gets(history);
    RC_PRE(!gets.empty());
    const auto get = *rc::gen::elementOf(gets);
    RC_ASSERT(with_other_value(history, get, "value 0").check().outcome == kViolated);
}

RC_GTEST_PROP(LinearizabilityProperty, RefusesAValueThatWasOverwritten, ()) {
    const KvHistory history = execute(*any_draws());
    auto gets = answered_gets(history);
    std::erase_if(gets, [&](auto id) { return !overwritten_value(history, history.calls()[id]); });
    RC_PRE(!gets.empty());
    const auto get = *rc::gen::elementOf(gets);
    const auto value = *overwritten_value(history, history.calls()[get]);
    const auto verdict = with_other_value(history, get, value).check();
    RC_ASSERT(verdict.outcome == kViolated);
    RC_ASSERT(!verdict.finding.empty());
}

// Tries all orders: for a few calls of one key.
class AllOrders {
  public:
    explicit AllOrders(const KvHistory& history) : calls_(history.calls()) {}

    bool explain(std::uint32_t done = 0, std::string_view state = {}) const {
        bool complete = true;
        for (std::uint32_t i = 0; i < calls_.size(); ++i) {
            complete = complete && (is_done(done, i) || !calls_[i].answered_ns);
        }
        if (complete) return true;
        for (std::uint32_t i = 0; i < calls_.size(); ++i) {
            if (is_done(done, i) || !may_be_next(done, calls_[i])) continue;
            const auto next = effect(calls_[i], state);
            if (next && explain(done | (1U << i), *next)) return true;
        }
        return false;
    }

  private:
    static bool is_done(std::uint32_t done, std::uint32_t i) { return (done >> i & 1U) != 0; }
    bool may_be_next(std::uint32_t done, const KvHistory::Call& call) const {
        for (std::uint32_t i = 0; i < calls_.size(); ++i) {
            if (is_done(done, i) || !calls_[i].answered_ns) continue;
            if (*calls_[i].answered_ns < call.called_ns) return false;
        }
        return true;
    }
    // The state after the call, empty for nothing; nullopt when its answer does not agree.
    static std::optional<std::string_view> effect(const KvHistory::Call& call,
                                                  std::string_view state) {
        if (call.operation == KvOperation::put) return call.put_value;
        const std::string_view after = call.operation == KvOperation::get ? state : "";
        if (!call.answered_ns) return after;
        if (call.status == KvStatus::not_found) {
            return state.empty() ? std::optional(after) : std::nullopt;
        }
        const bool agrees =
            call.operation == KvOperation::get ? state == call.got_value : !state.empty();
        return agrees ? std::optional(after) : std::nullopt;
    }
    const std::vector<KvHistory::Call>& calls_;
};

// At most seven calls at any time with any answers.
KvHistory any_small_history() {
    KvHistory history;
    const auto size = *rc::gen::inRange(1, 8);
    for (int i = 0; i < size; ++i) {
        const auto operation = static_cast<KvOperation>(*rc::gen::inRange(1, 4));
        const std::int64_t called_ns = *rc::gen::inRange(0, 12);
        const auto id = history.called(i, called_ns, operation, "k", fmt::format("v{}", i));
        if (*rc::gen::inRange(0, 4) == 0) continue;
        const std::int64_t answered_ns = called_ns + *rc::gen::inRange(0, 8);
        auto status = KvStatus::ok;
        if (operation != KvOperation::put && *rc::gen::arbitrary<bool>()) {
            status = KvStatus::not_found;
        }
        std::string got;
        if (operation == KvOperation::get) got = fmt::format("v{}", *rc::gen::inRange(0, 7));
        RC_ASSERT(!history.answered(id, answered_ns, status, got));
    }
    return history;
}

RC_GTEST_PROP(LinearizabilityProperty, AgreesWithATrialOfAllOrders, ()) {
    const KvHistory history = any_small_history();
    const bool explained = AllOrders(history).explain();
    RC_CLASSIFY(explained);
    const auto verdict = history.check();
    RC_LOG() << verdict.finding;
    RC_ASSERT(verdict.outcome == (explained ? kHolds : kViolated));
}

// One that took 50,000 steps, by many clients that often give up: it is decided, and so it
// is with one wrong answer near its end.
TEST(LinearizabilityOfLongHistories, IsDecided) {
    platform::sim::Prng prng(1);
    Execution execution(12, 1);
    for (int step = 0; step < 50'000; ++step) {
        execution.step(static_cast<std::uint32_t>(prng.next() >> 40));
    }
    const KvHistory& history = execution.history;
    EXPECT_GT(history.calls().size(), 15'000U);
    EXPECT_EQ(history.check().outcome, kHolds);

    const auto get = answered_gets(history).back();
    const auto value = overwritten_value(history, history.calls()[get]);
    const auto verdict = with_other_value(history, get, value.value()).check();
    EXPECT_EQ(verdict.outcome, kViolated) << verdict.finding;
}

}  // namespace
}  // namespace tern::sim
