// The life of a session: egress, sending, changes of leader, closing.

#include "tern/cluster/client/async_cluster_client.hpp"

#include <gmock/gmock.h>

#include "tern/cluster/testing/fake_cluster_fixture.hpp"

namespace tern::cluster {
namespace {

namespace msg = wire::cluster;
using client::ControlledAction;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kHeartbeatTimeoutNs;
using testing::kSession;
using testing::kTerm;
using EndReason = AsyncClusterClient::EndReason;
using State = AsyncClusterClient::State;

class AsyncClusterClientTest : public testing::FakeClusterFixture {};

// ---- A session.

TEST_F(AsyncClusterClientTest, sends_with_the_session_header) {
    connect_to_leader();
    EXPECT_GT(client_->offer(bytes("one")), 0);
    const std::array parts{bytes("tw"), bytes("o")};
    EXPECT_GT(client_->offer(parts), 0);
    client::BufferClaim claim;
    ASSERT_GT(client_->try_claim(5, claim), 0);
    EXPECT_EQ(claim.payload().size(), 5 + kSessionHeaderLength);
    std::ranges::copy(bytes("three"), claim.payload().begin() + kSessionHeaderLength);
    claim.commit();
    rounds();
    ASSERT_EQ(received_.size(), 3U);
    const std::array expected{"one", "two", "three"};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto header = received_[i].as<msg::SessionMessageHeader>();
        ASSERT_TRUE(header);
        EXPECT_EQ(header->leadership_term_id, kTerm);
        EXPECT_EQ(header->cluster_session_id, kSession);
        EXPECT_EQ(header->timestamp, 0);
        EXPECT_EQ(as_text(ConstBytes(received_[i].bytes).subspan(kSessionHeaderLength)),
                  expected[i]);
    }
    EXPECT_THROW((void)client_->try_claim(client::testing::FakeDriver::kMtuLength, claim), Error);
}

TEST_F(AsyncClusterClientTest, delivers_only_what_is_for_its_session) {
    connect_to_leader();
    say_text(2, "mine");
    say_text(2, "not mine", kSession + 1);
    say_text(2, std::string(5000, 'x'));
    rounds();
    EXPECT_THAT(messages_, ElementsAre("mine", std::string(5000, 'x')));
    EXPECT_THAT(reported_, IsEmpty());
}

TEST_F(AsyncClusterClientTest, garbage_is_reported_and_passed_over) {
    connect_to_leader();
    say(2, bytes("x"));
    say(2, bytes("a foreign schema, by chance"));
    std::vector<std::byte> cut(wire::encoded_length(event(msg::EventCode::closed, "long text")));
    (void)wire::encode(Bytes(cut), event(msg::EventCode::closed, "long text"));
    say(2, ConstBytes(cut).first(cut.size() - 5));
    say(2, ConstBytes(cut).first(9));
    say_text(2, "fine");
    rounds();
    EXPECT_THAT(reported_, ElementsAre("cluster client: egress message without a header",
                                       HasSubstr("expected cluster egress schemaId=111 actual="),
                                       HasSubstr("malformed egress message"),
                                       HasSubstr("malformed egress message")));
    EXPECT_THAT(messages_, ElementsAre("fine"));
    EXPECT_TRUE(client_->is_connected());
}

TEST_F(AsyncClusterClientTest, extension_messages_go_to_their_handler) {
    std::vector<std::string> extension;
    context_.listener.on_extension_message = [&](const wire::MessageHeader&, ConstBytes message,
                                                 const client::Header&) {
        extension.emplace_back(as_text(message));
        return ControlledAction::continue_;
    };
    connect_to_leader();
    say(2, bytes("a foreign schema, by chance"));
    rounds();
    EXPECT_THAT(extension, ElementsAre("a foreign schema, by chance"));
    EXPECT_THAT(reported_, IsEmpty());
}

TEST_F(AsyncClusterClientTest, controlled_messages_can_be_put_off) {
    int offered = 0;
    context_.listener.on_message = {};
    context_.listener.on_controlled_message = [&](const EgressMessage& message) {
        if (++offered < 3) return ControlledAction::abort;
        messages_.emplace_back(as_text(message.payload));
        return ControlledAction::continue_;
    };
    connect_to_leader();
    say_text(2, std::string(5000, 'x'));
    say_text(2, "second");
    rounds();
    EXPECT_THAT(messages_, ElementsAre(std::string(5000, 'x'), "second"));
    EXPECT_EQ(offered, 4);
}

TEST_F(AsyncClusterClientTest, admin_request_and_its_answer) {
    std::vector<std::string> answers;
    context_.listener.on_admin_response = [&](const msg::AdminResponse& response) {
        answers.push_back(fmt::format("{} {}", response.correlation_id, response.message));
    };
    connect_to_leader();
    EXPECT_TRUE(client_->request_snapshot(55));
    rounds();
    const auto request = last<msg::AdminRequest>();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->correlation_id, 55);
    EXPECT_EQ(request->request_type, msg::AdminRequestType::snapshot);
    EXPECT_TRUE(request->payload.empty());
    say(2, msg::AdminResponse{.cluster_session_id = kSession,
                              .correlation_id = 55,
                              .request_type = msg::AdminRequestType::snapshot,
                              .response_code = msg::AdminResponseCode::unauthorised_access,
                              .message = "no"});
    rounds();
    EXPECT_THAT(answers, ElementsAre("55 no"));
}

