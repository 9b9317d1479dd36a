// Checked streams between upstream's clients and driver and ours, in every pairing: Java clients
// on the Tern driver, Java and Tern clients on it, and the two drivers with each other over UDP.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "java_driver.hpp"
#include "stream_peer.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using platform::posix::Process;
using support::await_line;
using support::expect_exit;
using ::testing::HasSubstr;

constexpr std::int32_t kStream = 1001;
constexpr std::int64_t kMegabyte = 1 << 20;
constexpr std::int64_t kGigabyte = 1 << 30;

/// `tern driver` as a process.
class TernDriver {
  public:
    TernDriver(platform::Platform platform, const std::string& threading)
        : platform_(platform), scratch_(platform), threading_(threading) {
        start();
    }

    void start() {
        process_ = support::start_tern(
            {"driver", "-Daeron.dir=" + directory(), "-Daeron.threading.mode=" + threading_,
             "-Daeron.term.buffer.length=4m", "-Daeron.ipc.term.buffer.length=4m",
             "-Daeron.image.liveness.timeout=2s", "-Daeron.publication.linger.timeout=1s"});
        await_line(*process_, "ready");
    }
    void stop() {
        process_->terminate();
        expect_exit(*process_, 0);
        EXPECT_EQ(support::driver_error_log(platform_, directory()), "");
    }
    [[nodiscard]] std::string directory() const { return scratch_.path() + "/aeron"; }

  private:
    platform::Platform platform_;
    support::ScratchDirectory scratch_;
    std::string threading_;
    std::unique_ptr<Process> process_;
};

class Streams : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        tern_ = std::make_unique<TernDriver>(platform_, GetParam());
    }
    void TearDown() override {
        if (tern_) tern_->stop();
    }

    [[nodiscard]] std::string udp(std::string_view more = "") const {
        return "aeron:udp?endpoint=" + support::free_endpoint(platform_) + "|mtu=8k" +
               std::string(more);
    }
    [[nodiscard]] std::unique_ptr<client::Aeron> connect(const std::string& directory) const {
        client::Context context;
        context.aeron_directory = directory;
        context.error_handler = [](const std::exception& error) {
            ADD_FAILURE() << "client: " << error.what();
        };
        return client::Aeron::connect(context, platform_);
    }

    // One stream in each of the pairings; a directory is that of the end's driver.
    static void java_to_java(const std::string& from, const std::string& to,
                             const std::string& channel, std::int64_t bytes) {
        auto receiver = start_java_peer("subscribe", to, channel, kStream, 0);
        await_line(*receiver, "READY");
        auto sender = start_java_peer("publish", from, channel, kStream, bytes);
        const std::string sent = await_line(*sender, "SENT");
        EXPECT_EQ(await_line(*receiver, "RECEIVED"),
                  "RECEIVED" + sent.substr(4) + " END_OF_STREAM");
        expect_exit(*sender, 0);
        expect_exit(*receiver, 0);
    }
    void java_to_tern(const std::string& from, const std::string& to, const std::string& channel,
                      std::int64_t bytes) const {
        const auto aeron = connect(to);
        const auto subscription = aeron->add_subscription(channel, kStream);
        auto sender = start_java_peer("publish", from, channel, kStream, bytes);
        const StreamSum received = receive_stream(*aeron, *subscription);
        EXPECT_EQ(await_line(*sender, "SENT"), "SENT " + received.text());
        EXPECT_GE(received.bytes, bytes);
        expect_exit(*sender, 0);
    }
    void tern_to_java(const std::string& from, const std::string& to, const std::string& channel,
                      std::int64_t bytes) const {
        auto receiver = start_java_peer("subscribe", to, channel, kStream, 0);
        await_line(*receiver, "READY");
        const auto aeron = connect(from);
        const StreamSum sent = publish_stream(*aeron, channel, kStream, bytes);
        EXPECT_EQ(await_line(*receiver, "RECEIVED"), "RECEIVED " + sent.text() + " END_OF_STREAM");
        expect_exit(*receiver, 0);
    }

    platform::Platform platform_ = platform::posix::make_platform();
    std::unique_ptr<TernDriver> tern_;
};

TEST_P(Streams, AGigabyteBetweenJavaClientsOverIpc) {
    java_to_java(tern_->directory(), tern_->directory(), "aeron:ipc", kGigabyte);
}

TEST_P(Streams, AGigabyteBetweenJavaClientsOverUdp) {
    java_to_java(tern_->directory(), tern_->directory(), udp(), kGigabyte);
}

TEST_P(Streams, BetweenJavaAndTernClientsBothWays) {
    const std::string& directory = tern_->directory();
    for (const std::string& channel : {std::string("aeron:ipc"), udp()}) {
        java_to_tern(directory, directory, channel, 100 * kMegabyte);
        tern_to_java(directory, directory, channel, 100 * kMegabyte);
    }
}

