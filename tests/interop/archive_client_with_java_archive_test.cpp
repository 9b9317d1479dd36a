// Our archive client against upstream's Java archive.

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/archive/client/archive_client.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;
constexpr std::int32_t kStream = 1001;
constexpr std::int32_t kReplayStream = 1002;

class ArchiveClientWithJavaArchive : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        auto platform = platform::posix::make_platform();
        scratch_ = std::make_unique<ScratchDirectory>(platform);
        archive_process_ =
            start_java("io.aeron.archive.ArchivingMediaDriver",
                       {"aeron.dir=" + scratch_->path() + "/aeron",
                        "aeron.archive.dir=" + scratch_->path() + "/archive",
                        "aeron.archive.control.channel=aeron:udp?endpoint=localhost:0",
                        "aeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
                        "aeron.threading.mode=SHARED", "aeron.archive.threading.mode=SHARED",
                        "aeron.term.buffer.length=65536", "aeron.ipc.term.buffer.length=65536",
                        "aeron.archive.segment.file.length=131072"},
                       scratch_->path() + "/archive.log");
    }
    static void TearDownTestSuite() {
        archive_process_.reset();
        scratch_.reset();
    }

    void SetUp() override {
        client::Context context;
        context.aeron_directory = scratch_->path() + "/aeron";
        context.use_conductor_invoker = true;
        aeron_ = client::Aeron::connect(context, platform_);
        archive_ = archive::ArchiveClient::connect({}, *aeron_, platform_);
    }

    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline) << "waited for " << what;
            idle->idle(aeron_->do_work() + archive_->async().do_work());
        }
    }

    void offer(client::ExclusivePublication& publication, ConstBytes message) {
        await([&] { return publication.offer(message) > 0; }, "an offer");
    }

    std::int64_t find_recording(std::int32_t session_id) {
        std::int64_t recording_id = -1;
        await(
            [&] {
                recording_id = archive_->find_last_matching_recording(0, "", kStream, session_id);
                return recording_id >= 0;
            },
            "the recording");
        return recording_id;
    }

    static inline std::unique_ptr<ScratchDirectory> scratch_;
    static inline std::unique_ptr<platform::posix::Process> archive_process_;
    platform::Platform platform_ = platform::posix::make_platform();
    std::unique_ptr<client::Aeron> aeron_;
    std::unique_ptr<archive::ArchiveClient> archive_;
};

TEST_F(ArchiveClientWithJavaArchive, RecordsListsAndReplays) {
    auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    const std::string channel = wire::add_session_id("aeron:ipc", publication->session_id());
    const std::int64_t subscription =
        archive_->start_recording(channel, kStream, archive::SourceLocation::local);
    await([&] { return publication->is_connected(); }, "the recorder");

    constexpr int kMessages = 500;
    std::vector<std::byte> message(1000);
    for (int i = 0; i < kMessages; ++i) {
        store(message.data(), i);
        offer(*publication, message);
    }
    const std::int64_t recording_id = find_recording(publication->session_id());
    await([&] { return archive_->get_recording_position(recording_id) == publication->position(); },
          "all to be recorded");
    archive_->stop_recording(subscription);
    EXPECT_EQ(archive_->get_stop_position(recording_id), publication->position());
    EXPECT_EQ(archive_->get_start_position(recording_id), 0);
    EXPECT_EQ(archive_->get_max_recorded_position(recording_id), publication->position());

    const auto descriptor = archive_->list_recording(recording_id);
    ASSERT_TRUE(descriptor);
    EXPECT_EQ(descriptor->stream_id, kStream);
    EXPECT_EQ(descriptor->session_id, publication->session_id());
    EXPECT_EQ(descriptor->stop_position, publication->position());
    EXPECT_EQ(archive_->list_recordings(0, 1000, [](const auto&) {}), recording_id + 1);
    EXPECT_FALSE(archive_->list_recording(recording_id + 1000));

    const std::int64_t replay = archive_->start_replay(recording_id, "aeron:ipc", kReplayStream);
    auto replayed = aeron_->add_subscription(
        wire::add_session_id("aeron:ipc", static_cast<std::int32_t>(replay)), kReplayStream);
    int next = 0;
    await(
        [&] {
            replayed->poll(
                [&](ConstBytes received, const client::Header&) {
                    ASSERT_EQ(received.size(), message.size());
                    EXPECT_EQ(load<int>(received.data()), next);
                    ++next;
                },
                10);
            return next == kMessages;
        },
        "the replay");
}

TEST_F(ArchiveClientWithJavaArchive, GivesTheArchivesErrorsWithTheirCodes) {
    try {
        archive_->start_replay(12345, "aeron:ipc", kReplayStream);
        FAIL() << "replayed what is not there";
    } catch (const archive::ArchiveError& error) {
        EXPECT_NE(std::string(error.what()).find("12345"), std::string::npos) << error.what();
    }
    EXPECT_THROW(archive_->start_recording("aeron:junk", kStream, archive::SourceLocation::local),
                 archive::ArchiveError);
    EXPECT_THROW(archive_->stop_recording_by_identity(98765), archive::ArchiveError);
}

TEST_F(ArchiveClientWithJavaArchive, ClosesItsSessionByItsOwnRequest) {
    const memory::CountersReader& counters = aeron_->counters_reader();
    const auto sessions = [&] {
        std::int64_t count = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == memory::counter_type::kArchiveControlSessions) {
                count = counters.value(id);
            }
        });
        return count;
    };
    await([&] { return sessions() == 1; }, "one session");
    archive_->close();
    EXPECT_TRUE(archive_->async().is_closed());
    archive_->close();  // harmless
    EXPECT_THROW(archive_->get_start_position(0), Error);
    await([&] { return sessions() == 0; }, "the session's end");
}

TEST_F(ArchiveClientWithJavaArchive, TellsWhatItWaitedForWhenThereIsNoArchive) {
    archive::ArchiveClientContext context;
    context.control_request_stream_id = 4711;
    context.message_timeout_ns = 200 * kNanosPerMilli;
    try {
        (void)archive::ArchiveClient::connect(context, *aeron_, platform_);
        FAIL() << "connected to nothing";
    } catch (const TimeoutError& error) {
        EXPECT_NE(std::string(error.what()).find("AWAIT_PUBLICATION_CONNECTED"), std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace tern::interop
