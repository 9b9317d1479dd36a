// Every way in which a control session of the archive can end, and what is told about it (ARC-2 of
// chapter 41): reason and whose session it was in the event log; a counter that moves only for
// abnormal ends; an error log that stays empty for the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/archive/archive_counters.hpp"
#include "tern/archive/control_session.hpp"
#include "tern/memory/counter_types.hpp"
#include "tests/support/archive_world.hpp"
#include "tests/support/raw_control.hpp"

namespace tern::testing_support {
namespace {

using archive::SessionEndCause;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kConnectTimeoutNs = 5 * kNanosPerSecond;

class ArchiveSessions : public ArchiveWorld {
  protected:
    /// The one end that there was.
    archive::ControlSessionEnd await_end(std::size_t count = 1) {
        await([&] { return archive_->event_log().session_ends().size() >= count; },
              "a session to end", 60 * kNanosPerSecond);
        const auto ends = archive_->event_log().session_ends();
        EXPECT_THAT(ends, SizeIs(count));
        return ends.back();
    }
    std::int64_t abnormal() { return counter(archive::kAbnormalSessionEndsTypeId); }
    std::int64_t errors() { return counter(memory::counter_type::kArchiveErrorCount); }

    void expect_quiet() {
        EXPECT_EQ(archive_->event_log().abnormal_session_ends(), 0);
        EXPECT_EQ(abnormal(), 0);
        EXPECT_EQ(errors(), 0);
        EXPECT_THAT(archive_errors(), IsEmpty());
        EXPECT_THAT(driver_errors_, IsEmpty());
    }
    /// One abnormal end: counted, in the error log once, with all that tells whose it was (pain
    /// 1776).
    void expect_abnormal(const archive::ControlSessionEnd& end, const std::string& reason) {
        EXPECT_THAT(end.reason, HasSubstr(reason));
        EXPECT_EQ(archive_->event_log().abnormal_session_ends(), 1);
        EXPECT_EQ(abnormal(), 1);
        EXPECT_THAT(
            archive_errors(),
            testing::Contains(AllOf(
                HasSubstr(fmt::format("controlSessionId={}", end.control_session_id)),
                HasSubstr(fmt::format("StreamId={}", end.response_stream_id)),
                HasSubstr(end.response_channel), HasSubstr(end.client_info), HasSubstr(reason))));
    }

    RawControl raw(Client& client) {
        return RawControl(*client.aeron, [this] { step(); });
    }
    /// A connected, active session of a raw client; its id.
    std::int64_t activate(RawControl& control) {
        control.connect(1);
        await(
            [&] {
                control.poll();
                return control.find(1) != nullptr;
            },
            "the connect response");
        const auto id = control.find(1)->relevant_id;
        control.request(
            wire::archive::ArchiveIdRequest{.control_session_id = id, .correlation_id = 2});
        await(
            [&] {
                control.poll();
                return control.find(2) != nullptr;
            },
            "the archive id");
        EXPECT_EQ(control.find(2)->relevant_id, 42);
        return id;
    }
};

TEST_F(ArchiveSessions, CloseRequestIsTheProperEnd) {
    auto& client = start_all();
    EXPECT_EQ(counter(memory::counter_type::kArchiveControlSessions), 1);
    const auto id = client.archive->control_session_id();
    client.archive->close();
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::close_request);
    EXPECT_EQ(end.reason, "session closed");
    EXPECT_EQ(end.control_session_id, id);
    EXPECT_THAT(end.client_info, HasSubstr("tester"));
    EXPECT_EQ(end.request_stream_id, 10);
    EXPECT_THAT(end.request_channel, HasSubstr("aeron:ipc"));
    EXPECT_EQ(end.response_stream_id, 20);
    EXPECT_EQ(end.source_identity, "aeron:ipc");
    EXPECT_EQ(counter(memory::counter_type::kArchiveControlSessions), 0);
    EXPECT_EQ(counter(memory::counter_type::kArchiveControlSession), -1) << "its counter is freed";
    expect_quiet();
}

TEST_F(ArchiveSessions, TheArchivesOwnCloseIsNoError) {
    auto& client = start_all();
    archive_->close();
    const auto ends = archive_->event_log().session_ends();
    ASSERT_THAT(ends, SizeIs(1));
    EXPECT_EQ(ends[0].cause, SessionEndCause::archive_closed);
    EXPECT_EQ(archive_->event_log().abnormal_session_ends(), 0);
    EXPECT_THAT(archive_errors(), IsEmpty());
    await([&] { return client.archive->async().is_failed(); }, "the client to know");
    client.archive->close();
    EXPECT_TRUE(client.archive->async().is_closed());
    EXPECT_THAT(client_errors_, IsEmpty());
}

TEST_F(ArchiveSessions, AKilledClientIsGoneAndNoError) {
    kill_client(start_all());
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::client_gone);
    expect_quiet();
}