TEST_P(Streams, BetweenTheDriversBothWays) {
    JavaDriver java(platform_);
    java_to_tern(java.aeron_directory(), tern_->directory(), udp("|term-length=1m"),
                 100 * kMegabyte);
    tern_to_java(tern_->directory(), java.aeron_directory(), udp("|term-length=1m"),
                 100 * kMegabyte);
    // The default MTU, small terms: many datagrams, many rotations.
    java_to_tern(java.aeron_directory(), tern_->directory(),
                 "aeron:udp?term-length=512k|endpoint=" + support::free_endpoint(platform_),
                 20 * kMegabyte);
    tern_to_java(tern_->directory(), java.aeron_directory(),
                 "aeron:udp?term-length=512k|endpoint=" + support::free_endpoint(platform_),
                 20 * kMegabyte);
    // Tern clients on both drivers.
    const std::string channel = udp("|term-length=1m");
    const auto receiver = connect(java.aeron_directory());
    const auto subscription = receiver->add_subscription(channel, kStream);
    const auto sender = connect(tern_->directory());
    StreamSum sent;
    std::thread publisher(
        [&] { sent = publish_stream(*sender, channel, kStream, 20 * kMegabyte); });
    const StreamSum received = receive_stream(*receiver, *subscription);
    publisher.join();
    EXPECT_EQ(received, sent);
}

TEST_P(Streams, APublisherNoticesThatItsSubscriberHasClosed) {
    JavaDriver java(platform_);
    for (const std::string& channel : {std::string("aeron:ipc"), udp()}) {
        // A Java subscriber that has had enough, and a Tern publisher.
        auto receiver = start_java_peer("subscribe", tern_->directory(), channel, kStream, 1);
        await_line(*receiver, "READY");
        const auto aeron = connect(tern_->directory());
        const StreamSum sent = publish_stream(*aeron, channel, kStream, 100 * kGigabyte);
        EXPECT_LT(sent.bytes, 100 * kGigabyte);
        EXPECT_THAT(await_line(*receiver, "RECEIVED"), HasSubstr("ENOUGH"));
        expect_exit(*receiver, 0);
    }
    // The other way round, across drivers.
    const std::string channel = udp("|term-length=1m");
    const auto aeron = connect(tern_->directory());
    auto subscription = aeron->add_subscription(channel, kStream);
    auto sender =
        start_java_peer("publish", java.aeron_directory(), channel, kStream, 100 * kGigabyte);
    await_line(*sender, "CONNECTED");
    subscription.reset();
    await_line(*sender, "DISCONNECTED");
    expect_exit(*sender, 0);
}

/// The channel with a session of its own: what an earlier publisher left lingering at its driver
/// is still a stream that a new subscriber may meet.
std::string with_session(const std::string& channel, int session_id) {
    return channel + "|session-id=" + std::to_string(session_id);
}

TEST_P(Streams, TheSubscribersDriverRestartsInTheMiddle) {
    JavaDriver java(platform_, {"aeron.publication.connection.timeout=1s"});
    const std::string base = udp("|term-length=1m");
    for (int restart = 0; restart < 2; ++restart) {
        const std::string channel = with_session(base, restart);
        auto receiver = start_java_peer("subscribe", tern_->directory(), channel, kStream, 0);
        await_line(*receiver, "READY");
        auto sender =
            start_java_peer("publish", java.aeron_directory(), channel, kStream, 100 * kGigabyte);
        await_line(*sender, "CONNECTED");
        await_line(*receiver, "CONNECTED");
        receiver->kill();
        tern_->stop();
        await_line(*sender, "DISCONNECTED");
        expect_exit(*sender, 0);
        tern_->start();
    }
    java_to_tern(java.aeron_directory(), tern_->directory(), with_session(base, 2), 20 * kMegabyte);
}

TEST_P(Streams, ThePublishersDriverRestartsInTheMiddle) {
    JavaDriver java(platform_, {"aeron.image.liveness.timeout=1s"});
    const std::string base = udp("|term-length=1m");
    for (int restart = 0; restart < 2; ++restart) {
        const std::string channel = with_session(base, restart);
        auto receiver = start_java_peer("subscribe", java.aeron_directory(), channel, kStream, 0);
        await_line(*receiver, "READY");
        auto sender =
            start_java_peer("publish", tern_->directory(), channel, kStream, 100 * kGigabyte);
        await_line(*receiver, "CONNECTED");
        sender->kill();
        tern_->stop();
        await_line(*receiver, "image closed before the end of the stream");
        expect_exit(*receiver, 1);
        tern_->start();
    }
    tern_to_java(tern_->directory(), java.aeron_directory(), with_session(base, 2), 20 * kMegabyte);
}

INSTANTIATE_TEST_SUITE_P(Driver, Streams, ::testing::Values("SHARED", "DEDICATED"),
                         [](const auto& threading) { return threading.param; });

}  // namespace
}  // namespace tern::interop
