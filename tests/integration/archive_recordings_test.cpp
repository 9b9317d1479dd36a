// Recordings and replays of the archive, in virtual time: limits, independence, patience, damage.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tern/archive/segment_file.hpp"
#include "tests/support/archive_world.hpp"

namespace tern::testing_support {
namespace {

using testing::HasSubstr;

class ArchiveRecordings : public ArchiveWorld {
  protected:
    template <typename Request>
    std::int32_t error_code(Request&& request) {
        try {
            request();
        } catch (const archive::ArchiveError& error) {
            return error.code();
        }
        return -1;
    }
};

TEST_F(ArchiveRecordings, SubscriptionsAreListedWhileTheyRecord) {
    auto& client = start_all();
    const auto live = start_recording();
    const auto list = [&](std::int32_t stream_id) {
        std::vector<archive::SubscriptionDescriptor> seen;
        client.archive->await(client.archive->async().list_recording_subscriptions(
            0, 10, "ipc", stream_id, true, [&](const auto& d) { seen.push_back(d); }));
        return seen;
    };
    const auto seen = list(kStream);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].subscription_id, live.subscription_id);
    EXPECT_EQ(seen[0].stream_id, kStream);
    EXPECT_TRUE(list(kStream + 1).empty());
    EXPECT_TRUE(client.archive->stop_recording_by_identity(live.id));
    await([&] { return list(kStream).empty(); }, "the subscription to go");
    EXPECT_FALSE(client.archive->stop_recording_by_identity(live.id)) << "not recorded any more";
}

/// It waits for a segment file that was taken away.
TEST_F(ArchiveRecordings, AReplayThatIsStoppedBeforeItStartedIsAnswered) {
    start_all();
    const auto recorded = record(20);
    auto& vandal = host_.start("vandal");
    ASSERT_TRUE(vandal.platform().storage.remove(
        platform::join_path(kArchiveDirectory, archive::segment_file_name(recorded.id, 0))));
    auto& async = archive_client().async();
    const auto replay = async.start_replay(recorded.id, "aeron:ipc", kReplayStream, {});
    pass(kNanosPerSecond);
    EXPECT_FALSE(async.take_outcome(replay));
    archive_client().stop_all_replays(recorded.id);
    std::optional<archive::Outcome> outcome;
    await([&] { return (outcome = async.take_outcome(replay)).has_value(); }, "an answer",
          kNanosPerSecond);
    EXPECT_THAT(outcome->message, HasSubstr("replay was stopped before it started"));
    EXPECT_TRUE(archive_errors().empty());
}

TEST_F(ArchiveRecordings, LimitsAreToldWithTheirCodes) {
    context_.max_concurrent_recordings = 1;
    context_.max_concurrent_replays = 1;
    start_all();
    const auto recorded = record(3);
    const auto live = start_recording();
    EXPECT_EQ(error_code([&] {
                  archive_client().start_recording("aeron:ipc", kStream + 1,
                                                   archive::SourceLocation::local);
              }),
              8);
    EXPECT_EQ(error_code([&] {
                  archive_client().extend_recording(recorded.id, "aeron:ipc", kStream,
                                                    archive::SourceLocation::local);
              }),
              8);
    archive_client().start_replay(recorded.id, "aeron:ipc", kReplayStream);
    EXPECT_EQ(error_code([&] {
                  archive_client().start_replay(recorded.id, "aeron:ipc", kReplayStream + 1);
              }),
              7);
}

