// Garbage on the control stream of an archive: each message is answered with an error or counted
// and dropped; logs stay bounded; other clients and their recordings notice nothing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tern/archive/archive_counters.hpp"
#include "tern/archive/control_sessions.hpp"
#include "tern/memory/counter_types.hpp"
#include "tests/support/archive_world.hpp"
#include "tests/support/raw_control.hpp"

namespace tern::testing_support {
namespace {

namespace msg = wire::archive;
using testing::HasSubstr;
using Message = std::vector<std::byte>;

/// No recording has this id, nor one that differs from it in a byte.
constexpr std::int64_t kNoRecording = 0x7777'7777'7777;

template <typename Request>
Message encoded(const Request& request) {
    Message bytes(wire::encoded_length(request));
    (void)wire::encode(Bytes(bytes), request);
    return bytes;
}

/// Well formed requests of one session, to be spoiled.
std::vector<Message> requests_of(std::int64_t session) {
    constexpr std::int64_t kCorrelation = 5;
    return {
        encoded(
            msg::KeepAliveRequest{.control_session_id = session, .correlation_id = kCorrelation}),
        encoded(
            msg::ArchiveIdRequest{.control_session_id = session, .correlation_id = kCorrelation}),
        encoded(msg::StartRecordingRequest2{.control_session_id = session,
                                            .correlation_id = kCorrelation,
                                            .stream_id = 5000,
                                            .source_location = msg::SourceLocation::local,
                                            .auto_stop = wire::BooleanType::no,
                                            .channel = "aeron:ipc?alias=garbage"}),
        encoded(msg::StopRecordingRequest{.control_session_id = session,
                                          .correlation_id = kCorrelation,
                                          .stream_id = 5000,
                                          .channel = "aeron:ipc?alias=garbage"}),
        encoded(msg::ReplayRequest{.control_session_id = session,
                                   .correlation_id = kCorrelation,
                                   .recording_id = kNoRecording,
                                   .position = 0,
                                   .length = 100,
                                   .replay_stream_id = 6000,
                                   .replay_channel = "aeron:ipc"}),
        encoded(msg::ListRecordingsForUriRequest{.control_session_id = session,
                                                 .correlation_id = kCorrelation,
                                                 .from_recording_id = 0,
                                                 .record_count = 10,
                                                 .stream_id = 5000,
                                                 .channel = "ipc"}),
        encoded(msg::TruncateRecordingRequest{.control_session_id = session,
                                              .correlation_id = kCorrelation,
                                              .recording_id = kNoRecording,
                                              .position = 0}),
        encoded(msg::PurgeRecordingRequest{.control_session_id = session,
                                           .correlation_id = kCorrelation,
                                           .recording_id = kNoRecording}),
    };
}

class ArchiveGarbage : public ArchiveWorld {
  protected:
    void SetUp() override {
        tester_ = &start_all();
        live_ = start_recording();
        vandal_ = &add_client();
        current_ = tester_;
        renew();
    }

    /// A new connection, with an active session.
    void renew() {
        control_.reset();
        control_.emplace(*vandal_->aeron, [this] { step(); });
        ++connects_;
        control_->connect(connects_);
        await(
            [&] {
                control_->poll();
                return control_->find(connects_) != nullptr;
            },
            "the vandal's session");
        session_ = control_->find(connects_)->relevant_id;
        control_->request(
            msg::KeepAliveRequest{.control_session_id = session_, .correlation_id = 1});
    }

    void send(ConstBytes message) {
        if (control_->requests().is_closed() || !control_->requests().is_connected()) renew();
        while (control_->requests().offer(message) <= 0) {
            if (control_->requests().is_closed()) return;
            control_->poll();
            step();
        }
        control_->poll();
        control_->answers.clear();
        if (++sent_ % 20 == 0) step();
    }

    /// All garbage has been looked at, and the archive does its work as if there had been none.
    void expect_unimpressed() {
        for (int i = 0; i < 2000; ++i) step();
        ASSERT_TRUE(archive_->is_running()) << archive_->failure();
        offer(*live_.publication, messages_, 20);
        messages_ += 20;
        await_recorded(live_.id, live_.publication->position());
        auto subscription = subscribe_replay(archive_client().start_replay(
            live_.id, "aeron:ipc", kReplayStream, {.position = 0, .length = INT64_MAX}));
        StreamCheck check;
        expect_messages(*subscription, check, messages_);
        EXPECT_TRUE(archive_client().list_recording(live_.id));
        EXPECT_TRUE(tester_->archive->async().is_connected());
        EXPECT_LE(archive_->event_log().events().size(), archive::EventLog::kMaxEvents);
        // What the archive rejects is an error of the publication at the driver, which says so.
        EXPECT_THAT(driver_errors_, testing::Each(HasSubstr("onPublicationError")));
    }
    std::int64_t errors() { return counter(memory::counter_type::kArchiveErrorCount); }

