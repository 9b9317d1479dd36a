// Streams through a bad network (tests/support/lossy_relay.hpp), of and to the Tern driver, over
// real sockets: they arrive complete and in order, or, unreliable, whole but for what was lost.

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "matrix_world.hpp"
#include "recovery_meter.hpp"
#include "tests/support/lossy_relay.hpp"

namespace tern::interop {
namespace {

using support::LossyRelay;
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

struct Drivers {
    const char* name;
    Kind publishing;
    Kind subscribing;
};

constexpr std::array kDrivers = {
    Drivers{"tern_to_tern", Kind::tern, Kind::tern},
    Drivers{"tern_to_java", Kind::tern, Kind::java},
    Drivers{"java_to_tern", Kind::java, Kind::tern},
};

/// A publication of a Tern client, and a subscription of one, with the relay between.
class Connection {
  public:
    Connection(Drivers drivers, RelayFaults faults, const std::string& options)
        : publishing_(
              world_.end(Kind::tern, Role::publishing, drivers.publishing, Role::publishing)),
          subscribing_(
              world_.end(Kind::tern, Role::subscribing, drivers.subscribing, Role::subscribing)),
          target_(support::free_endpoint(world_.platform())),
          relay_(std::make_unique<LossyRelay>(
              world_.platform(), target_, faults, static_cast<std::uint64_t>(stream_id_),
              [this](const LossyRelay::Passing& passing) { meter_.observe(passing); })) {
        subscribing_.peer->add_subscription("subscription", subscribing_.client,
                                            "aeron:udp?endpoint=" + target_ + options, stream_id_);
        session_id_ = publishing_.peer->add_publication("publication", publishing_.client,
                                                        "aeron:udp?endpoint=" + relay_->endpoint(),
                                                        stream_id_);
        publishing_.peer->await_connected("publication");
    }

    void offer(const CheckedMessages& messages, std::int64_t from, std::int64_t to) {
        publishing_.peer->offer("publication", messages, from, to);
        publishing_.peer->await_sent("publication");
    }
    [[nodiscard]] StreamSummary receive(std::int64_t to) {
        return subscribing_.peer->receive("subscription", session_id_, to);
    }
    void heal() { relay_->heal(); }
    /// Ends the connection.
    const RecoveryMeter& meter() {
        relay_.reset();
        return meter_;
    }
    [[nodiscard]] std::int32_t seed() const { return stream_id_; }

  private:
    MatrixWorld& world_ = MatrixWorld::instance();
    std::int32_t stream_id_ = world_.next_stream_id();
    End publishing_;
    End subscribing_;
    std::string target_;
    RecoveryMeter meter_;
    std::unique_ptr<LossyRelay> relay_;
    std::int32_t session_id_ = 0;
};

class Loss : public ::testing::TestWithParam<std::tuple<Network, Drivers>> {
  protected:
    void TearDown() override { EXPECT_EQ(MatrixWorld::instance().reset(), ""); }
};

TEST_P(Loss, IsRecoveredFrom) {
    const auto& [network, drivers] = GetParam();
    Connection connection(drivers, network.faults, "");
    const CheckedMessages messages{connection.seed(), Sizes::mixed};
    connection.offer(messages, 0, network.messages);
    EXPECT_EQ(connection.receive(network.messages).text(),
              summary_of(messages, 0, network.messages).text());

    const RecoveryMeter& meter = connection.meter();
    RecordProperty("lost_bytes", std::to_string(meter.lost_bytes()));
    RecordProperty("retransmitted_bytes", std::to_string(meter.retransmitted_bytes()));
    if (network.faults.loss_ppm > 0 && network.faults.hold_ppm == 0) {
        EXPECT_GT(meter.lost_bytes(), 0);
        EXPECT_GE(meter.retransmitted_bytes(), meter.lost_bytes());
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
    Connection connection(drivers, network.faults, "|reliable=false");
    const CheckedMessages messages{connection.seed(), Sizes::small};
    connection.offer(messages, 0, kMessages);
    connection.heal();  // for the end to be seen
    connection.offer(messages, kMessages, kMessages + kAfterwards);
    const StreamSummary received = connection.receive(kMessages + kAfterwards);

    const RecoveryMeter& meter = connection.meter();
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
