// Our archive on upstream's Java driver: with our client, with upstream's, with upstream's tool.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/archive/archive.hpp"
#include "tern/archive/client/archive_client.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;
constexpr std::int32_t kStream = 1001;
constexpr std::int32_t kReplayStream = 1002;

class ArchiveWithJavaDriver : public ::testing::TestWithParam<archive::ArchiveThreadingMode> {
  protected:
    static void SetUpTestSuite() {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        driver_ = std::make_unique<JavaDriver>(platform::posix::make_platform());
    }
    static void TearDownTestSuite() { driver_.reset(); }

    void SetUp() override {
        launch();
        client::Context context;
        context.aeron_directory = driver_->aeron_directory();
        aeron_ = client::Aeron::connect(context, platform_);
        client_ = connect();
    }

    void launch() {
        archive::ArchiveContext context;
        context.aeron_directory = driver_->aeron_directory();
        context.archive_directory = scratch_.path() + "/archive";
        context.control_channel = "aeron:udp?endpoint=localhost:0";
        context.replication_channel = "aeron:udp?endpoint=localhost:0";
        context.segment_file_length = 128 * 1024;
        context.archive_id = 77;
        context.low_storage_space_threshold = 0;
        context.threading_mode = GetParam();
        archive_ = archive::Archive::launch(context, platform_);
        await([&] { return archive_->is_running(); }, "the archive to run");
    }

    std::unique_ptr<archive::ArchiveClient> connect() {
        return archive::ArchiveClient::connect({}, *aeron_, platform_);
    }

    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline)
                << "waited for " << what << "; archive: " << archive_->failure();
            idle->idle(client_ ? client_->async().do_work() : 0);
        }
    }

    /// Records `count` messages of 1000 bytes, the first four their number; returns the recording.
    std::int64_t record(int count) {
        auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
        const auto channel = wire::add_session_id("aeron:ipc", publication->session_id());
        const auto subscription =
            client_->start_recording(channel, kStream, archive::SourceLocation::local);
        await([&] { return publication->is_connected(); }, "the recorder");
        std::vector<std::byte> message(1000, std::byte{0x5A});
        for (int i = 0; i < count; ++i) {
            store(message.data(), i);
            await([&] { return publication->offer(message) > 0; }, "an offer");
        }
        std::int64_t id = -1;
        await(
            [&] {
                id = client_->find_last_matching_recording(0, "", kStream,
                                                           publication->session_id());
                return id >= 0;
            },
            "the recording");
        await([&] { return client_->get_recording_position(id) == publication->position(); },
              "all to be recorded");
        client_->stop_recording(subscription);
        await([&] { return client_->get_stop_position(id) == publication->position(); },
              "the stop position");
        return id;
    }

    int replay(std::int64_t id, int expected) {
        const auto session = client_->start_replay(id, "aeron:ipc", kReplayStream);
        auto subscription = aeron_->add_subscription(
            wire::add_session_id("aeron:ipc", static_cast<std::int32_t>(session)), kReplayStream);
        int next = 0;
        await(
            [&] {
                subscription->poll(
                    [&](ConstBytes received, const client::Header&) {
                        EXPECT_EQ(received.size(), 1000U);
                        EXPECT_EQ(load<int>(received.data()), next);
                        ++next;
                    },
                    10);
                return next == expected;
            },
            "the replay");
        // Ended at the archive, too: until then the recording cannot be purged.
        await([&] { return subscription->image_at(0)->is_end_of_stream(); }, "the replay's end");
        return next;
    }

    void expect_proper_ends(std::size_t count) {
        const auto ends = archive_->event_log().session_ends();
        EXPECT_EQ(ends.size(), count);
        for (const auto& end : ends) {
            EXPECT_EQ(end.cause, archive::SessionEndCause::close_request) << end.reason;
        }
        EXPECT_EQ(archive_->event_log().abnormal_session_ends(), 0);
    }

    static inline std::unique_ptr<JavaDriver> driver_;
    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::unique_ptr<archive::Archive> archive_;
    std::unique_ptr<client::Aeron> aeron_;
    std::unique_ptr<archive::ArchiveClient> client_;
};

TEST_P(ArchiveWithJavaDriver, RecordsReplaysAndClosesProperly) {
    const auto id = record(500);
    EXPECT_EQ(client_->get_start_position(id), 0);
    const auto descriptor = client_->list_recording(id);
    ASSERT_TRUE(descriptor);
    EXPECT_EQ(descriptor->stream_id, kStream);
    EXPECT_EQ(descriptor->source_identity, "aeron:ipc");
    EXPECT_FALSE(client_->list_recording(id + 1000));
    EXPECT_EQ(replay(id, 500), 500);
    client_->close();
    await([&] { return archive_->event_log().session_ends().size() == 1; }, "the session's end");
    expect_proper_ends(1);
}

