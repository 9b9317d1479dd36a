// kill -9 of an archiving process under load, again and again on the same archive directory: it
// starts, each recording is a prefix of what was sent, and holds all that was acknowledged.
//
// The process is this test program itself, told by its arguments to run nothing but a driver and
// an archive. Each life has an Aeron directory and a mark file of its own: those of a killed
// process look alive for ten seconds, which is another test's subject.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tern/archive/archive.hpp"
#include "tern/archive/archive_counters.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/process.hpp"
#include "tests/support/recording_steps.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::faults {
namespace {

using testing_support::kReplayStream;
using testing_support::kTermLength;
using testing_support::stream_message;
using testing_support::StreamCheck;

constexpr const char* kRoot = "TERN_TEST_ROOT";
constexpr const char* kLife = "TERN_TEST_LIFE";

std::string aeron_directory(const std::string& root, int life) {
    return fmt::format("{}/aeron-{}", root, life);
}

/// The child: archives until it is killed.
TEST(ArchivingProcess, DISABLED_Run) {
    const char* root = std::getenv(kRoot);
    const char* life = std::getenv(kLife);
    ASSERT_TRUE(root != nullptr && life != nullptr) << "run by the tests below";
    const auto platform = platform::posix::make_platform();
    driver::DriverContext driver_context;
    driver_context.aeron_directory = aeron_directory(root, std::atoi(life));
    driver_context.term_buffer_length = kTermLength;
    driver_context.ipc_term_buffer_length = kTermLength;
    const auto driver = driver::MediaDriver::launch(driver_context, platform);
    archive::ArchiveContext context;
    context.aeron_directory = driver_context.aeron_directory;
    context.archive_directory = fmt::format("{}/archive", root);
    context.mark_file_directory = fmt::format("{}/mark-{}", root, life);
    context.control_channel_enabled = false;
    context.replication_channel = "aeron:udp?endpoint=localhost:0";
    context.segment_file_length = 128 * 1024;
    context.low_storage_space_threshold = 0;
    context.event_sink = [](std::string_view line) {
        fmt::print("{}\n", line);
        std::fflush(stdout);
    };
    const auto archive = archive::Archive::launch(context, platform);
    const auto idle = platform::make_idle_strategy("sleep-ms");
    while (archive->failure().empty()) idle->idle(0);
    FAIL() << archive->failure();
}

/// What was sent to a recording, and what the archive said that it has.
struct Sent {
    std::int64_t id = -1;
    int messages = 0;
    std::int64_t acknowledged = 0;
};

class KilledArchivingProcess : public ::testing::Test, protected testing_support::RecordingSteps {
  protected:
    void start() {
        ++life_;
        platform::posix::ProcessOptions options;
        options.arguments = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                             "--gtest_filter=ArchivingProcess.DISABLED_Run"};
        options.environment = {{kRoot, scratch_.path()}, {kLife, std::to_string(life_)}};
        options.output = platform::posix::Output::file;
        options.output_path = log_path();
        process_ = std::make_unique<platform::posix::Process>(options);
        client::Context context;
        context.aeron_directory = aeron_directory(scratch_.path(), life_);
        context.error_handler = [](const std::exception&) {};  // the driver will be gone
        aeron_ = client::Aeron::connect(context, platform_);
        client_ = archive::ArchiveClient::connect({}, *aeron_, platform_);
    }
    void kill() {
        process_->kill();
        (void)process_->wait(10 * kNanosPerSecond);
        aeron_->close();
        client_.reset();
        aeron_.reset();
        platform_.storage.remove_all(aeron_directory(scratch_.path(), life_));
    }
    [[nodiscard]] std::string log_path() const {
        return fmt::format("{}/log-{}.txt", scratch_.path(), life_);
    }

    /// Publishes as fast as it goes, for a while, asking all the time how far the archive is.
    void load(const Live& live, Sent& sent, std::int64_t duration_ns) {
        auto& async = client_->async();
        auto request = async.get_recording_position(live.id);
        const auto end = now_ns() + duration_ns;
        while (now_ns() < end) {
            if (live.publication->offer(stream_message(sent.messages)) > 0) ++sent.messages;
            async.do_work();
            if (const auto outcome = async.take_outcome(request)) {
                if (outcome->ok())
                    sent.acknowledged = std::max(sent.acknowledged, outcome->relevant_id);
                request = async.get_recording_position(live.id);
            }
        }
    }

    void check(const Sent& sent) {
        const auto stop = client_->get_stop_position(sent.id);
        ASSERT_GE(stop, sent.acknowledged) << "acknowledged is lost, in life " << life_;
        if (stop == 0) return;
        auto subscription =
            subscribe_replay(client_->start_replay(sent.id, "aeron:ipc", kReplayStream));
        StreamCheck content;
        client::FragmentAssembler<> assembler(
            [&](ConstBytes message, const client::Header&) { content(message); });
        std::int64_t position = 0;
        await(
            [&] {
                subscription->poll(assembler, 100);
                if (const auto image = subscription->image_at(0)) position = image->position();
                return position == stop || HasFailure();
            },
            fmt::format("the replay of recording {} up to {}", sent.id, stop));
        EXPECT_LE(content.next, sent.messages);
    }

    client::Aeron& aeron() override { return *aeron_; }
    archive::ArchiveClient& archive_client() override { return *client_; }
    void step() override { idle_->idle(client_->async().do_work()); }
    [[nodiscard]] std::int64_t now_ns() const override { return platform_.clock.nano_time(); }
    [[nodiscard]] std::string state() const override { return "see " + log_path(); }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
    std::unique_ptr<platform::IdleStrategy> idle_ = platform::make_idle_strategy("backoff");
    int life_ = 0;
    std::unique_ptr<platform::posix::Process> process_;
    std::unique_ptr<client::Aeron> aeron_;
    std::unique_ptr<archive::ArchiveClient> client_;
};

TEST_F(KilledArchivingProcess, pain_1619_TwentyTimesUnderLoad) {
    constexpr int kRounds = 20;
    std::mt19937 random(1619);
    std::vector<Sent> all;
    std::int64_t acknowledged = 0;
    for (int round = 0; round < kRounds; ++round) {
        start();
        for (const auto& sent : all) check(sent);
        const auto live = start_recording();
        Sent sent{.id = live.id};
        load(live, sent, static_cast<std::int64_t>(10 + random() % 90) * kNanosPerMilli);
        kill();
        acknowledged += sent.acknowledged;
        all.push_back(sent);
        if (all.size() > 3) all.erase(all.begin());
        ASSERT_FALSE(HasFailure());
    }
    start();
    for (const auto& sent : all) check(sent);
    EXPECT_EQ(client_->list_recordings(0, 100, [](const auto&) {}), kRounds);
    EXPECT_GT(acknowledged, std::int64_t{kRounds} * kTermLength) << "the load was none";
    kill();
}

/// What an operator sees of control sessions that ended abnormally.
TEST_F(KilledArchivingProcess, TheCounterOfAbnormalSessionEndsIsShownByStat) {
    start();
    platform::posix::ProcessOptions options;
    options.arguments = {TERN_BINARY, "stat", "--dir", aeron().context().aeron_directory};
    options.output = platform::posix::Output::pipe;
    platform::posix::Process stat(options);
    const auto text = stat.read_all(10 * kNanosPerSecond);
    EXPECT_EQ(stat.wait(10 * kNanosPerSecond), 0) << text;
    EXPECT_THAT(text, ::testing::HasSubstr("Archive Control Sessions ended abnormally"));
    kill();
}

}  // namespace
}  // namespace tern::faults