    Client* tester_ = nullptr;
    Client* vandal_ = nullptr;
    Live live_;
    std::optional<RawControl> control_;
    std::int64_t session_ = -1;
    std::int64_t connects_ = 1000;
    int sent_ = 0;
    int messages_ = 0;
};

TEST_F(ArchiveGarbage, TruncatedAtEveryLength) {
    for (const auto& request : requests_of(session_)) {
        for (std::size_t length = 0; length < request.size(); ++length) {
            send(ConstBytes(request).first(length));
        }
    }
    expect_unimpressed();
    EXPECT_GT(errors(), 100) << "each is counted";
    EXPECT_THAT(archive_errors(), testing::Contains(HasSubstr("is malformed")));
    EXPECT_LT(archive_errors().size(), 100U) << "each kind is logged once";
}

/// Header fields, block fields and lengths of texts, each byte set to extremes.
TEST_F(ArchiveGarbage, EveryByteExtreme) {
    for (const auto& request : requests_of(session_)) {
        for (std::size_t at = 0; at < request.size(); ++at) {
            for (const auto value :
                 {std::byte{0}, std::byte{0x7F}, std::byte{0x80}, std::byte{0xFF}}) {
                auto spoiled = request;
                spoiled[at] = value;
                send(spoiled);
            }
        }
    }
    expect_unimpressed();
}

TEST_F(ArchiveGarbage, WrongSchemaVersionTemplateAndBlockLength) {
    const auto request = requests_of(session_)[2];
    for (int value = 0; value <= 0xFFFF; value += value < 300 ? 1 : 997) {
        for (const std::size_t field :
             {0U, 2U, 4U, 6U}) {  // block length, template, schema, version
            auto spoiled = request;
            store(spoiled.data() + field, static_cast<std::uint16_t>(value));
            send(spoiled);
        }
    }
    expect_unimpressed();
    EXPECT_THAT(archive_errors(), testing::Contains(HasSubstr("expected schemaId=101")));
}

TEST_F(ArchiveGarbage, RequestsForUnknownSessionsAreCountedAndLoggedWithinBounds) {
    const auto before = errors();
    constexpr std::int64_t kFirst = std::int64_t{1} << 40;
    constexpr int kCount = 20'000;
    for (int i = 0; i < kCount; ++i) {
        send(encoded(msg::StartPositionRequest{
            .control_session_id = kFirst + i, .correlation_id = 1, .recording_id = 0}));
    }
    expect_unimpressed();
    EXPECT_EQ(errors() - before, kCount);
    EXPECT_THAT(archive_errors(),
                testing::Contains(HasSubstr("control request for unknown session")));
}

TEST_F(ArchiveGarbage, Random) {
    std::mt19937 random(9);
    for (int i = 0; i < 20'000; ++i) {
        Message message(random() % 300);
        for (auto& byte : message) byte = static_cast<std::byte>(random());
        if (message.size() >= 8 && random() % 4 != 0) {
            // The right schema, so that decoders see it; not a connect, which would be one.
            store(message.data() + 4, msg::kSchema.id);
            store(message.data() + 2, static_cast<std::uint16_t>(4 + random() % 110));
        }
        send(message);
    }
    expect_unimpressed();
}

/// Connect requests beyond the bound are dropped; when the flood is over there is room again.
TEST_F(ArchiveGarbage, AFloodOfConnectRequestsIsBounded) {
    const auto most = static_cast<std::int64_t>(archive::ControlSessions::kMaxSessions);
    for (std::int64_t i = 0; i < most + 100; ++i) {
        send(encoded(msg::ConnectRequest{.correlation_id = i,
                                         .response_stream_id = 9000,
                                         .version = kProtocolVersion,
                                         .response_channel = "aeron:ipc?term-length=64k"}));
    }
    await([&] { return errors() > 0; }, "the bound");
    EXPECT_LE(counter(memory::counter_type::kArchiveControlSessions), most);
    EXPECT_THAT(archive_errors(), testing::Contains(HasSubstr("connect request dropped")));
    await([&] { return counter(memory::counter_type::kArchiveControlSessions) <= 2; },
          "the flood to time out", 60 * kNanosPerSecond);
    expect_unimpressed();
}

TEST_F(ArchiveGarbage, AJunkReplayChannelIsAnswered) {
    control_->request(msg::ReplayRequest{.control_session_id = session_,
                                         .correlation_id = 31,
                                         .recording_id = live_.id,
                                         .position = 0,
                                         .length = 100,
                                         .replay_stream_id = 6000,
                                         .replay_channel = "junk"});
    control_->request(msg::UpdateChannelRequest{.control_session_id = session_,
                                                .correlation_id = 32,
                                                .recording_id = live_.id,
                                                .channel = "junk"});
    await(
        [&] {
            control_->poll();
            return control_->find(31) != nullptr && control_->find(32) != nullptr;
        },
        "the answers");
    EXPECT_EQ(control_->find(31)->code, msg::ControlResponseCode::error);
    EXPECT_EQ(control_->find(32)->code, msg::ControlResponseCode::error);
    expect_unimpressed();
}

}  // namespace
}  // namespace tern::testing_support