TEST_P(ArchiveWithJavaDriver, GivesErrorsWithTheirCodes) {
    try {
        client_->start_replay(12345, "aeron:ipc", kReplayStream);
        FAIL() << "replayed what is not there";
    } catch (const archive::ArchiveError& error) {
        EXPECT_NE(std::string(error.what()).find("unknown recording id: 12345"), std::string::npos)
            << error.what();
    }
    EXPECT_THROW(client_->start_recording("aeron:junk", kStream, archive::SourceLocation::local),
                 archive::ArchiveError);
    EXPECT_THROW(client_->stop_recording_by_identity(98765), archive::ArchiveError);
}

TEST_P(ArchiveWithJavaDriver, TruncatesAndPurges) {
    const auto id = record(400);
    const auto stop = client_->get_stop_position(id);
    EXPECT_THROW(client_->truncate_recording(id, 64), archive::ArchiveError) << "not at a frame";
    EXPECT_EQ(client_->get_stop_position(id), stop) << "a refused truncation changes nothing";
    client_->truncate_recording(id, 1056);  // one message: 1000 + 32, aligned
    EXPECT_EQ(client_->get_stop_position(id), 1056);
    EXPECT_EQ(replay(id, 1), 1);
    client_->purge_recording(id);
    EXPECT_FALSE(client_->list_recording(id));
}

/// Pain 1688: stopped and started at once, on the same directory and the same driver.
TEST_P(ArchiveWithJavaDriver, RestartsAtOnceAndKeepsWhatItHas) {
    const auto id = record(300);
    client_->close();
    archive_->close();
    expect_proper_ends(1);
    archive_.reset();
    client_.reset();
    launch();
    client_ = connect();
    EXPECT_EQ(replay(id, 300), 300);
}

/// A live recording that its archive closes under: the catalog says where it ended.
TEST_P(ArchiveWithJavaDriver, ClosingStopsLiveRecordings) {
    auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    (void)client_->start_recording("aeron:ipc", kStream, archive::SourceLocation::local);
    await([&] { return publication->is_connected(); }, "the recorder");
    std::vector<std::byte> message(1000, std::byte{0x5A});
    await([&] { return publication->offer(message) > 0; }, "an offer");
    await([&] { return client_->list_recording(0).has_value(); }, "the recording");
    await([&] { return client_->get_recording_position(0) == publication->position(); },
          "all to be recorded");
    const auto position = publication->position();
    client_->close();
    archive_->close();
    archive_.reset();
    client_.reset();
    launch();
    client_ = connect();
    EXPECT_EQ(client_->get_stop_position(0), position);
}

TEST_P(ArchiveWithJavaDriver, UpstreamsToolVerifiesWhatWeWrote) {
    const auto id = record(500);
    client_->close();
    archive_->close();
    const auto output = scratch_.path() + "/tool.txt";
    platform::posix::ProcessOptions options;
    options.arguments = {"java",
                         "-cp",
                         aeron_jar(),
                         "--add-opens",
                         "java.base/jdk.internal.misc=ALL-UNNAMED",
                         "io.aeron.archive.ArchiveTool",
                         scratch_.path() + "/archive",
                         "verify",
                         "-a"};
    options.output = platform::posix::Output::file;
    options.output_path = output;
    platform::posix::Process tool(options);
    EXPECT_EQ(tool.wait(kPatienceNs), 0);
    std::ifstream in(output);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_THAT(text, testing::HasSubstr(fmt::format("(recordingId={}) OK", id)));
}

/// Upstream's client records, replays live and stopped, extends, truncates; its session ends by its
/// own request (pain 1784).
TEST_P(ArchiveWithJavaDriver, ServesUpstreamsClient) {
    const char* classes = std::getenv("TERN_JAVA_CLASSES");
    ASSERT_NE(classes, nullptr) << "run ./dev test interop";
    const auto output = scratch_.path() + "/client.txt";
    platform::posix::ProcessOptions options;
    options.arguments = {"java",
                         "-cp",
                         std::string(aeron_jar()) + ":" + classes,
                         "--add-opens",
                         "java.base/jdk.internal.misc=ALL-UNNAMED",
                         "-Daeron.dir=" + driver_->aeron_directory(),
                         "ArchiveRoundTrip"};
    options.output = platform::posix::Output::file;
    options.output_path = output;
    platform::posix::Process java(options);
    const auto code = java.wait(2 * kPatienceNs);
    std::ifstream in(output);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(code, 0) << text;
    EXPECT_THAT(text, testing::HasSubstr("OK"));
    await([&] { return archive_->event_log().session_ends().size() == 1; }, "the session's end");
    expect_proper_ends(1);
}

INSTANTIATE_TEST_SUITE_P(Modes, ArchiveWithJavaDriver,
                         testing::Values(archive::ArchiveThreadingMode::shared,
                                         archive::ArchiveThreadingMode::dedicated),
                         [](const auto& mode) { return std::string(to_string(mode.param)); });

}  // namespace
}  // namespace tern::interop
