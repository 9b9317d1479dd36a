#include "tern/driver/receive_channel_endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The conductor may add destinations before the receiver has seen the endpoint: each reaches the
/// receiver as a command of its own, too, and its socket must not be used twice.
TEST(ManualReceiveEndpoint, UsesADestinationOnceItIsGivenToTheReceiver) {
    World world;
    ReceiveChannelEndpoint endpoint(
        {.channel = channel_of(world.network, "aeron:udp?control-mode=manual")}, world.network,
        world.counters.system, world.on_error);
    auto& destination = endpoint.open_destination(
        channel_of(world.network, "aeron:udp?endpoint=127.0.0.1:24501"), 0);
    endpoint.activate(world.clock.now_ns);
    EXPECT_THAT(endpoint.destinations(), IsEmpty());
    endpoint.activate_destination(destination, world.clock.now_ns);
    EXPECT_THAT(endpoint.destinations(), ElementsAre(&destination));
}

}  // namespace
}  // namespace tern::driver::testing
