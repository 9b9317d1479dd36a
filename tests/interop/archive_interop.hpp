#pragma once
// Archives to test against upstream: ours on our driver, ours on upstream's driver, and upstream's
// own; over the IPC and the UDP control channel. Upstream's processes are shared by all tests of a
// suite; ours are made for each.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/archive/archive.hpp"
#include "tern/archive/client/archive_client.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tests/support/recording_steps.hpp"

namespace tern::interop {

constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;
using testing_support::kReplayStream;
using testing_support::kStream;

enum class Stack { tern, tern_archive_on_java_driver, java };

struct ArchiveSetup {
    Stack stack = Stack::tern;
    archive::ArchiveThreadingMode mode = archive::ArchiveThreadingMode::shared;
    bool udp_control = false;
};

inline std::string name_of(const ArchiveSetup& setup) {
    std::string name = setup.stack == Stack::java ? "Java" : "Tern";
    if (setup.stack == Stack::tern_archive_on_java_driver) name += "OnJavaDriver";
    if (setup.stack != Stack::java) {
        name += setup.mode == archive::ArchiveThreadingMode::shared ? "Shared" : "Dedicated";
    }
    return name + (setup.udp_control ? "Udp" : "Ipc");
}

inline std::string free_endpoint(platform::Platform platform) {
    platform::UdpSocketOptions options;
    options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
    auto socket = platform.network.open(options);
    return (*socket)->local_address().to_string();
}

inline std::string read_text(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Upstream's archiving driver: an Aeron directory of its own, the archive directory given.
class JavaArchive {
  public:
    JavaArchive(platform::Platform platform, const std::string& archive_directory)
        : scratch_(platform), endpoint_(free_endpoint(platform)) {
        process_ =
            start_java("io.aeron.archive.ArchivingMediaDriver",
                       {"aeron.dir=" + aeron_directory(), "aeron.archive.dir=" + archive_directory,
                        "aeron.archive.control.channel=" + control_channel(),
                        "aeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
                        "aeron.threading.mode=SHARED", "aeron.archive.threading.mode=SHARED",
                        "aeron.term.buffer.length=65536", "aeron.ipc.term.buffer.length=65536",
                        "aeron.archive.low.storage.space.threshold=0",
                        "aeron.archive.segment.file.length=131072"},
                       scratch_.path() + "/archive.log");
    }
    [[nodiscard]] std::string aeron_directory() const { return scratch_.path() + "/aeron"; }
    [[nodiscard]] std::string control_channel() const { return "aeron:udp?endpoint=" + endpoint_; }
    [[nodiscard]] std::string log() const { return read_text(scratch_.path() + "/archive.log"); }
    /// Asks it to end, in order, and waits.
    int stop() {
        process_->terminate();
        return process_->wait(kPatienceNs).value_or(-1);
    }

  private:
    ScratchDirectory scratch_;
    std::string endpoint_;
    std::unique_ptr<platform::posix::Process> process_;
};

class ArchiveFixture : public ::testing::Test, protected testing_support::RecordingSteps {
  protected:
    static void SetUpTestSuite() {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }
    static void TearDownTestSuite() {
        java_driver_.reset();
        java_archive_.reset();
        java_scratch_.reset();
    }
    ~ArchiveFixture() override { stop(); }

    void start(const ArchiveSetup& setup) {
        setup_ = setup;
        control_channel_ = "aeron:udp?endpoint=" + free_endpoint(platform_);
        switch (setup.stack) {
            case Stack::tern:
                launch_driver();
                break;
            case Stack::tern_archive_on_java_driver:
                if (!java_driver_) java_driver_ = std::make_unique<JavaDriver>(platform_);
                aeron_directory_ = java_driver_->aeron_directory();
                break;
            case Stack::java:
                if (!java_archive_) {
                    java_scratch_ = std::make_unique<ScratchDirectory>(platform_);
                    java_archive_ = std::make_unique<JavaArchive>(
                        platform_, java_scratch_->path() + "/archive");
                }
                aeron_directory_ = java_archive_->aeron_directory();
                control_channel_ = java_archive_->control_channel();
                break;
        }
        if (setup.stack != Stack::java) launch_archive();
        client::Context context;
        context.aeron_directory = aeron_directory_;
        aeron_ = client::Aeron::connect(context, platform_);
        client_ = connect();
    }

    void launch_driver() {
        driver::DriverContext context;
        context.aeron_directory = aeron_directory_ = scratch_.path() + "/aeron";
        context.term_buffer_length = 64 * 1024;
        context.ipc_term_buffer_length = 64 * 1024;
        driver_ = driver::MediaDriver::launch(context, platform_);
    }

    [[nodiscard]] std::string archive_directory() const { return scratch_.path() + "/archive"; }

    void launch_archive() {
        archive::ArchiveContext context;
        context.aeron_directory = aeron_directory_;
        context.archive_directory = archive_directory();
        context.control_channel = control_channel_;
        context.replication_channel = "aeron:udp?endpoint=localhost:0";
        context.segment_file_length = 128 * 1024;
        context.archive_id = 77;
        context.low_storage_space_threshold = 0;
        context.threading_mode = setup_.mode;
        archive_ = archive::Archive::launch(context, platform_);
        await([&] { return archive_->is_running(); }, "the archive to run");
    }

    std::unique_ptr<archive::ArchiveClient> connect() {
        archive::ArchiveClientContext context;
        if (setup_.udp_control) {
            context.control_request_channel = control_channel_;
            context.control_response_channel = "aeron:udp?endpoint=localhost:0";
        }
        context.on_signal = [this](const archive::RecordingSignal& signal) { on_signal(signal); };
        return archive::ArchiveClient::connect(context, *aeron_, platform_);
    }

    /// Everything of ours, in the order in which it may end.
    void stop() {
        client_.reset();
        aeron_.reset();
        archive_.reset();
        driver_.reset();
    }

    client::Aeron& aeron() override { return *aeron_; }
    archive::ArchiveClient& archive_client() override { return *client_; }
    void step() override { idle_->idle(client_ ? client_->async().do_work() : 0); }
    [[nodiscard]] std::int64_t now_ns() const override { return platform_.clock.nano_time(); }
    [[nodiscard]] std::string state() const override {
        return archive_ ? "archive: " + archive_->failure() : "";
    }

    void expect_proper_ends(std::size_t count) {
        await([&] { return archive_->event_log().session_ends().size() >= count; },
              "the sessions' ends");
        const auto ends = archive_->event_log().session_ends();
        EXPECT_EQ(ends.size(), count);
        for (const auto& end : ends) {
            EXPECT_EQ(end.cause, archive::SessionEndCause::close_request) << end.reason;
        }
        EXPECT_EQ(archive_->event_log().abnormal_session_ends(), 0);
    }

    /// Runs `java MAIN_CLASS ARGUMENTS...` to its end; its output, and its exit code in `code`.
    std::string run_java(std::vector<std::string> arguments, int& code) {
        const char* classes = std::getenv("TERN_JAVA_CLASSES");
        const auto output = scratch_.path() + "/java.txt";
        platform::posix::ProcessOptions options;
        options.arguments = {"java",
                             "-XX:+UseSerialGC",
                             "-XX:TieredStopAtLevel=1",
                             "-cp",
                             std::string(aeron_jar()) + ":" + (classes == nullptr ? "" : classes),
                             "--add-opens",
                             "java.base/jdk.internal.misc=ALL-UNNAMED"};
        options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
        options.output = platform::posix::Output::file;
        options.output_path = output;
        platform::posix::Process java(options);
        code = java.wait(3 * kPatienceNs).value_or(-1);
        return read_text(output);
    }

    std::string run_tool(std::vector<std::string> command, int expected_code = 0) {
        command.insert(command.begin(), {"io.aeron.archive.ArchiveTool", archive_directory()});
        int code = -1;
        auto text = run_java(command, code);
        EXPECT_EQ(code, expected_code) << command[2] << ": " << text;
        return text;
    }

    static inline std::unique_ptr<JavaDriver> java_driver_;
    static inline std::unique_ptr<ScratchDirectory> java_scratch_;
    static inline std::unique_ptr<JavaArchive> java_archive_;
    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    ArchiveSetup setup_;
    std::string aeron_directory_;
    std::string control_channel_;
    std::unique_ptr<platform::IdleStrategy> idle_ = platform::make_idle_strategy("backoff");
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<archive::Archive> archive_;
    std::unique_ptr<client::Aeron> aeron_;
    std::unique_ptr<archive::ArchiveClient> client_;
};

}  // namespace tern::interop
