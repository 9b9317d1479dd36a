// Pain 1688: whatever way a driver or a node went, the next one starts at once on the same
// directories, as processes and many times over.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern {
namespace {

using platform::posix::Process;
using support::await_line;
using support::expect_exit;

/// After a kill: the time that an owner which cannot be seen is given, and a loaded machine.
constexpr std::int64_t kRestartLimitNs = 8 * kNanosPerSecond;

class Restart : public ::testing::TestWithParam<std::string> {
  protected:
    std::unique_ptr<Process> start_node() {
        std::vector<std::string> arguments = support::as_defines(member_.settings());
        arguments.insert(arguments.begin(),
                         {"node", "--service", "counter", "-Dtern.node.threading=" + GetParam()});
        return support::start_tern(arguments);
    }
    std::unique_ptr<Process> start_driver() {
        const std::string mode = GetParam() == "dedicated" ? "DEDICATED" : "SHARED";
        return support::start_tern({"driver", "-Daeron.dir=" + member_.aeron_directory(),
                                    "-Daeron.threading.mode=" + mode});
    }
    /// Waits for the line and says how long that took.
    std::int64_t time_until(Process& process, const std::string& text) {
        const std::int64_t start_ns = platform_.clock.nano_time();
        await_line(process, text);
        return platform_.clock.nano_time() - start_ns;
    }
    static void kill(Process& process) {
        process.kill();
        EXPECT_EQ(process.wait(support::kPatienceNs), 128 + 9);
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
    support::MemberFiles member_{platform_, scratch_.path()};
};

TEST_P(Restart, pain_1688_after_a_stop) {
    for (int cycle = 0; cycle < 15; ++cycle) {
        auto node = start_node();
        await_line(*node, "LEADER in leadership term");
        node->terminate();
        expect_exit(*node, 0);
        ASSERT_EQ(member_.error_logs(), "") << "cycle " << cycle;
    }
}

TEST_P(Restart, pain_1688_after_a_kill_at_any_stage) {
    for (const bool closing : {false, true}) {
        auto node = start_node();
        EXPECT_LT(time_until(*node, "LEADER in leadership term"), kRestartLimitNs);
        if (closing) {
            node->terminate();
            await_line(*node, "closing");
        }
        kill(*node);
    }
    auto node = start_node();
    EXPECT_LT(time_until(*node, "LEADER in leadership term"), kRestartLimitNs);
    node->terminate();
    expect_exit(*node, 0);
    EXPECT_EQ(member_.error_logs(), "");
}

// A mark file of one that was starting tells no age: it is believed for upstream's ten seconds.
// Upstream itself would never start again.
TEST_P(Restart, pain_1688_after_a_kill_while_starting) {
    auto node = start_node();
    await_line(*node, "node started");
    kill(*node);
    node = start_node();
    await_line(*node, "LEADER in leadership term");
    node->terminate();
    expect_exit(*node, 0);
}

TEST_P(Restart, pain_1688_of_a_driver) {
    for (int cycle = 0; cycle < 15; ++cycle) {
        auto driver = start_driver();
        EXPECT_LT(time_until(*driver, "ready"), kRestartLimitNs) << "cycle " << cycle;
        if (cycle % 5 == 4) {
            kill(*driver);
        } else {
            driver->terminate();
            expect_exit(*driver, 0);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Threading, Restart, ::testing::Values("single", "shared", "dedicated"),
                         [](const auto& threading) { return threading.param; });

}  // namespace
}  // namespace tern