TEST_F(AsyncClusterClientTest, keeps_the_session_alive) {
    context_.keep_alive_interval_ns = 1 * kNanosPerSecond;
    connect_to_leader();
    elapse(500 * kNanosPerMilli);
    EXPECT_EQ(count<msg::SessionKeepAlive>(), 0);
    elapse(5 * kNanosPerSecond);
    EXPECT_NEAR(static_cast<double>(count<msg::SessionKeepAlive>()), 5, 1);
}

TEST_F(AsyncClusterClientTest, without_an_interval_keep_alives_are_left_to_the_application) {
    connect_to_leader();
    elapse(5 * kNanosPerSecond);
    EXPECT_TRUE(received_.empty());
    EXPECT_TRUE(client_->send_keep_alive());
    rounds();
    EXPECT_EQ(count<msg::SessionKeepAlive>(), 1);
}

TEST_F(AsyncClusterClientTest, ingress_at_its_last_position_ends_the_session) {
    context_.ingress_channel = "aeron:udp?endpoint=h2:1";
    context_.ingress_endpoints.clear();
    context_.is_ingress_exclusive = false;
    connect_to_leader();
    for (const auto& [id, publication] : driver_->publications()) {
        if (publication.stream_id != kIngressStreamId) continue;
        memory::Counter(publication.limit).set(INT64_MAX);
        logbuffer::LogMetadata& log = driver_->log(id).metadata();
        const auto last_term_id =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(log.initial_term_id) + INT32_MAX);
        log.set_raw_tail(INT32_MAX % 3,
                         (std::int64_t{last_term_id} << 32) | (log.term_length - 64));
        log.set_active_term_count(INT32_MAX);
    }
    EXPECT_EQ(client_->offer(bytes(std::string(200, 'x'))), client::kMaxPositionExceeded);
    EXPECT_EQ(client_->offer(bytes("late")), client::kPublicationClosed);
    client_->do_work();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::max_position_exceeded);
    EXPECT_EQ(client_->error(), "max position exceeded: term-length=65536");
}

TEST_F(AsyncClusterClientTest, session_closed_by_the_cluster) {
    connect_to_leader();
    say(2, event(msg::EventCode::closed, "TIMEOUT"));
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::session_closed);
    EXPECT_EQ(client_->error(), "cluster client: session 7 was closed by the cluster: TIMEOUT");
    EXPECT_THAT(events_, ElementsAre(msg::EventCode::closed));
    EXPECT_EQ(client_->offer(bytes("late")), client::kPublicationClosed);
    EXPECT_FALSE(client_->send_keep_alive());
    EXPECT_EQ(client_->do_work(), 0);
    EXPECT_EQ(count<msg::SessionCloseRequest>(), 0) << "it knows";
}

// ---- A new leader.

