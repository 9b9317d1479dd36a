// cc=cubic: how the window answers to loss and to time, and what is measured for it.
#include "tern/driver/cubic_congestion_control.hpp"

#include <gtest/gtest.h>

#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

constexpr std::int32_t kMtu = 1408;
constexpr std::int32_t kMaxDatagrams = 100;
constexpr std::int64_t kStep = 200'000;  // beyond the update interval

class Cubic : public ::testing::Test {
  protected:
    CubicCongestionControl make(CubicOptions options = {}) {
        return CubicCongestionControl({.options = options,
                                       .max_window_length = kMaxDatagrams * kMtu,
                                       .mtu_length = kMtu,
                                       .rtt = rtt,
                                       .window_length = window},
                                      clock);
    }
    std::int32_t after(CubicCongestionControl& cubic, std::int64_t step_ns) {
        clock.now_ns += step_ns;
        return cubic.on_track_rebuild(clock.now_ns, {}).window_length / kMtu;
    }
    std::int32_t lose(CubicCongestionControl& cubic) {
        const auto decision = cubic.on_track_rebuild(clock.now_ns, {.loss_found = true});
        EXPECT_TRUE(decision.force_status_message);
        return decision.window_length / kMtu;
    }

    ManualClock clock;
    Counters counters{clock};
    memory::Counter rtt = counters.allocate();
    memory::Counter window = counters.allocate();
};

TEST_F(Cubic, it_starts_with_ten_datagrams_and_tells_them) {
    const auto cubic = make();
    EXPECT_EQ(cubic.initial_window_length(), 10 * kMtu);
    EXPECT_EQ(cubic.max_window_length(), kMaxDatagrams * kMtu);
    EXPECT_EQ(window.get(), 10 * kMtu);
}

TEST_F(Cubic, a_window_below_ten_datagrams_is_offered_as_it_is) {
    const CubicCongestionControl cubic({.max_window_length = 1'000, .mtu_length = kMtu}, clock);
    EXPECT_EQ(cubic.initial_window_length(), 1'000) << "shorter than one datagram even";
}

TEST_F(Cubic, without_loss_it_grows_to_the_whole_window_and_no_further) {
    auto cubic = make();
    EXPECT_EQ(after(cubic, 50'000), 10) << "not before the update interval has passed";
    for (int i = 0; i < 40'000; ++i) after(cubic, kStep);  // 8 s
    EXPECT_EQ(after(cubic, kStep), kMaxDatagrams);
    EXPECT_EQ(window.get(), kMaxDatagrams * kMtu);
}

TEST_F(Cubic, a_loss_takes_a_fifth_and_the_window_is_back_when_the_curve_says_so) {
    auto cubic = make();
    for (int i = 0; i < 40'000; ++i) after(cubic, kStep);
    EXPECT_EQ(lose(cubic), 80);
    // k = cbrt(100 * 0.2 / 0.4) = 3.684 s
    EXPECT_EQ(after(cubic, 1'000 * kMs), 100 - 7) << "0.4 * (1 - k)^3 = -7.7";
    EXPECT_EQ(after(cubic, 1'000 * kMs), 100 - 1) << "0.4 * (2 - k)^3 = -1.9";
    EXPECT_EQ(after(cubic, 1'700 * kMs), 100);
}

TEST_F(Cubic, losses_bring_it_down_to_one_datagram_and_each_of_those_is_acknowledged) {
    auto cubic = make();
    for (int i = 0; i < 40; ++i) lose(cubic);
    EXPECT_EQ(lose(cubic), 1);
    EXPECT_FALSE(cubic.on_track_rebuild(clock.now_ns, {}).force_status_message);
    const auto decision = cubic.on_track_rebuild(
        clock.now_ns, {.consumed_position = 1'408, .acknowledged_position = 0});
    EXPECT_TRUE(decision.force_status_message);
}

TEST_F(Cubic, tcp_mode_grows_with_the_round_trips) {
    auto cubic = make({.initial_rtt_ns = 100'000, .tcp_mode = true});
    lose(cubic);
    auto slow = make({.initial_rtt_ns = 100'000});
    lose(slow);
    // A third of a datagram for each of 30 round trips: 8 + 10, while the curve still stands at 8.
    clock.now_ns += 3 * kMs;
    EXPECT_EQ(slow.on_track_rebuild(clock.now_ns, {}).window_length / kMtu, 9);
    EXPECT_EQ(cubic.on_track_rebuild(clock.now_ns, {}).window_length / kMtu, 18);
}

TEST_F(Cubic, round_trips_are_measured_only_when_asked_for) {
    auto cubic = make();
    EXPECT_FALSE(cubic.next_rtt_request(clock.now_ns + 10'000 * kMs));
}

TEST_F(Cubic, a_round_trip_is_what_the_clock_says_less_what_the_peer_took) {
    auto cubic = make({.measure_rtt = true});
    const auto sent = cubic.next_rtt_request(clock.now_ns);
    ASSERT_TRUE(sent);
    EXPECT_FALSE(cubic.next_rtt_request(clock.now_ns + 10 * kMs)) << "one at a time";
    clock.now_ns += 50 * kMs;
    cubic.on_rtt_reply(clock.now_ns, *sent, 20 * kMs);
    EXPECT_EQ(rtt.get(), 30 * kMs);
    EXPECT_FALSE(cubic.next_rtt_request(clock.now_ns + 120 * kMs)) << "every four round trips";
    EXPECT_TRUE(cubic.next_rtt_request(clock.now_ns + 121 * kMs));
}

TEST_F(Cubic, a_lost_answer_is_asked_for_again) {
    auto cubic = make({.measure_rtt = true});
    ASSERT_TRUE(cubic.next_rtt_request(clock.now_ns));
    EXPECT_TRUE(cubic.next_rtt_request(clock.now_ns + 1'001 * kMs));
}

TEST_F(Cubic, answers_that_nobody_asked_for_count_for_nothing) {
    auto cubic = make({.measure_rtt = true});
    cubic.on_rtt_reply(clock.now_ns, 0, 0);
    const auto sent = cubic.next_rtt_request(clock.now_ns);
    ASSERT_TRUE(sent);
    clock.now_ns += kMs;
    cubic.on_rtt_reply(clock.now_ns, *sent + 1, 0);
    cubic.on_rtt_reply(clock.now_ns, *sent, -1);
    cubic.on_rtt_reply(clock.now_ns, *sent, INT64_MAX);
    EXPECT_EQ(rtt.get(), 0);
    cubic.on_rtt_reply(clock.now_ns, *sent, 0);
    EXPECT_EQ(rtt.get(), kMs);
    cubic.on_rtt_reply(clock.now_ns + kMs, *sent, 0);
    EXPECT_EQ(rtt.get(), kMs) << "the same twice";
}

}  // namespace
}  // namespace tern::driver::testing