/// Pain 1719: two recordings of one channel, with different streams, extended at once.
TEST_F(ArchiveRecordings, pain_1719_ExtendingTwoStreamsOfOneChannel) {
    start_all();
    struct Stream {
        std::int32_t stream_id;
        int first;
        std::unique_ptr<client::ExclusivePublication> publication;
        std::int64_t id = -1;
        std::int64_t stop = -1;
    };
    std::array<Stream, 2> streams{Stream{2001, 0, nullptr}, Stream{2002, 100, nullptr}};
    for (auto& s : streams) {
        archive_client().start_recording("aeron:ipc", s.stream_id, archive::SourceLocation::local);
        s.publication = aeron().add_exclusive_publication("aeron:ipc", s.stream_id);
    }
    for (auto& s : streams) {
        await([&] { return s.publication->is_connected(); }, "the recorder");
        offer(*s.publication, s.first, 10);
        await(
            [&] {
                s.id = archive_client().find_last_matching_recording(0, "ipc", s.stream_id,
                                                                     s.publication->session_id());
                return s.id >= 0;
            },
            "the recording");
        await_recorded(s.id, s.publication->position());
        s.stop = s.publication->position();
    }
    for (auto& s : streams) archive_client().stop_recording("aeron:ipc", s.stream_id);
    for (auto& s : streams) {
        auto uri = wire::ChannelUri::parse("aeron:ipc");
        uri.put_initial_position(s.stop, s.publication->initial_term_id(), kTermLength);
        s.publication.reset();
        await([&] { return archive_client().get_stop_position(s.id) == s.stop; }, "the stop");
        archive_client().extend_recording(s.id, "aeron:ipc", s.stream_id,
                                          archive::SourceLocation::local);
        s.publication = aeron().add_exclusive_publication(uri.to_string(), s.stream_id);
    }
    for (auto& s : streams) {
        await([&] { return s.publication->is_connected(); }, "the recorder again");
        offer(*s.publication, s.first + 10, 10);
        await_recorded(s.id, s.publication->position());
    }
    for (auto& s : streams) {
        auto replayed = subscribe_replay(
            archive_client().start_replay(s.id, "aeron:ipc", kReplayStream,
                                          {.position = 0, .length = s.publication->position()}));
        StreamCheck check{s.first};
        expect_messages(*replayed, check, s.first + 20);
    }
}

/// Whoever is told that a recording is extended is not told its old stop position afterwards.
TEST_F(ArchiveRecordings, AnExtensionIsLiveOnceTheCatalogSaysSo) {
    start_all();
    const auto recorded = record(5);
    archive_client().extend_recording(recorded.id, "aeron:ipc", kStream,
                                      archive::SourceLocation::local);
    auto uri = wire::ChannelUri::parse("aeron:ipc");
    uri.put_initial_position(recorded.stop, recorded.initial_term_id, kTermLength);
    const auto publication = aeron().async_add_exclusive_publication(uri.to_string(), kStream);
    struct Questions {
        std::int64_t position;
        std::int64_t stop;
    };
    auto& archive = archive_client().async();
    std::vector<Questions> asked;
    const auto answer = [&](std::int64_t question) {
        std::optional<archive::Outcome> outcome;
        await([&] { return (outcome = archive.take_outcome(question)).has_value(); }, "an answer");
        return outcome->relevant_id;
    };
    for (int i = 0; i < 100; ++i) {
        const auto position = archive.get_recording_position(recorded.id);
        asked.push_back({position, archive.get_stop_position(recorded.id)});
        step();
    }
    std::int64_t position = -1;
    for (const auto& questions : asked) {
        position = answer(questions.position);
        const auto stop = answer(questions.stop);
        EXPECT_TRUE(position < 0 || stop < 0) << position << " and " << stop;
    }
    EXPECT_EQ(position, recorded.stop);
    EXPECT_NE(aeron().find_exclusive_publication(publication), nullptr);
}

/// The bound is within a frame, and moves.
TEST_F(ArchiveRecordings, ABoundThatMovesOnTakesItsReplayToTheEnd) {
    start_all();
    const auto recorded = record(20);
    for (const std::int64_t within : {1, 31, 100}) {
        auto bound = aeron().add_counter(1001, {}, "bound");
        bound->set(within);
        auto subscription = subscribe_replay(archive_client().start_replay(
            recorded.id, "aeron:ipc", kReplayStream, {.bounding_counter_id = bound->id()}));
        StreamCheck check;
        client::FragmentAssembler<> assembler(
            [&](ConstBytes message, const client::Header&) { check(message); });
        await([&] { return subscription->is_connected(); }, "the replay");
        bound->set(recorded.stop / 2 + within);
        await(
            [&] {
                subscription->poll(assembler, 10);
                return check.next > 5;
            },
            "the first half");
        bound->set(recorded.stop + within);
        await(
            [&] {
                subscription->poll(assembler, 10);
                return check.next == 20 || HasFailure();
            },
            "the rest");
    }
}

