#pragma once
// What tests do with an archive, whichever it is and whatever drives it: record, extend, replay
// and compare. A fixture derives from it and says how time passes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/client/archive_client.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/client/fragment_assembler.hpp"
#include "tern/wire/channel_uri.hpp"
#include "tests/support/test_stream.hpp"

namespace tern::testing_support {

inline constexpr std::int32_t kStream = 1001;
inline constexpr std::int32_t kReplayStream = 1002;
inline constexpr std::int32_t kTermLength = 64 * 1024;

/// RecordingSignal codes.
inline constexpr int kSignalStart = 0;
inline constexpr int kSignalStop = 1;
inline constexpr int kSignalExtend = 2;
inline constexpr int kSignalDelete = 6;

struct Recorded {
    std::int64_t id = -1;
    std::int64_t stop = -1;
    std::int32_t session_id = 0;
    std::int32_t initial_term_id = 0;
};

class RecordingSteps {
  public:
    virtual ~RecordingSteps() = default;

  protected:
    virtual client::Aeron& aeron() = 0;
    virtual archive::ArchiveClient& archive_client() = 0;
    /// Lets everything go on for a moment.
    virtual void step() = 0;
    [[nodiscard]] virtual std::int64_t now_ns() const = 0;
    /// For the message of a wait that was in vain.
    [[nodiscard]] virtual std::string state() const { return {}; }

    template <typename Condition>
    void await(Condition&& condition, const std::string& what,
               std::int64_t patience_ns = 30 * kNanosPerSecond) {
        const std::int64_t deadline = now_ns() + patience_ns;
        while (!condition()) {
            if (now_ns() > deadline) {
                throw TimeoutError(fmt::format("waited for {}; {}", what, state()));
            }
            step();
        }
    }

    /// Messages [first, first + count) of the stream.
    template <typename Publication>
    void offer(Publication& publication, int first, int count) {
        for (int i = first; i < first + count; ++i) {
            const auto message = stream_message(i);
            await([&] { return publication.offer(message) > 0; }, fmt::format("offer {}", i));
        }
    }

    std::int64_t find(const client::ExclusivePublication& publication) {
        std::int64_t id = -1;
        await(
            [&] {
                id = archive_client().find_last_matching_recording(0, "aeron:ipc", kStream,
                                                                   publication.session_id());
                return id >= 0;
            },
            "the recording");
        return id;
    }

    void await_recorded(std::int64_t id, std::int64_t position) {
        await([&] { return archive_client().get_recording_position(id) == position; },
              fmt::format("position {} to be recorded", position));
    }

    /// A publication of the stream that is being recorded, and the recording's id.
    struct Live {
        std::unique_ptr<client::ExclusivePublication> publication;
        std::int64_t subscription_id = -1;
        std::int64_t id = -1;
    };
    Live start_recording(bool auto_stop = false) {
        Live live;
        live.publication = aeron().add_exclusive_publication("aeron:ipc", kStream);
        live.subscription_id = archive_client().start_recording(
            wire::add_session_id("aeron:ipc", live.publication->session_id()), kStream,
            archive::SourceLocation::local, auto_stop);
        await([&] { return live.publication->is_connected(); }, "the recorder");
        live.id = find(*live.publication);
        return live;
    }

    /// Records the first `count` messages of the stream, and stops.
    Recorded record(int count) {
        const auto live = start_recording();
        offer(*live.publication, 0, count);
        const Recorded recorded{live.id, live.publication->position(),
                                live.publication->session_id(),
                                live.publication->initial_term_id()};
        await_recorded(recorded.id, recorded.stop);
        archive_client().stop_recording(live.subscription_id);
        await([&] { return archive_client().get_stop_position(recorded.id) == recorded.stop; },
              "the stop position");
        return recorded;
    }

    /// Continues the stream of a stopped recording; returns its new stop position.
    std::int64_t extend(const Recorded& recorded, int first, int count) {
        const auto subscription = archive_client().extend_recording(
            recorded.id, "aeron:ipc", kStream, archive::SourceLocation::local);
        auto uri = wire::ChannelUri::parse("aeron:ipc");
        uri.put_initial_position(recorded.stop, recorded.initial_term_id, kTermLength);
        std::int64_t stop = -1;
        {
            auto publication = aeron().add_exclusive_publication(uri.to_string(), kStream);
            await([&] { return publication->is_connected(); }, "the recorder again");
            offer(*publication, first, count);
            stop = publication->position();
            await_recorded(recorded.id, stop);
        }
        await([&] { return archive_client().get_stop_position(recorded.id) == stop; },
              "the new stop position");
        archive_client().stop_recording(subscription);
        return stop;
    }

    std::unique_ptr<client::Subscription> subscribe_replay(std::int64_t replay_session_id) {
        return aeron().add_subscription(
            wire::add_session_id("aeron:ipc", static_cast<std::int32_t>(replay_session_id)),
            kReplayStream);
    }

    /// Polls until the check has seen `count` messages.
    void expect_messages(client::Subscription& subscription, StreamCheck& check, int count) {
        client::FragmentAssembler<> assembler(
            [&](ConstBytes message, const client::Header&) { check(message); });
        await(
            [&] {
                subscription.poll(assembler, 10);
                return check.next >= count || ::testing::Test::HasFailure();
            },
            fmt::format("{} messages of a replay", count));
        EXPECT_EQ(check.next, count);
    }

    /// All of a recording, byte by byte, and its end at the archive, too.
    void replay(std::int64_t id, int count) {
        auto subscription =
            subscribe_replay(archive_client().start_replay(id, "aeron:ipc", kReplayStream));
        StreamCheck check;
        expect_messages(*subscription, check, count);
        await(
            [&] {
                const auto image = subscription->image_at(0);
                return !image || image->is_end_of_stream();
            },
            "the replay's end");
    }

    /// Once replays that were just stopped have left the recording.
    void purge(std::int64_t id) {
        await(
            [&] {
                try {
                    return archive_client().purge_recording(id) >= 0;
                } catch (const archive::ArchiveError&) {
                    return false;
                }
            },
            "the purge");
    }

    void on_signal(const archive::RecordingSignal& signal) { signals_.push_back(signal); }
    [[nodiscard]] bool has_signal(int signal, std::int64_t recording_id) const {
        return std::ranges::any_of(signals_, [&](const archive::RecordingSignal& s) {
            return s.signal == signal && s.recording_id == recording_id;
        });
    }

  private:
    std::vector<archive::RecordingSignal> signals_;
};

}  // namespace tern::testing_support
