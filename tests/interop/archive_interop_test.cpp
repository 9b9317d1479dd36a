// Our archive and our archive client with upstream's driver, archive, client and tool.

#include "archive_interop.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::interop {
namespace {

using archive::ArchiveThreadingMode;

/// Our client on our archive and on upstream's.
class ArchiveClientInterop : public ArchiveFixture,
                             public ::testing::WithParamInterface<ArchiveSetup> {
  protected:
    void SetUp() override { start(GetParam()); }
};

constexpr ArchiveSetup kSetups[] = {
    {Stack::tern, ArchiveThreadingMode::shared, false},
    {Stack::tern, ArchiveThreadingMode::shared, true},
    {Stack::tern, ArchiveThreadingMode::dedicated, false},
    {Stack::tern, ArchiveThreadingMode::dedicated, true},
    {Stack::tern_archive_on_java_driver, ArchiveThreadingMode::shared, false},
    {Stack::tern_archive_on_java_driver, ArchiveThreadingMode::dedicated, true},
    {Stack::java, ArchiveThreadingMode::shared, false},
    {Stack::java, ArchiveThreadingMode::shared, true},
};

TEST_P(ArchiveClientInterop, RecordsListsFindsAndReplays) {
    const auto recorded = record(200);
    EXPECT_EQ(client_->get_start_position(recorded.id), 0);
    EXPECT_EQ(client_->get_max_recorded_position(recorded.id), recorded.stop);
    EXPECT_EQ(client_->get_recording_position(recorded.id), -1);
    const auto descriptor = client_->list_recording(recorded.id);
    ASSERT_TRUE(descriptor);
    EXPECT_EQ(descriptor->stream_id, kStream);
    EXPECT_EQ(descriptor->session_id, recorded.session_id);
    EXPECT_EQ(descriptor->stop_position, recorded.stop);
    EXPECT_EQ(descriptor->source_identity, "aeron:ipc");
    EXPECT_FALSE(client_->list_recording(recorded.id + 1000));
    std::vector<std::int64_t> ids;
    const auto collect = [&](const archive::RecordingDescriptor& d) {
        ids.push_back(d.recording_id);
    };
    EXPECT_EQ(client_->list_recordings(recorded.id, 1000, collect), 1);
    EXPECT_EQ(client_->list_recordings_for_uri(recorded.id, 10, "ipc", kStream, collect), 1);
    EXPECT_EQ(client_->list_recordings_for_uri(0, 10, "ipc", kStream + 1, collect), 0);
    EXPECT_THAT(ids, testing::ElementsAre(recorded.id, recorded.id));
    EXPECT_EQ(client_->find_last_matching_recording(0, "ipc", kStream, recorded.session_id + 1),
              -1);
    replay(recorded.id, 200);
    await(
        [&] {
            return has_signal(testing_support::kSignalStart, recorded.id) &&
                   has_signal(testing_support::kSignalStop, recorded.id);
        },
        "the signals");
}

TEST_P(ArchiveClientInterop, ReplaysWhileItRecordsAndUpToABound) {
    auto [publication, subscription, id] = start_recording(true);
    offer(*publication, 0, 20);
    await_recorded(id, publication->position());
    const auto half = publication->position();
    auto bound = aeron_->add_counter(10'001, {}, "bound");
    bound->set(half);

    auto live = subscribe_replay(client_->start_replay(id, "aeron:ipc", kReplayStream,
                                                       {.position = 0, .length = INT64_MAX}));
    auto bounded = subscribe_replay(client_->start_replay(
        id, "aeron:ipc", kReplayStream,
        {.position = 0, .length = INT64_MAX, .bounding_counter_id = bound->id()}));
    testing_support::StreamCheck live_check;
    testing_support::StreamCheck bounded_check;
    offer(*publication, 20, 20);
    expect_messages(*live, live_check, 40);
    expect_messages(*bounded, bounded_check, 20);
    bounded->poll([&](ConstBytes, const client::Header&) { ADD_FAILURE() << "beyond the bound"; },
                  10);
    bound->set(publication->position());
    expect_messages(*bounded, bounded_check, 40);
    const auto stop = publication->position();
    publication.reset();
    await([&, id = id] { return client_->get_stop_position(id) == stop; },
          "the recording to end by itself");
    await([&] { return live->has_no_images() || live->image_at(0)->is_end_of_stream(); },
          "the live replay to end with its recording");
}

TEST_P(ArchiveClientInterop, ExtendsTruncatesAndPurges) {
    auto recorded = record(100);
    const auto middle = recorded.stop;
    recorded.stop = extend(recorded, 100, 100);
    replay(recorded.id, 200);
    EXPECT_THROW(client_->truncate_recording(recorded.id, middle + 32 * 1024 + 1),
                 archive::ArchiveError)
        << "not at a frame";
    EXPECT_EQ(client_->get_stop_position(recorded.id), recorded.stop)
        << "a refused truncation changes nothing";
    client_->stop_all_replays(recorded.id);
    client_->truncate_recording(recorded.id, middle);
    EXPECT_EQ(client_->get_stop_position(recorded.id), middle);
    replay(recorded.id, 100);
    client_->stop_all_replays(recorded.id);
    purge(recorded.id);
    EXPECT_FALSE(client_->list_recording(recorded.id));
}

TEST_P(ArchiveClientInterop, GivesErrorsWithTheirCodes) {
    try {
        client_->start_replay(12345, "aeron:ipc", kReplayStream);
        FAIL() << "replayed what is not there";
    } catch (const archive::ArchiveError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("unknown recording id: 12345"));
        EXPECT_EQ(error.code(), 5);
    }
    EXPECT_THROW(client_->start_recording("aeron:junk", kStream, archive::SourceLocation::local),
                 archive::ArchiveError);
    EXPECT_THROW(client_->stop_recording_by_identity(98765), archive::ArchiveError);
}

TEST_P(ArchiveClientInterop, ClosesItsSessionByItsOwnRequest) {
    const auto sessions = [&] {
        const auto& counters = aeron_->counters_reader();
        std::int64_t count = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == memory::counter_type::kArchiveControlSessions) {
                count = counters.value(id);
            }
        });
        return count;
    };
    await([&] { return sessions() == 1; }, "one session");
    client_->close();
    EXPECT_TRUE(client_->async().is_closed());
    client_->close();  // harmless
    EXPECT_THROW(client_->get_start_position(0), Error);
    await([&] { return sessions() == 0; }, "the session's end");
    if (archive_) expect_proper_ends(1);
}

TEST_P(ArchiveClientInterop, TellsWhatItWaitedForWhenThereIsNoArchive) {
    archive::ArchiveClientContext context;
    context.control_request_stream_id = 4711;
    context.message_timeout_ns = 200 * kNanosPerMilli;
    try {
        (void)archive::ArchiveClient::connect(context, *aeron_, platform_);
        FAIL() << "connected to nothing";
    } catch (const TimeoutError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("AWAIT_PUBLICATION_CONNECTED"));
    }
}

INSTANTIATE_TEST_SUITE_P(Clients, ArchiveClientInterop, testing::ValuesIn(kSetups),
                         [](const auto& setup) { return name_of(setup.param); });

}  // namespace
}  // namespace tern::interop