/// A consumer that takes a fragment every half minute slows its replay, and never loses it
/// (gsrxyz/rusteron 8).
TEST_F(ArchiveRecordings, ASlowConsumerSlowsAReplayAndNeverAbortsIt) {
    start_all();
    const auto recorded = record(60);
    auto subscription =
        subscribe_replay(archive_client().start_replay(recorded.id, "aeron:ipc", kReplayStream));
    StreamCheck check;
    client::FragmentAssembler<> assembler(
        [&](ConstBytes message, const client::Header&) { check(message); });
    await([&] { return subscription->is_connected(); }, "the replay");
    for (int i = 0; i < 20; ++i) {
        pass(30 * kNanosPerSecond);
        subscription->poll(assembler, 1);
        ASSERT_TRUE(subscription->is_connected());
    }
    await(
        [&] {
            subscription->poll(assembler, 10);
            return check.next == 60 || HasFailure();
        },
        "the rest");
}

/// Pain 1900: a segment that was lost ends the replay, and the client is told.
TEST_F(ArchiveRecordings, pain_1900_ALostSegmentEndsTheReplayWithAnError) {
    start_driver();
    start_archive();
    auto& client = add_client();
    std::vector<std::string> told;
    auto context = client_context();
    context.error_handler = [&](const std::exception& error) { told.emplace_back(error.what()); };
    connect(client, context);
    const auto recorded = record(200);
    ASSERT_GT(recorded.stop, 2 * context_.segment_file_length);
    auto& vandal = host_.start("vandal");
    ASSERT_TRUE(vandal.platform().storage.remove(platform::join_path(
        kArchiveDirectory, archive::segment_file_name(recorded.id, context_.segment_file_length))));
    auto subscription =
        subscribe_replay(archive_client().start_replay(recorded.id, "aeron:ipc", kReplayStream));
    int messages = 0;
    await([&] { return subscription->is_connected(); }, "the replay");
    await(
        [&] {
            subscription->poll([&](ConstBytes, const client::Header&) { ++messages; }, 10);
            return !subscription->is_connected();
        },
        "the replay's end");
    EXPECT_GT(messages, 0);
    await([&] { return !told.empty(); }, "the client to be told");
    EXPECT_THAT(told.front(), HasSubstr("recording segment not found"));
    const auto errors = archive_errors();
    pass(10 * kNanosPerSecond);
    EXPECT_EQ(archive_errors(), errors) << "told once, not every cycle";
}

/// A full disk stops the recording, with an error; the archive goes on.
TEST_F(ArchiveRecordings, AFailedWriteEndsItsRecordingOnly) {
    start_all();
    context_.low_storage_space_threshold = 0;
    const auto live = start_recording();
    offer(*live.publication, 0, 5);
    await_recorded(live.id, live.publication->position());
    const auto before = live.publication->position();
    host_.disk().fail_next(platform::sim::DiskOperation::write, ".rec", 28);  // ENOSPC
    (void)live.publication->offer(stream_message(5));
    await([&] { return has_signal(kSignalStop, live.id); }, "the stop signal");
    EXPECT_EQ(archive_client().get_stop_position(live.id), before);
    replay(live.id, 5);
    const auto next = record(20);
    replay(next.id, 20);
}

/// It would be live for ever, as nobody records it.
TEST_F(ArchiveRecordings, ARecordingThatCannotBeWrittenDownIsNone) {
    context_.catalog_file_sync_level = 2;
    start_all();
    std::vector<std::string> told;
    auto context = client_context();
    context.error_handler = [&](const std::exception& error) { told.emplace_back(error.what()); };
    connect(*current_, std::move(context));
    host_.disk().fail_next(platform::sim::DiskOperation::sync, "archive.catalog", EIO);
    auto publication = aeron().add_exclusive_publication("aeron:ipc", kStream);
    const auto subscription =
        archive_client().start_recording("aeron:ipc", kStream, archive::SourceLocation::local);
    await([&] { return !told.empty(); }, "the client to be told");
    EXPECT_THAT(told.front(), HasSubstr("Input/output error"));
    EXPECT_EQ(archive_client().list_recordings(0, 10, [](const auto&) {}), 0);
    archive_client().stop_recording(subscription);
    publication.reset();
    pass(11 * kNanosPerSecond);
    const auto next = record(20);
    replay(next.id, 20);
}

}  // namespace
}  // namespace tern::testing_support