TEST_F(AsyncClusterClientTest, goes_over_to_a_new_leader) {
    std::vector<std::int64_t> terms;
    context_.listener.on_new_leader = [&](const msg::NewLeaderEvent& event) {
        terms.push_back(event.leadership_term_id);
    };
    connect_to_leader();
    lose_leader();
    EXPECT_EQ(client_->state(), State::await_new_leader);
    EXPECT_LT(client_->offer(bytes("lost")), 0);

    up_ = {"h0:1"};
    announce_leader(0, kTerm + 1);
    rounds();
    EXPECT_EQ(client_->state(), State::await_new_leader_connection);
    EXPECT_THAT(terms, ElementsAre(kTerm + 1));
    EXPECT_GT(client_->offer(bytes("hello")), 0);
    EXPECT_TRUE(client_->is_connected());
    rounds();
    EXPECT_EQ(received_.back().endpoint, "h0:1");
    EXPECT_EQ(last<msg::SessionMessageHeader>()->leadership_term_id, kTerm + 1);
    EXPECT_EQ(client_->leader_member_id(), 0);
}

TEST_F(AsyncClusterClientTest, keep_alive_proves_the_way_to_the_new_leader) {
    context_.keep_alive_interval_ns = 1 * kNanosPerSecond;
    connect_to_leader();
    lose_leader();
    announce_leader(0, kTerm + 1);
    rounds();
    EXPECT_EQ(client_->state(), State::await_new_leader_connection) << "it is not up";
    up_ = {"h0:1"};
    rounds();
    EXPECT_TRUE(client_->is_connected());
    EXPECT_EQ(last<msg::SessionKeepAlive>()->leadership_term_id, kTerm + 1);
}

TEST_F(AsyncClusterClientTest, old_leader_that_goes_after_the_new_one_was_announced_does_no_harm) {
    connect_to_leader();
    announce_leader(0, kTerm + 1);
    up_.insert("h0:1");
    rounds();
    lose_leader();
    up_ = {"h0:1"};
    EXPECT_GT(client_->offer(bytes("hello")), 0);
    EXPECT_TRUE(client_->is_connected());
}

TEST_F(AsyncClusterClientTest, without_a_new_leader_it_closes_itself) {
    connect_to_leader();
    lose_leader();
    elapse(2 * kHeartbeatTimeoutNs - 200 * kNanosPerMilli);
    EXPECT_EQ(client_->state(), State::await_new_leader);
    elapse(200 * kNanosPerMilli);
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::no_leader);
    EXPECT_EQ(client_->error(), "cluster client: no new leader within 4s");
}

TEST_F(AsyncClusterClientTest, new_leader_that_is_not_reached_in_time_ends_it) {
    connect_to_leader();
    lose_leader();
    announce_leader(0, kTerm + 1);
    rounds();
    elapse(context_.message_timeout_ns);
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->error(),
              "cluster client: the new leader, member 0, could not be reached within 5s");
}

TEST_F(AsyncClusterClientTest, new_leader_without_an_endpoint_is_reported) {
    connect_to_leader();
    say(2, msg::NewLeaderEvent{.leadership_term_id = kTerm + 1,
                               .cluster_session_id = kSession,
                               .leader_member_id = 0,
                               .ingress_endpoints = "1=h1:1"});
    rounds();
    EXPECT_THAT(reported_, ElementsAre(HasSubstr("no endpoint for the new leader, member 0")));
    announce_leader(2, kTerm + 2);  // a better one
    rounds();
    EXPECT_GT(client_->offer(bytes("hello")), 0);
}

// ---- Closing.

TEST_F(AsyncClusterClientTest, close_tells_the_cluster_first) {
    connect_to_leader();
    client_->begin_close();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::none);
    // Read before the driver has seen that the publication is removed.
    driver_serves_ = false;
    rounds();
    const auto request = last<msg::SessionCloseRequest>();
    ASSERT_TRUE(request);
    EXPECT_EQ(request->cluster_session_id, kSession);
    EXPECT_EQ(request->leadership_term_id, kTerm);
    driver_serves_ = true;
    rounds();
    EXPECT_TRUE(driver_->publications().size() == 1U) << "the test's egress";
    client_->begin_close();
    EXPECT_TRUE(client_->is_closed());
}