TEST_F(ArchiveSessions, AClientThatClosesItsAeronFirstIsGoneAndNoError) {
    auto& client = start_all();
    client.aeron->close();
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::client_gone);
    EXPECT_THAT(end.reason,
                testing::AnyOf(HasSubstr("control response publication is not connected"),
                               HasSubstr("control request publication image unavailable")));
    expect_quiet();
}

TEST_F(ArchiveSessions, ResponseSubscriptionGone) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    activate(control);
    control.responses().close();
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::client_gone);
    EXPECT_EQ(end.reason, "control response publication is not connected");
    expect_quiet();
}

/// The archive is behind with reading: it sees that the client left before it reads why, and what
/// the client wanted done before.
TEST_F(ArchiveSessions, WhatAClientSentBeforeItLeftCounts) {
    start_driver();
    start_archive();
    auto& client = add_client();
    auto control = raw(client);
    const auto id = activate(control);
    archive_process_->pause();
    for (int i = 0; i < 100; ++i) {
        control.request(wire::archive::KeepAliveRequest{.control_session_id = id});
    }
    control.request(wire::archive::StartRecordingRequest{
        .control_session_id = id,
        .correlation_id = 3,
        .stream_id = 1001,
        .source_location = wire::archive::SourceLocation::local,
        .channel = "aeron:ipc"});
    control.request(wire::archive::CloseSessionRequest{.control_session_id = id});
    control.responses().close();
    pass(100 * kNanosPerMilli);
    archive_process_->resume();
    EXPECT_EQ(await_end().cause, SessionEndCause::close_request);
    const auto recorded = client.aeron->add_exclusive_publication("aeron:ipc", 1001);
    await([&] { return recorded->is_connected(); }, "the recording that was asked for");
    expect_quiet();
}

TEST_F(ArchiveSessions, RequestPublicationGoneEndsAllSessionsThatUsedIt) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    const auto id = activate(control);
    control.connect(3);
    await(
        [&] {
            control.poll();
            return control.find(3) != nullptr;
        },
        "the second session");
    control.requests().close();
    const auto end = await_end(2);
    EXPECT_THAT(end.reason, HasSubstr(fmt::format("control request publication image unavailable : "
                                                  "controlSessionId={} image.correlationId=",
                                                  end.control_session_id)));
    EXPECT_EQ(archive_->event_log().session_ends().front().control_session_id, id);
    EXPECT_EQ(archive_->event_log().session_ends().front().cause, SessionEndCause::client_gone);
    EXPECT_EQ(end.cause, SessionEndCause::client_gone);
    expect_quiet();
}

/// Pain 1776, first half: the event says whose session it was.
TEST_F(ArchiveSessions, pain_1776_AClientThatDoesNotReadIsNamed) {
    auto& client = start_all();
    client.drive_archive_client = false;
    const auto began = now_ns();
    // Pings fill the response stream's window in minutes.
    await([&] { return !archive_->event_log().session_ends().empty(); }, "the time-out",
          3600 * kNanosPerSecond);
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::timed_out);
    EXPECT_GT(now_ns() - began, kConnectTimeoutNs);
    EXPECT_THAT(end.client_info, HasSubstr("tester"));
    expect_abnormal(end, "failed to send response for more than connectTimeoutMs=5000");
    EXPECT_EQ(errors(), 1) << "exactly one entry";
    EXPECT_THAT(archive_errors(), SizeIs(1));
    client.drive_archive_client = true;
    await([&] { return client.archive->async().is_failed(); }, "the client to know");
}

