// How far senders may go: the strategies, and the `fc` parameter that chooses them.
#include "tern/driver/flow_control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/base/error.hpp"
#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int32_t kWindow = 1'000;
constexpr std::int64_t kTimeout = 5'000 * kMs;
constexpr std::int64_t kTag = 99;

class Group : public ::testing::Test {
  protected:
    void configure(const MinFlowControl::Config& config) {
        flow_control = std::make_unique<MinFlowControl>(config, receivers);
    }
    /// A status message; returns the new limit.
    std::int64_t hear(std::int64_t receiver, std::int64_t position,
                      std::optional<std::int64_t> tag = {}, std::uint8_t flags = 0) {
        const wire::StatusMessage message{.flags = flags,
                                          .receiver_window_length = kWindow,
                                          .receiver_id = receiver,
                                          .group_tag = tag};
        limit = flow_control->on_status_message(message, position, limit, clock.now_ns);
        return limit;
    }
    std::int64_t idle() { return limit = flow_control->on_idle(clock.now_ns, limit); }
    /// A receiver without an image asks for a SETUP, and gets it.
    void join(std::optional<std::int64_t> tag = {}) {
        flow_control->on_trigger_send_setup(
            {.flags = wire::status_flags::kSendSetup, .group_tag = tag});
        flow_control->on_setup(clock.now_ns, limit);
    }

    ManualClock clock;
    Counters counters{clock};
    memory::Counter receivers = counters.allocate();
    std::unique_ptr<MinFlowControl> flow_control =
        std::make_unique<MinFlowControl>(MinFlowControl::Config{}, receivers);
    std::int64_t limit = 0;
};

