// Streams through a bad network (tests/support/lossy_relay.hpp), of and to the Tern driver, over
// real sockets: they arrive complete and in order, or, unreliable, whole but for what was lost.

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "relayed_connection.hpp"

namespace tern::interop {
namespace {

using support::RelayFaults;

struct Network {
    const char* name;
    RelayFaults faults;
    std::int64_t messages;  ///< mixed, 2,700 bytes on average
};

constexpr std::array kNetworks = {
    Network{"a_thousandth_lost", {.loss_ppm = 1'000}, 4'000},
    Network{"a_hundredth_lost", {.loss_ppm = 10'000}, 2'000},
    Network{"a_tenth_lost", {.loss_ppm = 100'000}, 300},
    Network{"bursts_lost", {.loss_ppm = 3'000, .loss_length = 12}, 1'000},
    Network{"a_fifth_reordered", {.hold_ppm = 200'000}, 2'000},
    Network{"a_fifth_duplicated", {.duplicate_ppm = 200'000}, 2'000},
    Network{"all_at_once",
            {.loss_ppm = 20'000, .loss_length = 3, .hold_ppm = 50'000, .duplicate_ppm = 50'000},
            300},
};

constexpr std::array kDrivers = {
    Drivers{"tern_to_tern", Kind::tern, Kind::tern},
    Drivers{"tern_to_java", Kind::tern, Kind::java},
    Drivers{"java_to_tern", Kind::java, Kind::tern},
};

class Loss : public ::testing::TestWithParam<std::tuple<Network, Drivers>> {
  protected:
    void TearDown() override { EXPECT_EQ(MatrixWorld::instance().reset(), ""); }
};

TEST_P(Loss, IsRecoveredFrom) {
    const auto& [network, drivers] = GetParam();
    RelayedConnection connection(drivers, network.faults, "");
    const CheckedMessages messages{connection.seed(), Sizes::mixed};
    connection.offer(messages, 0, network.messages);
    EXPECT_EQ(connection.receive(network.messages).text(),
              summary_of(messages, 0, network.messages).text());

    const RecoveryMeter& meter = connection.end();
    RecordProperty("lost_bytes", std::to_string(meter.lost_bytes()));
    RecordProperty("retransmitted_bytes", std::to_string(meter.retransmitted_bytes()));
    if (network.faults.loss_ppm > 0) {
        EXPECT_GT(meter.lost_bytes(), 0);
        EXPECT_GE(meter.retransmitted_bytes(), meter.lost_bytes());
    }
    // What is only late is asked for, too.
    if (network.faults.hold_ppm == 0) {
        EXPECT_LE(meter.retransmitted_bytes(), 3 * meter.lost_bytes());
    }
}

class UnreliableLoss : public ::testing::TestWithParam<std::tuple<Network, Drivers>> {
  protected:
    void TearDown() override { EXPECT_EQ(MatrixWorld::instance().reset(), ""); }
};

// Each message that was not lost arrives, none that was lost is asked for.
TEST_P(UnreliableLoss, LeavesTheRestIntact) {
    constexpr std::int64_t kMessages = 20'000;
    constexpr std::int64_t kAfterwards = 100;
    const auto& [network, drivers] = GetParam();
    RelayedConnection connection(drivers, network.faults, "|reliable=false");
    const CheckedMessages messages{connection.seed(), Sizes::small};
    connection.offer(messages, 0, kMessages);
    connection.heal();  // for the end to be seen
    connection.offer(messages, kMessages, kMessages + kAfterwards);
    const StreamSummary received = connection.receive(kMessages + kAfterwards);

    const RecoveryMeter& meter = connection.end();
    EXPECT_GT(meter.lost_messages().size(), 0U);
    EXPECT_EQ(received.text(),
              summary_of(messages, 0, kMessages + kAfterwards, meter.lost_messages()).text());
    EXPECT_EQ(meter.naks(), 0);
    EXPECT_EQ(meter.retransmitted_bytes(), 0);
}

std::string name_of_info(const ::testing::TestParamInfo<std::tuple<Network, Drivers>>& info) {
    const auto& [network, drivers] = info.param;
    return std::string(drivers.name) + "_" + network.name;
}
INSTANTIATE_TEST_SUITE_P(Sockets, Loss,
                         ::testing::Combine(::testing::ValuesIn(kNetworks),
                                            ::testing::ValuesIn(kDrivers)),
                         name_of_info);
INSTANTIATE_TEST_SUITE_P(
    Sockets, UnreliableLoss,
    ::testing::Combine(
        ::testing::Values(Network{"a_hundredth_lost", {.loss_ppm = 10'000}, 0},
                          Network{"bursts_lost", {.loss_ppm = 3'000, .loss_length = 12}, 0}),
        ::testing::ValuesIn(kDrivers)),
    name_of_info);

}  // namespace
}  // namespace tern::interop