/// Pain 1776, second half: a client that closes properly never causes one, not even when the
/// archive stood still for longer than any time-out.
TEST_F(ArchiveSessions, pain_1776_AClientThatClosesProperlyNeverCausesOne) {
    start_driver();
    start_archive();
    for (int stall_at = 0; stall_at < 40; ++stall_at) {
        auto& client = add_client();
        auto context = client_context();
        context.message_timeout_ns = 60 * kNanosPerSecond;
        archive::AsyncArchiveClient async(context, *client.aeron, client.process->platform());
        const auto rounds = [&](auto&& done) {
            pass(10 * kNanosPerMilli);  // two standstills in a row would be one, of 14 s
            for (int round = 0; !done(); ++round) {
                ASSERT_LT(round, 100'000);
                if (round == stall_at) {
                    archive_process_->pause();
                    pass(7 * kNanosPerSecond);
                    archive_process_->resume();
                }
                async.do_work();
                step();
            }
        };
        rounds([&] { return async.is_connected() || async.is_failed(); });
        ASSERT_TRUE(async.is_connected()) << async.error();
        const auto request = async.get_start_position(0);
        rounds([&] { return async.take_outcome(request).has_value(); });
        async.begin_close();
        rounds([&] { return async.is_closed(); });
        const auto end = await_end(static_cast<std::size_t>(stall_at) + 1);
        ASSERT_EQ(end.cause, SessionEndCause::close_request) << end.reason;
        client.aeron->close();
        world_.scheduler().remove(*client.agent);
    }
    expect_quiet();
}

TEST_F(ArchiveSessions, AnAuthenticatedClientThatIsNotThereTimesOut) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    control.connect(1, "aeron:udp?endpoint=127.0.0.1:9999");
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::timed_out);
    EXPECT_EQ(end.response_channel, "aeron:udp?endpoint=127.0.0.1:9999");
    expect_abnormal(end, "failed to establish initial connection: state=CONNECTING");
}

TEST_F(ArchiveSessions, AnIncompatibleVersionIsToldAndTimesOut) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    control.connect(1, "aeron:ipc", 0x00020000);
    await(
        [&] {
            control.poll();
            return control.find(1) != nullptr;
        },
        "the answer");
    EXPECT_EQ(control.find(1)->code, wire::archive::ControlResponseCode::error);
    EXPECT_THAT(control.find(1)->text, HasSubstr("invalid client version 2.0.0"));
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::timed_out);
    expect_abnormal(end, "failed to establish initial connection: state=CONNECTED");
}

TEST_F(ArchiveSessions, AResponseChannelThatCannotBeMadeFailsTheSession) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    control.connect(1, "aeron:udp?endpoint=no.such.host.invalid:9999");
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::failed);
    expect_abnormal(end, "failed with exception: ");
}

TEST_F(ArchiveSessions, AJunkResponseChannelIsReportedAndNothingElse) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    control.connect(1, "junk");
    await([&] { return errors() == 1; }, "the error");
    activate(control);
    EXPECT_EQ(abnormal(), 0);
}

TEST_F(ArchiveSessions, AFloodOfUnreadAnswersEndsAtItsBound) {
    start_driver();
    start_archive();
    auto control = raw(add_client());
    const auto id = activate(control);
    std::int64_t sent = 0;
    await(
        [&] {
            if (!control.requests().is_connected()) return true;
            const wire::archive::StartPositionRequest request{
                .control_session_id = id, .correlation_id = 100 + sent, .recording_id = 9};
            std::vector<std::byte> bytes(wire::encoded_length(request));
            (void)wire::encode(Bytes(bytes), request);
            if (control.requests().offer(bytes) > 0) ++sent;
            return !archive_->event_log().session_ends().empty();
        },
        "the bound");
    const auto end = await_end();
    EXPECT_EQ(end.cause, SessionEndCause::timed_out);
    EXPECT_GE(sent, static_cast<std::int64_t>(archive::ControlSession::kMaxQueuedResponses));
    expect_abnormal(end, "responses are waiting to be read");
}

// ---- Authentication ----------------------------------------------------------------------------

/// Lets in who answers the challenge "who?" with "me".
class Doorman final : public archive::Authenticator {
  public:
    void on_connect_request(std::int64_t id, ConstBytes credentials, std::int64_t) override {
        answers_[id] = std::string(as_text(credentials));
    }
    void on_challenge_response(std::int64_t id, ConstBytes credentials, std::int64_t) override {
        answers_[id] = std::string(as_text(credentials));
    }
    void on_connected_session(archive::SessionProxy& proxy, std::int64_t) override {
        const auto& credentials = answers_[proxy.session_id()];
        if (credentials == "known") {
            proxy.authenticate(as_bytes(std::string_view("known")));
        } else if (credentials == "banned") {
            proxy.reject();
        } else {
            answers_[proxy.session_id()].clear();
            proxy.challenge(as_bytes(std::string_view("who?")));
        }
    }
    void on_challenged_session(archive::SessionProxy& proxy, std::int64_t) override {
        const auto& answer = answers_[proxy.session_id()];
        if (answer.empty()) return;
        if (answer == "me") {
            proxy.authenticate(as_bytes(std::string_view("me")));
        } else {
            proxy.reject();
        }
    }

