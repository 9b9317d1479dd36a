#include "tern/cluster/consensus/pending_service_message_tracker.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tern::cluster {
namespace {

constexpr std::int64_t kMin = INT64_MIN;

std::vector<std::byte> message(std::int32_t service, char payload) {
    std::vector<std::byte> bytes(33);
    store(bytes.data() + 16, std::int64_t{service});
    bytes[32] = static_cast<std::byte>(payload);
    return bytes;
}

struct Log {
    std::vector<std::int64_t> ids;
    std::string payloads;
    std::int64_t position = 0;
    int capacity = 1000;
    PendingServiceMessageTracker::Append append() {
        return [this](std::int64_t id, ConstBytes payload) -> std::optional<std::int64_t> {
            if (capacity == 0) return std::nullopt;
            --capacity;
            ids.push_back(id);
            payloads += as_text(payload);
            return position += 96;
        };
    }
};

TEST(PendingServiceMessageTrackerTest, IdsCarryTheService) {
    PendingServiceMessageTracker zero(0);
    EXPECT_EQ(zero.log_service_session_id(), kMin);
    EXPECT_EQ(zero.next_service_session_id(), kMin + 1);
    PendingServiceMessageTracker three(3);
    EXPECT_EQ(static_cast<std::uint64_t>(three.next_service_session_id()), 0x8300000000000001U);
    EXPECT_EQ(PendingServiceMessageTracker::service_id_of(three.next_service_session_id()), 3);
}

TEST(PendingServiceMessageTrackerTest, ALeaderAppendsEachOnceAndForgetsWhatIsCommitted) {
    PendingServiceMessageTracker tracker(0);
    Log log;
    for (const char c : {'a', 'b', 'c'}) tracker.enqueue(message(0, c));
    log.capacity = 2;
    EXPECT_EQ(tracker.append(log.append()), 2);
    log.capacity = 10;
    EXPECT_EQ(tracker.append(log.append()), 1);
    EXPECT_EQ(tracker.append(log.append()), 0);
    EXPECT_EQ(log.payloads, "abc");
    EXPECT_EQ(log.ids, (std::vector<std::int64_t>{kMin + 1, kMin + 2, kMin + 3}));
    tracker.sweep_committed(191);
    EXPECT_EQ(tracker.size(), 2U);
    EXPECT_EQ(tracker.log_service_session_id(), kMin + 1);
    tracker.sweep_committed(288);
    EXPECT_EQ(tracker.size(), 0U);
    EXPECT_EQ(tracker.bytes(), 0);
    EXPECT_EQ(tracker.log_service_session_id(), kMin + 3);
}

TEST(PendingServiceMessageTrackerTest, AppendsNoMoreThanItsLimitACycle) {
    PendingServiceMessageTracker tracker(0);
    Log log;
    for (int i = 0; i < 30; ++i) tracker.enqueue(message(0, 'x'));
    EXPECT_EQ(tracker.append(log.append()), PendingServiceMessageTracker::kAppendLimit);
    EXPECT_EQ(tracker.append(log.append()), 10);
}

TEST(PendingServiceMessageTrackerTest, ReplayedMessagesAreNotSentAgain) {
    PendingServiceMessageTracker tracker(0);
    // The log has two that the replaying service offers again only later.
    tracker.sweep_logged(kMin + 1);
    tracker.sweep_logged(kMin + 2);
    for (const char c : {'a', 'b', 'c'}) tracker.enqueue(message(0, c));
    Log log;
    EXPECT_EQ(tracker.append(log.append()), 1);
    EXPECT_EQ(log.payloads, "c");
    // And the other way round: offered first, met in the log then.
    PendingServiceMessageTracker follower(0);
    follower.enqueue(message(0, 'a'));
    follower.enqueue(message(0, 'b'));
    follower.sweep_logged(kMin + 1);
    EXPECT_EQ(follower.size(), 1U);
    EXPECT_EQ(follower.missed_messages(), 0);
}

TEST(PendingServiceMessageTrackerTest, AfterALostTermTheUncommittedAreAppendedAgain) {
    PendingServiceMessageTracker tracker(0);
    Log log;
    for (const char c : {'a', 'b', 'c'}) tracker.enqueue(message(0, c));
    EXPECT_EQ(tracker.append(log.append()), 3);
    tracker.restore_uncommitted(96);
    Log next;
    EXPECT_EQ(tracker.append(next.append()), 2);
    EXPECT_EQ(next.payloads, "bc");
}

TEST(PendingServiceMessageTrackerTest, ASnapshotRestoresTheQueue) {
    PendingServiceMessageTracker tracker(1);
    Log log;
    log.capacity = 1;
    for (const char c : {'a', 'b'}) tracker.enqueue(message(1, c));
    EXPECT_EQ(tracker.append(log.append()), 1);

    PendingServiceMessageTracker loaded(1);
    loaded.load_state(tracker.snapshot_next_id(), tracker.log_service_session_id());
    tracker.for_each([&](ConstBytes record) { loaded.load_message(record); });
    loaded.verify();
    loaded.reset_appended();
    Log again;
    EXPECT_EQ(loaded.append(again.append()), 2);
    EXPECT_EQ(again.payloads, "ab");
    EXPECT_EQ(loaded.bytes(), tracker.bytes());
}

TEST(PendingServiceMessageTrackerTest, AGapInASnapshotIsFatal) {
    PendingServiceMessageTracker tracker(0);
    tracker.load_state(kMin + 5, kMin + 3);
    auto record = message(0, 'x');
    store(record.data() + 16, kMin + 5);
    EXPECT_NO_THROW(PendingServiceMessageTracker(0).verify());
    auto gap = tracker;
    gap.load_message(record);
    EXPECT_THROW(gap.verify(), Error);
    tracker.load_state(kMin + 9, kMin + 3);
    EXPECT_THROW(tracker.verify(), Error);
}

TEST(PendingServiceMessageTrackerTest, ANodeWhoseServiceSaidLessThanTheLogKnowsIt) {
    PendingServiceMessageTracker tracker(0);
    tracker.sweep_logged(kMin + 4);
    EXPECT_EQ(tracker.missed_messages(), 4);
    EXPECT_EQ(tracker.snapshot_next_id(), kMin + 5);
}

}  // namespace
}  // namespace tern::cluster
