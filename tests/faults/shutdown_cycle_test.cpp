// The founding bug, never again, on real time: nodes on one thread, on several, and as processes,
// more of them than the machine has cores, shut down and restarted with random delays between every
// two steps. The cycle and its checks are the simulator's.

#include "sim/scenarios/shutdown_cycle.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tests/faults/rig.hpp"
#include "tests/faults/tern_node.hpp"

namespace tern::sim {
namespace {

using node::NodeThreading;

Rig::MakeNode embedded(NodeThreading threading, bool is_module_client_given) {
    return [=](MachineStage& stage, NodeLayout layout) {
        auto node = std::make_unique<MachineNode>(
            EmbeddedNodeOptions{.layout = std::move(layout),
                                .threading = threading,
                                .is_module_client_given = is_module_client_given});
        stage.drive([&node = *node] { return node.invoke(); });
        return node;
    };
}

Rig::MakeNode process(std::string threading) {
    return [=](MachineStage& stage, NodeLayout layout) {
        return std::make_unique<TernNode>(stage, std::move(layout), threading);
    };
}

TEST(ShutdownCyclesOnTheMachine, InProcess) {
    expect_clean_cycles(
        {embedded(NodeThreading::single, false), embedded(NodeThreading::single, true),
         embedded(NodeThreading::shared, false), embedded(NodeThreading::shared, true),
         embedded(NodeThreading::dedicated, false), embedded(NodeThreading::dedicated, true)},
        40);
}

TEST(ShutdownCyclesOnTheMachine, AsProcesses) {
    expect_clean_cycles({process("single"), process("shared"), process("dedicated")}, 20);
}

/// From the request to the end of everything, for an idle node.
std::int64_t median_shutdown_ns(NodeThreading threading) {
    Rig rig(1, free_endpoints(1)[0], embedded(threading, false));
    std::vector<std::int64_t> durations_ns;
    for (int i = 0; i < 11; ++i) durations_ns.push_back(rig.shutdown_duration_ns());
    std::ranges::nth_element(durations_ns, durations_ns.begin() + 5);
    return durations_ns[5];
}

TEST(ShutdownOnTheMachine, OfAnIdleNodeTakesLessThanATenthOfASecond) {
    for (const auto threading :
         {NodeThreading::single, NodeThreading::shared, NodeThreading::dedicated}) {
        const std::int64_t median_ns = median_shutdown_ns(threading);
        EXPECT_LT(median_ns, 100 * kNanosPerMilli);
        RecordProperty("median_us", static_cast<int>(median_ns / 1000));
    }
}

#ifdef TERN_PLANTED_FAULTS
TEST(ShutdownCyclesOnTheMachine, FindTheFoundingBugWhenItIsPutBack) {
    for (const auto threading :
         {NodeThreading::single, NodeThreading::shared, NodeThreading::dedicated}) {
        Rig rig(1, free_endpoints(1)[0], embedded(threading, false));
        const PlantedFault planted(Fault::skip_archive_client_close);
        EXPECT_NE(rig.run(20), "");
    }
}
#endif

/// A node and what holds it up, from its start to its end.
class ThrottledNode final : public NodeProcess {
  public:
    ThrottledNode(MachineStage& stage, NodeLayout layout)
        : clock_(stage.clock()), node_(stage, std::move(layout), "shared") {
        stage.drive([this] { return throttle(); });
    }
    void start() override {
        node_.start();
        is_running_ = true;
    }
    bool has_ended() override { return node_.has_ended(); }
    void close(const std::function<void()>& between) override {
        node_.close(between);
        is_running_ = false;
    }
    void stall(platform::sim::Prng& /*prng*/, std::int64_t /*duration_ns*/) override {}
    std::vector<std::string> findings() override { return node_.findings(); }

  private:
    /// A processor for 10 ms of every 60 ms.
    int throttle() {
        if (!is_running_) return 0;
        const std::int64_t phase_ns = clock_.nano_time() % (60 * kNanosPerMilli);
        const bool is_stopped = phase_ns > 10 * kNanosPerMilli;
        if (is_stopped == std::exchange(was_stopped_, is_stopped)) return 0;
        node_.process().signal(is_stopped ? SIGSTOP : SIGCONT);
        return 1;
    }

    platform::Clock& clock_;
    TernNode node_;
    bool is_running_ = false;
    bool was_stopped_ = false;
};

// "After SHUTDOWN of a clustered driver, now and then a warning that the control session's request
// image was gone."
TEST(Pains, pain_1784) {
    Rig rig(1784, free_endpoints(1)[0], process("shared"));
    EXPECT_EQ(rig.run(10, Ending::shutdown), "");
}

// "Graceful stop on a slow or throttled machine: unexpected interrupt, failed to close due to
// timeout, Aeron client in service closed unexpectedly."
TEST(Pains, pain_1543) {
    const auto throttled = [](MachineStage& stage, NodeLayout layout) {
        return std::make_unique<ThrottledNode>(stage, std::move(layout));
    };
    Rig rig(1543, free_endpoints(1)[0], throttled);
    EXPECT_EQ(rig.run(3, Ending::close), "");
    EXPECT_EQ(rig.run(3, Ending::shutdown), "");
    EXPECT_EQ(rig.run(3, Ending::close_during_snapshot), "");
}

}  // namespace
}  // namespace tern::sim