  private:
    std::map<std::int64_t, std::string> answers_;
};

/// Knows who may purge.
class OnlyMePurges final : public archive::AuthorisationService {
  public:
    bool is_authorised(std::int32_t action_id, ConstBytes principal) override {
        return action_id != wire::archive::PurgeRecordingRequest::kId.id ||
               as_text(principal) == "me";
    }
};

class ArchiveAuthentication : public ArchiveSessions {
  protected:
    void SetUp() override {
        context_.authenticator_supplier = [] { return std::make_unique<Doorman>(); };
        context_.authorisation_service_supplier = [] { return std::make_unique<OnlyMePurges>(); };
        start_driver();
        start_archive();
    }
    archive::ArchiveClientContext with(std::string credentials, std::string answer) {
        auto context = client_context();
        const auto bytes_of = [](const std::string& text) {
            const auto bytes = as_bytes(text);
            return std::vector<std::byte>(bytes.begin(), bytes.end());
        };
        context.credentials.encoded_credentials = [=] { return bytes_of(credentials); };
        context.credentials.on_challenge = [=](ConstBytes challenge) {
            EXPECT_EQ(as_text(challenge), "who?");
            return bytes_of(answer);
        };
        return context;
    }
    std::string purge_error() {
        try {
            archive_client().purge_recording(0);
        } catch (const archive::ArchiveError& error) {
            return fmt::format("{}: {}", error.code(), error.what());
        }
        return {};
    }
};

TEST_F(ArchiveAuthentication, KnownCredentials) {
    auto& client = add_client();
    connect(client, with("known", ""));
    EXPECT_THAT(purge_error(), AllOf(HasSubstr("13: "), HasSubstr("unauthorised action")));
    EXPECT_THAT(archive_errors(), testing::Contains(HasSubstr("unauthorised archive action=104")));
    client.archive->close();
    EXPECT_EQ(await_end().cause, SessionEndCause::close_request);
    EXPECT_EQ(abnormal(), 0);
}

TEST_F(ArchiveAuthentication, AChallengeThatIsAnswered) {
    auto& client = add_client();
    connect(client, with("", "me"));
    EXPECT_THAT(purge_error(), HasSubstr("unknown recording id: 0")) << "authorised";
    client.archive->close();
    EXPECT_EQ(await_end().cause, SessionEndCause::close_request);
    expect_quiet();
}

TEST_F(ArchiveAuthentication, RejectedAtOnceOrAfterAWrongAnswer) {
    auto& client = add_client();
    for (const auto& [credentials, answer] :
         {std::pair("banned", ""), std::pair("", "somebody else")}) {
        try {
            connect(client, with(credentials, answer));
            FAIL() << "let in";
        } catch (const archive::ArchiveError& error) {
            EXPECT_EQ(error.code(), 10);
            EXPECT_THAT(error.what(), HasSubstr("authentication rejected"));
        }
    }
    await_end(2);
    for (const auto& end : archive_->event_log().session_ends()) {
        EXPECT_EQ(end.cause, SessionEndCause::close_request) << end.reason;
    }
    expect_quiet();
}

TEST_F(ArchiveAuthentication, AChallengeThatIsNotAnsweredTimesOut) {
    auto control = raw(add_client());
    control.connect(1);
    const auto end = await_end();
    expect_abnormal(end, "failed to establish initial connection: state=CHALLENGED");
}

TEST_F(ArchiveSessions, DenyAllRefusesEveryRequest) {
    context_.authorisation_service_supplier = archive::make_deny_all;
    start_driver();
    start_archive();
    auto& client = add_client();
    try {
        connect(client);
        FAIL() << "let in";
    } catch (const archive::ArchiveError& error) {
        EXPECT_EQ(error.code(), 13) << error.what();
    }
    EXPECT_EQ(await_end().cause, SessionEndCause::close_request);
}

}  // namespace
}  // namespace tern::testing_support
