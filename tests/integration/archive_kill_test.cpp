// An archive that is killed, or whose machine loses power, at any moment under load: it starts
// again, every recording is a prefix of what was sent, and holds all that was acknowledged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/archive_world.hpp"

namespace tern::testing_support {
namespace {

/// A recording as its publisher saw it.
struct Sent {
    std::int64_t id = -1;
    std::int64_t acknowledged = 0;  ///< position that the archive said was recorded
    int messages = 0;
    std::int32_t initial_term_id = 0;
};

class KilledArchive : public ArchiveWorld, public ::testing::WithParamInterface<int> {
  protected:
    KilledArchive() : ArchiveWorld(static_cast<std::uint64_t>(GetParam())) {}

    static void TearDownTestSuite() {
        EXPECT_GT(acknowledged_in_all_, 100 * kTermLength) << "the load was none";
    }

    /// Publishes to `live` for a while drawn from the seed, and keeps asking for its position.
    void load(Live& live, Sent& sent) {
        auto& async = archive_client().async();
        std::int64_t request = async.get_recording_position(live.id);
        const auto rounds = world_.prng().between({1, 400});
        for (std::int64_t round = 0; round < rounds; ++round) {
            while (live.publication->offer(stream_message(sent.messages)) > 0) ++sent.messages;
            step();
            if (const auto outcome = async.take_outcome(request)) {
                if (outcome->ok() && outcome->relevant_id > 0) {
                    sent.acknowledged = outcome->relevant_id;
                }
                request = async.get_recording_position(live.id);
            }
        }
    }

    /// Replays what is there; the stop position says how much that is.
    void check(const Sent& sent) {
        const auto stop = archive_client().get_stop_position(sent.id);
        ASSERT_GE(stop, sent.acknowledged) << "acknowledged is lost";
        acknowledged_in_all_ += sent.acknowledged;
        if (stop == 0) return;
        auto subscription =
            subscribe_replay(archive_client().start_replay(sent.id, "aeron:ipc", kReplayStream));
        StreamCheck content;
        client::FragmentAssembler<> assembler(
            [&](ConstBytes message, const client::Header&) { content(message); });
        std::int64_t position = 0;
        await(
            [&] {
                subscription->poll(assembler, 100);
                const auto image = subscription->image_at(0);
                if (image) position = image->position();
                return position == stop || HasFailure();
            },
            fmt::format("the replay up to {}", stop));
        EXPECT_LE(content.next, sent.messages);
        EXPECT_THAT(client_errors_, testing::IsEmpty());
    }

    static inline std::int64_t acknowledged_in_all_ = 0;

    void fail_power() {
        archive_process_->kill();
        world_.scheduler().remove(*archive_agent_);
        host_.crash();
        archive_.reset();
    }

    void restart_archive(bool driver_died) {
        if (driver_died) {
            kill_client(*current_);
            driver_process_->kill();
            world_.scheduler().remove(*driver_agent_);
            remove_clients();
            driver_.reset();
            start_driver();
        } else {
            auto& client = *current_;
            client.archive->close();
        }
        // Its mark file looks alive for 10 s, its counters as long.
        pass(11 * kNanosPerSecond);
        start_archive();
        if (driver_died) add_client();
        connect(*current_);
    }
};

TEST_P(KilledArchive, KeepsAPrefixThatHoldsAllThatWasAcknowledged) {
    start_all();
    for (int round = 0; round < 3; ++round) {
        auto live = start_recording();
        Sent sent{.id = live.id, .initial_term_id = live.publication->initial_term_id()};
        load(live, sent);
        kill_archive();
        live.publication->close();
        restart_archive(false);
        check(sent);
        if (HasFailure()) return;
        // And the recording goes on where it ended.
        const Recorded recorded{sent.id, archive_client().get_stop_position(sent.id), 0,
                                sent.initial_term_id};
        if (recorded.stop > 0) extend(recorded, 0, 3);
    }
    EXPECT_EQ(archive_client().list_recordings(0, 100, [](const auto&) {}), 3);
}

TEST_P(KilledArchive, PowerFailureKeepsWhatWasSynced) {
    context_.file_sync_level = GetParam() % 2 + 1;
    context_.catalog_file_sync_level = 2;
    context_.record_checksum = archive::Checksum::crc32c;
    start_all();
    auto first = start_recording();
    Sent sent{.id = first.id, .initial_term_id = first.publication->initial_term_id()};
    load(first, sent);
    fail_power();
    first.publication.reset();
    restart_archive(true);
    check(sent);
}

/// The files that were removed come back, and are no part of the recording.
TEST_P(KilledArchive, PowerFailureKeepsATruncation) {
    context_.file_sync_level = context_.catalog_file_sync_level = 2;
    host_.disk().options().crash.lose_directory_changes_ppm = 1'000'000;
    start_all();
    const auto begun = record(3);
    ASSERT_GT(extend(begun, 3, 400), 3 * context_.segment_file_length);
    archive_client().truncate_recording(begun.id, begun.stop);
    await([&] { return has_signal(kSignalDelete, begun.id); }, "the truncation");
    archive_client().extend_recording(begun.id, "aeron:ipc", kStream,
                                      archive::SourceLocation::local);
    auto uri = wire::ChannelUri::parse("aeron:ipc");
    uri.put_initial_position(begun.stop, begun.initial_term_id, kTermLength);
    auto publication = aeron().add_exclusive_publication(uri.to_string(), kStream);
    await([&] { return publication->is_connected(); }, "the recorder again");
    offer(*publication, 3, 3);
    const auto stop = publication->position();
    await_recorded(begun.id, stop);
    fail_power();
    publication.reset();
    restart_archive(true);
    EXPECT_EQ(archive_client().get_stop_position(begun.id), stop);
    check({.id = begun.id, .acknowledged = stop, .messages = 6});
}

/// The disk fails while the next segment is made: its file is there, the recording ends before it.
TEST_P(KilledArchive, ATruncationTakesWhatAFailedWriteLeft) {
    context_.file_sync_level = context_.catalog_file_sync_level = 2;
    start_all();
    const auto segment = context_.segment_file_length;
    auto live = start_recording();
    offer(*live.publication, 0, 1);
    const Recorded first{live.id, live.publication->position(), live.publication->session_id(),
                         live.publication->initial_term_id()};
    host_.disk().fail_next(platform::sim::DiskOperation::sync,
                           fmt::format("/{}-{}.rec", live.id, 2 * segment), EIO);
    int sent = 1;
    const auto stop = [&] { return archive_client().get_stop_position(live.id); };
    while (stop() < 0) {
        while (live.publication->offer(stream_message(sent)) > 0) ++sent;
        step();
    }
    archive_client().stop_recording(live.subscription_id);
    live.publication->close();
    pass(11 * kNanosPerSecond);  // until it is nobody's image
    ASSERT_GT(stop(), segment);
    ASSERT_LT(stop(), 2 * segment);
    archive_client().truncate_recording(live.id, first.stop);
    await([&] { return has_signal(kSignalDelete, live.id); }, "the truncation");
    EXPECT_GT(extend(first, 1, sent), 2 * segment);
    EXPECT_THAT(archive_errors(), testing::ElementsAre(testing::HasSubstr("Input/output error")));
}

INSTANTIATE_TEST_SUITE_P(Seeds, KilledArchive, testing::Range(1, 31));

}  // namespace
}  // namespace tern::testing_support
