// tern demo as its users run it: a process.

#include <gmock/gmock.h>

#include <csignal>
#include <optional>
#include <string>

#include "tern/base/duration.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;

class DemoCommand : public ::testing::Test {
  protected:
    void start() {
        platform::posix::ProcessOptions options;
        options.arguments = {TERN_BINARY, "demo"};
        options.environment = {{"TMPDIR", scratch_.path()}};
        options.output = platform::posix::Output::pipe;
        demo_ = std::make_unique<platform::posix::Process>(options);
    }
    /// Of the node that the demo has started, once it takes commands.
    pid_t await_node() {
        while (const auto line = demo_->read_line(kPatienceNs)) {
            output_ += *line + '\n';
            int pid = 0;
            if (std::sscanf(line->c_str(), " -> process %d took commands", &pid) == 1) return pid;
        }
        ADD_FAILURE() << output_;
        return -1;
    }
    int finish() {
        output_ += demo_->read_all(kPatienceNs);
        return demo_->wait(kPatienceNs).value_or(-1);
    }
    static bool is_running(pid_t pid) { return ::kill(pid, 0) == 0; }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
    std::unique_ptr<platform::posix::Process> demo_;
    std::string output_;
};

TEST_F(DemoCommand, goes_from_start_to_clean_restart_and_leaves_nothing_behind) {
    const std::int64_t begin_ns = platform_.clock.nano_time();
    start();
    EXPECT_EQ(finish(), 0) << output_;
    EXPECT_LT(platform_.clock.nano_time() - begin_ns, 10 * kNanosPerSecond) << output_;
    EXPECT_THAT(output_, HasSubstr("the total is 50,005,000, which is right"));
    EXPECT_THAT(output_, HasSubstr("Member [0]: shut down"));
    EXPECT_THAT(output_, HasSubstr("the total is 112,507,500, as before"));
    EXPECT_THAT(platform_.storage.list(scratch_.path()), IsEmpty());
}

TEST_F(DemoCommand, says_what_failed_and_where_the_logs_are) {
    start();
    const pid_t node = await_node();
    ASSERT_GT(node, 0);
    ASSERT_EQ(::kill(node, SIGKILL), 0);
    EXPECT_EQ(finish(), 1) << output_;
    EXPECT_THAT(output_, HasSubstr("the demo failed: "));
    const auto left = platform_.storage.list(scratch_.path());
    ASSERT_EQ(left.size(), 1U);
    const std::string directory = scratch_.path() + "/" + left.front();
    EXPECT_THAT(output_, HasSubstr("logs and files are in " + directory));
    EXPECT_TRUE(platform_.storage.exists(directory + "/node-1.log"));
}

TEST_F(DemoCommand, can_be_interrupted) {
    start();
    const pid_t node = await_node();
    ASSERT_GT(node, 0);
    demo_->signal(SIGINT);
    EXPECT_EQ(finish(), 1) << output_;
    EXPECT_THAT(output_, HasSubstr("interrupted"));
    EXPECT_THAT(platform_.storage.list(scratch_.path()), IsEmpty());
    EXPECT_FALSE(is_running(node));
}

}  // namespace
}  // namespace tern::integration
