// Real child processes, and the signals that end this one gracefully.

#include "tern/platform/posix/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "tern/base/error.hpp"
#include "tern/platform/posix/random.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/platform/posix/system.hpp"

namespace tern::platform::posix {
namespace {

constexpr std::int64_t kTimeoutNs = 10'000'000'000;

ProcessOptions shell(const std::string& script, Output output = Output::pipe) {
    ProcessOptions options;
    options.arguments = {"sh", "-c", script};
    options.output = output;
    return options;
}

TEST(Process, GivesItsOutputAndExitCode) {
    auto options = shell("echo one; echo \"$WORD\" >&2; pwd; printf rest; exit 7");
    options.environment = {{"WORD", "two"}};
    options.working_directory = "/usr";
    Process process(options);
    EXPECT_GT(process.pid(), 0);
    EXPECT_EQ(process.read_line(kTimeoutNs), "one");
    EXPECT_EQ(process.read_line(kTimeoutNs), "two");
    EXPECT_EQ(process.read_line(kTimeoutNs), "/usr");
    EXPECT_EQ(process.read_line(kTimeoutNs), "rest");
    EXPECT_EQ(process.read_line(kTimeoutNs), std::nullopt);
    EXPECT_EQ(process.wait(kTimeoutNs), 7);
    EXPECT_EQ(process.wait(0), 7);
    EXPECT_FALSE(process.is_running());
    process.terminate();  // harmless
}

TEST(Process, ReadsWhatIsWrittenToItUntilTheEnd) {
    auto options = shell("while read -r line; do echo \"got $line\"; done; echo end");
    options.piped_input = true;
    Process process(options);
    process.write_line("one");
    EXPECT_EQ(process.read_line(kTimeoutNs), "got one");
    process.write_line("two");
    EXPECT_EQ(process.read_line(kTimeoutNs), "got two");
    process.close_input();
    EXPECT_EQ(process.read_line(kTimeoutNs), "end");
    EXPECT_EQ(process.wait(kTimeoutNs), 0);
    EXPECT_THROW(process.write_line("three"), Error);
}

TEST(Process, DoesNotGetASignalFromAChildThatIsGone) {
    auto options = shell("exit 0");
    options.piped_input = true;
    Process process(options);
    EXPECT_EQ(process.wait(kTimeoutNs), 0);
    EXPECT_THROW(process.write_line("anybody?"), Error);
}

TEST(Process, WritesToAFile) {
    const std::string path = "/tmp/tern-process-" + std::to_string(PosixRandom{}.next_u64());
    auto options = shell("echo out; echo err >&2", Output::file);
    options.output_path = path;
    Process process(options);
    EXPECT_EQ(process.wait(kTimeoutNs), 0);
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "out\nerr\n");
    std::remove(path.c_str());
}

TEST(Process, IsWaitedForNoLongerThanAskedAndEndsBySignal) {
    Process process(shell("echo ready; exec sleep 1000"));
    EXPECT_EQ(process.read_line(kTimeoutNs), "ready");
    EXPECT_EQ(process.wait(1'000'000), std::nullopt);
    EXPECT_EQ(process.read_line(1'000'000), std::nullopt);
    EXPECT_TRUE(process.is_running());
    process.terminate();
    EXPECT_EQ(process.wait(kTimeoutNs), 128 + SIGTERM);
    EXPECT_EQ(process.read_all(kTimeoutNs), "");
}

TEST(Process, IsKilledByTheDestructor) {
    std::int64_t pid = 0;
    {
        Process process(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
        EXPECT_EQ(process.read_line(kTimeoutNs), "ready");
        pid = process.pid();
        process.terminate();  // it does not listen
        EXPECT_TRUE(PosixSystem{}.process_alive(pid));
    }
    EXPECT_FALSE(PosixSystem{}.process_alive(pid));
}

TEST(Process, ThatCannotBeStartedIsAnErrorThatNamesIt) {
    ProcessOptions options;
    options.arguments = {"/no/such/program"};
    try {
        Process process(options);
        FAIL() << "started a program that is not there";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "cannot start /no/such/program: No such file or directory");
    }
}

TEST(ShutdownSignal, IsRaisedBySignalsAndByCode) {
    for (const int number : {SIGINT, SIGTERM}) {
        ShutdownSignal shutdown;
        EXPECT_FALSE(shutdown.is_raised());
        EXPECT_FALSE(shutdown.wait(1'000'000));
        std::raise(number);
        EXPECT_TRUE(shutdown.is_raised());
        EXPECT_TRUE(shutdown.wait());
        EXPECT_TRUE(shutdown.wait(0));
    }
    ShutdownSignal shutdown;
    std::thread other([&] { shutdown.raise(); });
    EXPECT_TRUE(shutdown.wait(kTimeoutNs));
    other.join();
}

TEST(ShutdownSignal, GivesBackWhatWasThereBefore) {
    struct sigaction before {};
    struct sigaction after {};
    ::sigaction(SIGINT, nullptr, &before);
    { ShutdownSignal shutdown; }
    ::sigaction(SIGINT, nullptr, &after);
    EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace tern::platform::posix
