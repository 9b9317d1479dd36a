// Which NAKs lead to a retransmission, and when.
#include "tern/driver/retransmit_handler.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;

constexpr std::int32_t kTermLength = 65'536;
constexpr std::int32_t kMaxLength = 32'768;
constexpr std::int64_t kLinger = 10 * kMs;

class Retransmit : public ::testing::Test, private RetransmitSender {
  protected:
    using Sent = std::tuple<std::int32_t, std::int32_t, std::int32_t>;

    RetransmitHandler make(bool is_group, std::int64_t delay_ns = 0, std::int32_t actions = 16) {
        return RetransmitHandler({.term_length = kTermLength,
                                  .has_group_semantics = is_group,
                                  .max_actions = actions,
                                  .delay_ns = delay_ns,
                                  .linger_ns = kLinger},
                                 counters.system);
    }
    void nak(RetransmitHandler& handler, std::int32_t offset, std::int32_t length = 32,
             std::int32_t term_id = 7) {
        handler.on_nak(term_id, offset, length, kMaxLength, clock.now_ns, *this);
    }
    void pass(RetransmitHandler& handler, std::int64_t step_ns) {
        clock.now_ns += step_ns;
        handler.process_timeouts(clock.now_ns, *this);
    }
    std::int64_t operator[](SystemCounter counter) const { return counters[counter]; }

    ManualClock clock;
    Counters counters{clock};
    std::vector<Sent> sent;

  private:
    void resend(std::int32_t term_id, std::int32_t offset, std::int32_t length,
                std::int64_t /*now_ns*/) override {
        sent.emplace_back(term_id, offset, length);
    }
};

TEST_F(Retransmit, without_a_delay_it_is_at_once) {
    auto handler = make(false);
    nak(handler, 64, 1'000);
    EXPECT_EQ(sent, (std::vector{Sent{7, 64, 1'000}}));
}

TEST_F(Retransmit, what_was_just_sent_is_not_sent_again_until_the_linger_is_over) {
    for (const bool is_group : {false, true}) {
        auto handler = make(is_group);
        sent.clear();
        nak(handler, 64, 1'024);
        nak(handler, 64, 1'024);
        nak(handler, 1'024, 5'000);  // begins within
        EXPECT_EQ(sent.size(), 1U);
        pass(handler, kLinger);
        nak(handler, 64, 1'024);
        EXPECT_EQ(sent.size(), 1U);
        pass(handler, 1);
        nak(handler, 64, 1'024);
        EXPECT_EQ(sent.size(), 2U);
    }
}

TEST_F(Retransmit, another_term_or_what_lies_behind_is_another_loss) {
    auto handler = make(true);
    nak(handler, 64, 1'024);
    nak(handler, 64, 1'024, 8);
    nak(handler, 64 + 1'024, 32);
    nak(handler, 32, 32);
    EXPECT_EQ(sent.size(), 4U);
}

TEST_F(Retransmit, with_a_delay_it_waits_and_one_answer_serves_all_who_ask_meanwhile) {
    auto handler = make(true, 5 * kMs);
    nak(handler, 64);
    nak(handler, 64);
    pass(handler, 5 * kMs);
    EXPECT_TRUE(sent.empty());
    pass(handler, 1);
    EXPECT_EQ(sent.size(), 1U);
    nak(handler, 64);
    pass(handler, kLinger + 1);
    EXPECT_EQ(sent.size(), 1U) << "it lingered meanwhile";
    nak(handler, 64);
    pass(handler, 5 * kMs + 1);
    EXPECT_EQ(sent.size(), 2U);
}

TEST_F(Retransmit, a_unicast_stream_remembers_one_and_takes_the_newest) {
    auto handler = make(false, 5 * kMs);
    nak(handler, 64);
    nak(handler, 6'400);
    pass(handler, 5 * kMs + 1);
    EXPECT_EQ(sent, (std::vector{Sent{7, 6'400, 32}}));
    EXPECT_EQ((*this)[SystemCounter::retransmit_overflow], 0);
}

TEST_F(Retransmit, a_group_remembers_as_many_as_it_may_and_counts_the_others) {
    for (const std::int32_t actions : {1, 16, 256}) {
        auto handler = make(true, 0, actions);
        sent.clear();
        const std::int64_t before = (*this)[SystemCounter::retransmit_overflow];
        for (std::int32_t i = 0; i < 300; ++i) nak(handler, i * 64);
        EXPECT_EQ(std::ssize(sent), actions);
        EXPECT_EQ((*this)[SystemCounter::retransmit_overflow], before + 300 - actions);
        pass(handler, kLinger + 1);
        nak(handler, 299 * 64);
        EXPECT_EQ(std::ssize(sent), actions + 1) << "there is room again";
    }
}

TEST_F(Retransmit, lengths_end_at_the_limit_and_at_the_term) {
    auto handler = make(true);
    nak(handler, 0, INT32_MAX);
    nak(handler, kTermLength - 64, INT32_MAX);
    EXPECT_EQ(sent, (std::vector{Sent{7, 0, kMaxLength}, Sent{7, kTermLength - 64, 64}}));
}

TEST_F(Retransmit, ranges_that_no_term_has_are_counted_as_invalid) {
    auto handler = make(false);
    nak(handler, -32);
    nak(handler, kTermLength - 31);
    nak(handler, INT32_MAX);
    nak(handler, 0, -1);
    nak(handler, 0, INT32_MIN);
    EXPECT_EQ((*this)[SystemCounter::invalid_packets], 5);
    nak(handler, 0, 0);
    EXPECT_EQ((*this)[SystemCounter::invalid_packets], 5) << "an empty gap is only useless";
    EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace tern::driver::testing