TEST_F(AsyncClusterClientTest, close_on_the_way_to_a_new_leader_tells_the_new_one) {
    connect_to_leader();
    lose_leader();
    up_ = {"h0:1"};
    announce_leader(0, kTerm + 1);
    rounds();
    ASSERT_EQ(client_->state(), State::await_new_leader_connection);
    client_->begin_close();
    EXPECT_TRUE(client_->is_closed());
    driver_serves_ = false;
    rounds();
    EXPECT_EQ(received_.back().endpoint, "h0:1");
    EXPECT_EQ(last<msg::SessionCloseRequest>()->leadership_term_id, kTerm + 1);
}

TEST_F(AsyncClusterClientTest, close_waits_for_back_pressure_to_end) {
    connect_to_leader();
    std::int64_t ingress_id = 0;
    for (const auto& [id, publication] : driver_->publications()) {
        if (publication.stream_id == kIngressStreamId) ingress_id = id;
    }
    memory::Counter limit = driver_->publications().at(ingress_id).limit;
    limit.set(0);
    client_->begin_close();
    rounds(20);
    EXPECT_EQ(client_->state(), State::closing);
    EXPECT_EQ(client_->offer(bytes("late")), client::kPublicationClosed);
    limit.set(client::testing::FakeDriver::kFarAway);
    driver_serves_ = false;
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(count<msg::SessionCloseRequest>(), 1);
}

TEST_F(AsyncClusterClientTest, close_gives_up_at_its_deadline_and_says_so) {
    connect_to_leader();
    for (const auto& [id, publication] : driver_->publications()) {
        if (publication.stream_id == kIngressStreamId) memory::Counter(publication.limit).set(0);
    }
    client_->begin_close();
    elapse(context_.message_timeout_ns);
    EXPECT_TRUE(client_->is_closed());
    EXPECT_THAT(reported_, ElementsAre(HasSubstr("did not take SessionCloseRequest")));
}

TEST_F(AsyncClusterClientTest, destroyed_while_open_it_tells_the_cluster) {
    connect_to_leader();
    client_.reset();
    driver_serves_ = false;
    rounds();
    EXPECT_EQ(count<msg::SessionCloseRequest>(), 1);
}

TEST_F(AsyncClusterClientTest, closed_from_within_a_listener) {
    context_.listener.on_message = [this](const EgressMessage& message) {
        messages_.emplace_back(as_text(message.payload));
        EXPECT_EQ(client_->do_work(), 0);
        client_->begin_close();
        EXPECT_EQ(client_->state(), State::closing);
    };
    connect_to_leader();
    say_text(2, "last");
    say_text(2, "after");
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_THAT(messages_, ElementsAre("last"));
}

TEST_F(AsyncClusterClientTest, closed_while_connecting_leaves_nothing_behind) {
    for (int steps = 0; steps < 6; ++steps) {
        make();
        rounds(steps);
        client_->begin_close();
        EXPECT_TRUE(client_->is_closed());
        rounds();
        EXPECT_TRUE(driver_->publications().empty());
        EXPECT_EQ(driver_->subscriptions().size(), 1U);
    }
}

TEST_F(AsyncClusterClientTest, exception_of_a_listener_reaches_the_caller) {
    context_.listener.on_message = [this](const EgressMessage& message) {
        messages_.emplace_back(as_text(message.payload));
        if (messages_.size() == 1) throw Error("of the application");
    };
    connect_to_leader();
    say_text(2, "one");
    say_text(2, "two");
    EXPECT_THROW(rounds(), Error);
    rounds();
    EXPECT_THAT(messages_, ElementsAre("one", "two"));
}

// Upstream's users met a crash here: a client closed underneath its users (pain 693).
TEST_F(AsyncClusterClientTest, pain_693_aeron_closed_underneath) {
    connect_to_leader();
    aeron_->close();
    EXPECT_LT(client_->offer(bytes("into the void")), 0);
    EXPECT_FALSE(client_->send_keep_alive());
    client_->do_work();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::aeron_closed);
    EXPECT_EQ(client_->error(), "cluster client: the Aeron client is closed");
    client_->begin_close();
    client_.reset();

    aeron_ = client::Aeron::connect(context(), platform_);
    make();
    rounds(3);
    aeron_->close();
    client_->do_work();
    EXPECT_TRUE(client_->is_closed()) << "while connecting, too";
}

}  // namespace
}  // namespace tern::cluster