TEST(MaxFlowControl, the_fastest_receiver_drives_and_the_limit_never_goes_back) {
    MaxFlowControl flow_control(kMulticastRetransmitWindowMultiple);
    const wire::StatusMessage message{.receiver_window_length = kWindow};
    EXPECT_EQ(flow_control.on_status_message(message, 500, 0, 0), 1'500);
    EXPECT_EQ(flow_control.on_status_message(message, 100, 1'500, 0), 1'500);
    EXPECT_EQ(flow_control.on_idle(100 * kTimeout, 1'500), 1'500);
    EXPECT_TRUE(flow_control.has_required_receivers());
}

TEST_F(Group, the_slowest_receiver_drives) {
    EXPECT_EQ(hear(1, 500), 1'500);
    EXPECT_EQ(hear(2, 600), 1'500);
    EXPECT_EQ(hear(1, 700), 1'600) << "the second is the slowest now";
    EXPECT_EQ(receivers.get(), 2);
}

TEST_F(Group, a_silent_receiver_is_dropped_after_its_timeout_and_not_before) {
    hear(1, 500);
    hear(2, 600);
    clock.now_ns += kTimeout;
    hear(2, 5'000);
    EXPECT_EQ(idle(), 1'500);
    clock.now_ns += 1;
    EXPECT_EQ(idle(), 6'000);
    EXPECT_EQ(receivers.get(), 1);
}

TEST_F(Group, a_receiver_that_leaves_or_refuses_is_dropped_at_once) {
    hear(1, 500);
    hear(2, 900);
    hear(3, 1'000);
    hear(1, 500, {}, wire::status_flags::kEndOfStream);
    EXPECT_EQ(idle(), 1'900);
    flow_control->on_error(2);
    EXPECT_EQ(idle(), 2'000);
    EXPECT_EQ(receivers.get(), 1);
    hear(4, 0, {}, wire::status_flags::kEndOfStream);
    EXPECT_EQ(receivers.get(), 1) << "one that only says good-bye is not taken in";
}

TEST_F(Group, a_receiver_more_than_a_window_behind_is_not_waited_for) {
    hear(1, 10'000);
    EXPECT_EQ(hear(2, 8'999), 11'000);
    EXPECT_EQ(receivers.get(), 1);
    EXPECT_EQ(hear(2, 9'000), 11'000) << "taken in; the limit does not go back for it here";
    EXPECT_EQ(receivers.get(), 2);
    EXPECT_EQ(idle(), 10'000);
}

TEST_F(Group, while_a_receiver_joins_the_limit_is_held_for_it) {
    hear(1, 500);
    join();
    EXPECT_EQ(hear(1, 900), 1'500) << "what the SETUP promised must not be overrun";
    EXPECT_EQ(hear(2, 600), 1'500);
    EXPECT_EQ(hear(1, 950), 1'600) << "it has come";
    join();
    clock.now_ns += kTimeout + 1;
    hear(2, 1'000);
    EXPECT_EQ(hear(1, 2'000), 2'000) << "nobody came in time";
}

TEST_F(Group, without_its_minimum_of_members_a_group_stands_still) {
    configure({.group_min_size = 2});
    EXPECT_FALSE(flow_control->has_required_receivers());
    EXPECT_EQ(hear(1, 500), 0);
    EXPECT_FALSE(flow_control->has_required_receivers());
    EXPECT_EQ(hear(2, 400), 1'400);
    EXPECT_TRUE(flow_control->has_required_receivers());
    clock.now_ns += kTimeout + 1;
    hear(1, 900);
    EXPECT_EQ(idle(), 1'400);
    EXPECT_FALSE(flow_control->has_required_receivers()) << "the second has gone";
}

TEST_F(Group, only_tagged_receivers_count_where_a_tag_is_asked_for) {
    configure({.group_tag = kTag});
    EXPECT_EQ(hear(1, 100), 1'100) << "without tagged ones anybody drives";
    EXPECT_EQ(receivers.get(), 0);
    EXPECT_EQ(hear(2, 200, kTag), 1'200);
    EXPECT_EQ(hear(3, 5'000, kTag + 1), 1'200);
    EXPECT_EQ(hear(4, 5'000), 1'200);
    EXPECT_EQ(receivers.get(), 1);
    join();
    EXPECT_EQ(hear(2, 300, kTag), 1'300) << "not held for one without the tag";
    join(kTag);
    EXPECT_EQ(hear(2, 400, kTag), 1'300);
}

TEST_F(Group, receivers_are_tracked_up_to_a_bound) {
    for (std::int64_t id = 0; id < 5'000; ++id) hear(id, 500);
    EXPECT_EQ(receivers.get(), static_cast<std::int64_t>(MinFlowControl::kMaxReceivers));
    EXPECT_EQ(hear(0, 600), 1'500);
}

TEST(FlowControl, a_retransmission_is_bounded_by_window_multiple_and_term) {
    constexpr std::int32_t kLong = 16 << 20;
    EXPECT_EQ(MaxFlowControl(16).max_retransmission_length(kLong), 16 * 131'072);
    EXPECT_EQ(MaxFlowControl(4).max_retransmission_length(kLong), 4 * 131'072);
    EXPECT_EQ(MaxFlowControl(1).max_retransmission_length(65'536), 32'768);
    EXPECT_EQ(MaxFlowControl(INT32_MAX).max_retransmission_length(kLong), kLong);
}

FlowControlOptions parse(std::string_view value) { return parse_flow_control(value, "uri"); }

TEST(FlowControl, options_are_read_in_any_order) {
    using Strategy = FlowControlOptions::Strategy;
    EXPECT_EQ(parse("max").strategy, Strategy::max);
    EXPECT_EQ(parse("max,rrwm:7").retransmit_window_multiple, 7);
    const auto min = parse("min,rrwm:2,g:/3,t:250ms");
    EXPECT_EQ(min.strategy, Strategy::min);
    EXPECT_EQ(min.retransmit_window_multiple, 2);
    EXPECT_EQ(min.group_min_size, 3);
    EXPECT_EQ(min.group_tag, std::nullopt);
    EXPECT_EQ(min.receiver_timeout_ns, 250 * kMs);
    const auto tagged = parse("tagged,g:-5/1");
    EXPECT_EQ(tagged.strategy, Strategy::tagged);
    EXPECT_EQ(tagged.group_tag, -5);
    EXPECT_EQ(tagged.group_min_size, 1);
}

TEST(FlowControl, what_cannot_be_understood_is_refused_by_name) {
    const auto refuses = [](std::string_view value, const std::string& why) {
        EXPECT_THAT([&] { static_cast<void>(parse(value)); }, ThrowsMessage<Error>(HasSubstr(why)))
            << value;
    };
    refuses("", "No flow control strategy name specified, URI: uri");
    refuses("fast", "Invalid flow control strategy name: fast from URI: uri");
    refuses("min,x:1", "Flow control options - unrecognised option, field: x:1, options: min,x:1");
    refuses("min,t:", "unrecognised option");
    refuses("min,t:soon", "invalid timeout");
    refuses("tagged,g:x", "invalid group");
    refuses("tagged,g:1/-1", "Group count invalid");
    refuses("tagged,g:1/9999999999", "Group count invalid");
    refuses("max,rrwm:0", "invalid flow control retransmit receiver window multiple");
    refuses("max,t:1s", "unrecognised option");
}

}  // namespace
}  // namespace tern::driver::testing
