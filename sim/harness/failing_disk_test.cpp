// The archive's disk fails while a node does what its operator asked for: it goes on, or ends, and
// serves again from its log.

#include <gtest/gtest.h>

#include "sim/harness/node_and_client.hpp"
#include "sim/scenarios/scenario.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kElectionClosed = 17;
constexpr std::int64_t kPatienceNs = 60'000'000'000;
constexpr int kIoError = 5;

/// Recording 0 is the log, 1 the service's snapshot, 2 the module's.
class FailedSnapshot : public ::testing::TestWithParam<const char*> {};

class World {
  public:
    explicit World(std::uint64_t seed)
        : run_({.seed = seed}), world_(run_, {FaultKind::preemption}) {}

    NodeAndClient& operator*() noexcept { return world_; }
    void start_and_lead() {
        world_.node().start();
        await([&] { return world_.node_operator().attach(); }, "the start");
        await([&] { return leads(); }, "a leader");
    }
    void shut_down() {
        request(cluster::ControlToggle::shutdown);
        await([&] { return world_.node().has_ended(); }, "the end");
        world_.node().close([] {});
    }
    void request(cluster::ControlToggle toggle) {
        await([&] { return world_.node_operator().request(toggle); }, "the toggle");
    }
    void fail_next_writes(const char* file, int times = 1) {
        world_.node_host().disk().fail_next(platform::sim::DiskOperation::write, file, kIoError,
                                            times);
    }
    bool leads() {
        return world_.node_operator().counter(memory::counter_type::kClusterElectionState) ==
               kElectionClosed;
    }

    void await(const std::function<bool()>& condition, const char* what) {
        ASSERT_TRUE(world_.stage().await(condition, kPatienceNs)) << what;
    }

  private:
    sim::Run run_;
    NodeAndClient world_;
};

TEST_P(FailedSnapshot, DoesNotKeepANodeFromEnding) {
    for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        World world(seed);
        world.start_and_lead();
        auto& node = (*world).node();
        world.fail_next_writes(GetParam());
        world.shut_down();
        EXPECT_FALSE(node.findings().empty()) << "the disk's failure is told";
        world.start_and_lead();
        world.shut_down();
        EXPECT_TRUE(node.findings().empty()) << node.findings().front();
    }
}

INSTANTIATE_TEST_SUITE_P(Recordings, FailedSnapshot, ::testing::Values("/1-0.rec", "/2-0.rec"));

/// The log cannot take the action, which is then as if it had never been asked for.
class FailedAction : public ::testing::TestWithParam<cluster::ControlToggle> {};

TEST_P(FailedAction, LeavesANodeThatServes) {
    for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        World world(seed);
        world.start_and_lead();
        world.fail_next_writes("/0-0.rec");
        world.request(GetParam());
        world.shut_down();
    }
}

INSTANTIATE_TEST_SUITE_P(Requests, FailedAction,
                         ::testing::Values(cluster::ControlToggle::snapshot,
                                           cluster::ControlToggle::suspend,
                                           cluster::ControlToggle::shutdown));

/// An election needs counters, which are not free again at once, and a term: it is not held as
/// often as it can be.
TEST(FailingLog, IsGivenTimeToRecover) {
    World world(1);
    world.start_and_lead();
    world.fail_next_writes("/0-0.rec", 1'000'000);
    world.request(cluster::ControlToggle::suspend);
    (*world).stage().pass(60'000'000'000);
    EXPECT_FALSE(world.leads());
    EXPECT_GT((*world).node().findings().size(), 10U);
    EXPECT_LT((*world).node().findings().size(), 60U);
}

}  // namespace
}  // namespace tern::sim
