// Our archive: with upstream's client, with upstream's tool, and its files in upstream's hands.

#include "archive_interop.hpp"

namespace tern::interop {
namespace {

using archive::ArchiveThreadingMode;

class TernArchive : public ArchiveFixture, public ::testing::WithParamInterface<ArchiveSetup> {
  protected:
    void SetUp() override { start(GetParam()); }
};

/// Upstream's client records, replays live, bounded and stopped, extends, truncates and purges; its
/// session ends by its own request (pain 1784).
TEST_P(TernArchive, ServesUpstreamsClient) {
    ASSERT_NE(std::getenv("TERN_JAVA_CLASSES"), nullptr) << "run ./dev test interop";
    std::vector<std::string> arguments{"-Daeron.dir=" + aeron_directory_};
    if (GetParam().udp_control) {
        arguments.push_back("-Dtern.control.request=" + control_channel_);
        arguments.push_back("-Dtern.control.response=aeron:udp?endpoint=localhost:0");
        arguments.push_back("-Dtern.replay.channel=aeron:udp?endpoint=" + free_endpoint(platform_));
    }
    arguments.push_back("ArchiveRoundTrip");
    int code = -1;
    const auto text = run_java(arguments, code);
    EXPECT_EQ(code, 0) << text;
    EXPECT_THAT(text, testing::HasSubstr("OK"));
    expect_proper_ends(1);
}

/// Pain 1688: stopped and started at once, on the same directory and the same driver.
TEST_P(TernArchive, pain_1688_RestartsAtOnceAndKeepsWhatItHas) {
    const auto recorded = record(100);
    client_->close();
    archive_->close();
    expect_proper_ends(1);
    archive_.reset();
    client_.reset();
    launch_archive();
    client_ = connect();
    replay(recorded.id, 100);
}

/// A live recording that its archive closes under: the catalog says where it ended.
TEST_P(TernArchive, ClosingStopsLiveRecordings) {
    const auto live = start_recording();
    offer(*live.publication, 0, 10);
    const auto position = live.publication->position();
    await_recorded(live.id, position);
    client_->close();
    archive_->close();
    archive_.reset();
    client_.reset();
    launch_archive();
    client_ = connect();
    EXPECT_EQ(client_->get_stop_position(live.id), position);
}

TEST_P(TernArchive, UpstreamsToolAcceptsWhatWeWrote) {
    const auto recorded = record(100);
    client_->close();
    archive_->close();
    const auto ok = fmt::format("(recordingId={}) OK", recorded.id);
    EXPECT_THAT(run_tool({"verify", "-a"}), testing::HasSubstr(ok));
    EXPECT_THAT(run_tool({"count-entries"}), testing::HasSubstr("1"));
    const auto description = run_tool({"describe"});
    EXPECT_THAT(description, testing::HasSubstr(fmt::format("stopPosition={}", recorded.stop)));
    EXPECT_THAT(description, testing::HasSubstr("archiveId=77"));
    EXPECT_THAT(run_tool({"dump", "1000000"}), testing::HasSubstr("Frame at position [0]"));
}

constexpr ArchiveSetup kSetups[] = {
    {Stack::tern, ArchiveThreadingMode::shared, false},
    {Stack::tern, ArchiveThreadingMode::dedicated, true},
    {Stack::tern_archive_on_java_driver, ArchiveThreadingMode::dedicated, false},
    {Stack::tern_archive_on_java_driver, ArchiveThreadingMode::shared, true},
};
INSTANTIATE_TEST_SUITE_P(Setups, TernArchive, testing::ValuesIn(kSetups),
                         [](const auto& setup) { return name_of(setup.param); });

/// One archive directory, from upstream's hands into ours and back.
class ArchiveDirectory : public ArchiveFixture {
  protected:
    void start_java() {
        java_ = std::make_unique<JavaArchive>(platform_, archive_directory());
        aeron_directory_ = java_->aeron_directory();
        connect_both();
    }
    void start_tern() {
        control_channel_ = "aeron:udp?endpoint=" + free_endpoint(platform_);
        launch_driver();
        launch_archive();
        connect_both();
    }
    void connect_both() {
        client::Context context;
        context.aeron_directory = aeron_directory_;
        aeron_ = client::Aeron::connect(context, platform_);
        client_ = connect();
    }
    void stop_java() {
        client_.reset();
        aeron_.reset();
        (void)java_->stop();
        java_.reset();
    }
    std::unique_ptr<JavaArchive> java_;
};

TEST_F(ArchiveDirectory, GoesFromUpstreamToUsAndBack) {
    start_java();
    auto recorded = record(150);
    const auto other = record(40);
    stop_java();

    start_tern();
    EXPECT_EQ(client_->list_recordings(0, 100, [](const auto&) {}), 2);
    EXPECT_EQ(client_->get_stop_position(recorded.id), recorded.stop);
    replay(recorded.id, 150);
    replay(other.id, 40);
    recorded.stop = extend(recorded, 150, 100);
    const auto ours = record(60);
    replay(recorded.id, 250);
    client_->close();
    expect_proper_ends(1);
    stop();
    EXPECT_THAT(run_tool({"verify", "-a"}),
                testing::AllOf(testing::HasSubstr(fmt::format("(recordingId={}) OK", recorded.id)),
                               testing::HasSubstr(fmt::format("(recordingId={}) OK", other.id)),
                               testing::HasSubstr(fmt::format("(recordingId={}) OK", ours.id))));

    start_java();
    EXPECT_EQ(client_->get_stop_position(recorded.id), recorded.stop);
    replay(recorded.id, 250);
    replay(other.id, 40);
    replay(ours.id, 60);
    recorded.stop = extend(recorded, 250, 10);
    replay(recorded.id, 260);
    stop_java();
}

}  // namespace
}  // namespace tern::interop
