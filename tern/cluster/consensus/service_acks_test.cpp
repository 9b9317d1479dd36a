#include "tern/cluster/consensus/service_acks.hpp"

#include <gtest/gtest.h>

#include "tern/base/error.hpp"

namespace tern::cluster {
namespace {

ServiceAck ack(std::int32_t service, std::int64_t id, std::int64_t position) {
    return {
        .log_position = position, .ack_id = id, .relevant_id = 77 + service, .service_id = service};
}

TEST(ServiceAcksTest, AStepIsReachedWhenEveryServiceAckedIt) {
    ServiceAcks acks(2);
    EXPECT_FALSE(acks.is_reached(0));
    acks.add(ack(1, 0, 0));
    EXPECT_FALSE(acks.is_reached(0));
    acks.add(ack(0, 0, 0));
    ASSERT_TRUE(acks.is_reached(0));
    const auto taken = acks.take();
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(taken[0].relevant_id, 77);
    EXPECT_EQ(taken[1].relevant_id, 78);
    EXPECT_EQ(acks.expected_ack_id(), 1);
    EXPECT_TRUE(acks.is_empty());
}

TEST(ServiceAcksTest, AnAckOfAnotherStepIsSaidAloud) {
    ServiceAcks acks(1);
    acks.add(ack(0, 1, 0));
    EXPECT_THROW((void)acks.is_reached(0), Error);
    ServiceAcks others(1);
    others.add(ack(0, 0, 96));
    EXPECT_THROW((void)others.is_reached(0), Error);
}

TEST(ServiceAcksTest, RefusesStrangersAndSecondStarts) {
    ServiceAcks acks(1);
    EXPECT_THROW(acks.add(ack(1, 0, 0)), Error);
    EXPECT_THROW(acks.add(ack(-1, 0, 0)), Error);
    acks.add(ack(0, 0, 0));
    EXPECT_THROW(acks.add(ack(0, 0, 0)), Error);
    ASSERT_TRUE(acks.is_reached(0));
    (void)acks.take();
    EXPECT_THROW(acks.add(ack(0, 0, 0)), Error);
    for (std::size_t i = 0; i < ServiceAcks::kMaxQueuedAcks; ++i) {
        acks.add(ack(0, static_cast<std::int64_t>(i) + 1, 96));
    }
    EXPECT_THROW(acks.add(ack(0, 17, 96)), Error);
}

TEST(ServiceAcksTest, WithoutServicesEveryStepIsReached) {
    ServiceAcks acks(0);
    EXPECT_TRUE(acks.is_reached(96));
    EXPECT_TRUE(acks.take().empty());
}

}  // namespace
}  // namespace tern::cluster
