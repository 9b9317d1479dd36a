// The client's states against a cluster that is made of single messages: three members on a fake
// driver, in manual time, on one thread.

#include "tern/cluster/client/async_cluster_client.hpp"

#include <gmock/gmock.h>

#include <set>

#include "tern/client/testing/client_fixture.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {
namespace {

namespace msg = wire::cluster;
using client::ControlledAction;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using EndReason = AsyncClusterClient::EndReason;
using State = AsyncClusterClient::State;

constexpr std::int64_t kSession = 7;
constexpr std::int64_t kTerm = 3;
constexpr std::int64_t kHeartbeatTimeoutNs = 2 * kNanosPerSecond;
constexpr std::string_view kEndpoints = "0=h0:1,1=h1:1,2=h2:1";

struct IngressMessage {
    std::string endpoint;  ///< of the member that it was sent to
    std::vector<std::byte> bytes;
    template <typename Message>
    [[nodiscard]] std::optional<Message> as() const {
        const auto header = wire::MessageHeader::read(ConstBytes(bytes));
        if (!header || header->template_id != Message::kId) return std::nullopt;
        return *wire::decode<Message>(ConstBytes(bytes));
    }
};

class AsyncClusterClientTest : public client::testing::ClientFixture {
  protected:
    void SetUp() override {
        connect();
        cluster_aeron_ = client::Aeron::connect(context(), platform_);
        ingress_ = cluster_aeron_->add_subscription("aeron:udp?endpoint=any:1", kIngressStreamId);
        context_.ingress_channel = "aeron:udp";
        context_.ingress_endpoints = kEndpoints;
        context_.egress_channel = "aeron:udp?endpoint=me:1";
        context_.keep_alive_interval_ns = 0;
        context_.client_name = "tester";
        context_.listener.on_message = [this](const EgressMessage& message) {
            messages_.emplace_back(as_text(message.payload));
        };
        context_.listener.on_session_event = [this](const msg::SessionEvent& event) {
            events_.push_back(event.code);
        };
        context_.error_handler = [this](const std::exception& error) {
            reported_.emplace_back(error.what());
        };
    }
    void TearDown() override {
        client_.reset();
        egress_.clear();
        ingress_.reset();
    }
    void make() { client_ = std::make_unique<AsyncClusterClient>(context_, *aeron_, platform_); }

    /// One round of everything; ingress is collected.
    void round() {
        turn();
        cluster_aeron_->do_work();
        for (const auto& [id, publication] : driver_->publications()) {
            driver_->log(id).metadata().set_connected(up_.contains(endpoint_of(id)));
        }
        if (client_) client_->do_work();
        if (!ingress_) return;
        ingress_->poll(
            [this](ConstBytes message, const client::Header& header) {
                received_.push_back({endpoint_of(header.context()->correlation_id()),
                                     {message.begin(), message.end()}});
            },
            100);
    }
    void rounds(int count = 5) {
        for (int i = 0; i < count; ++i) round();
    }
    void elapse(std::int64_t duration_ns) {
        rounds(static_cast<int>(duration_ns / (20 * kNanosPerMilli)) + 1);
    }
    [[nodiscard]] std::string endpoint_of(std::int64_t publication_id) const {
        const auto found = driver_->publications().find(publication_id);
        if (found == driver_->publications().end()) return {};
        return std::string(wire::ChannelUri::parse(found->second.channel).get_or("endpoint", ""));
    }
    template <typename Message>
    std::optional<Message> last() const {
        for (auto at = received_.rbegin(); at != received_.rend(); ++at) {
            if (auto message = at->as<Message>()) return message;
        }
        return std::nullopt;
    }
    template <typename Message>
    std::ptrdiff_t count() const {
        return std::ranges::count_if(
            received_, [](const auto& m) { return m.template as<Message>().has_value(); });
    }

    /// The stream that a member answers on.
    client::ExclusivePublication& egress_of(int member) {
        auto& publication = egress_[member];
        if (!publication) {
            publication = cluster_aeron_->add_exclusive_publication("aeron:udp?endpoint=me:1",
                                                                    kEgressStreamId);
        }
        return *publication;
    }
    void say(int member, ConstBytes bytes) { EXPECT_GT(egress_of(member).offer(bytes), 0); }
    template <typename Message>
    void say(int member, const Message& message) {
        std::vector<std::byte> bytes(wire::encoded_length(message));
        (void)wire::encode(Bytes(bytes), message);
        say(member, ConstBytes(bytes));
    }
    void say_text(int member, std::string_view text, std::int64_t session = kSession) {
        std::vector<std::byte> bytes(kSessionHeaderLength);
        (void)wire::encode(Bytes(bytes), msg::SessionMessageHeader{.leadership_term_id = kTerm,
                                                                   .cluster_session_id = session,
                                                                   .timestamp = 99});
        const ConstBytes payload = as_bytes(text);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        say(member, ConstBytes(bytes));
    }
    [[nodiscard]] msg::SessionEvent event(msg::EventCode code, std::string_view detail = {}) const {
        return {.cluster_session_id = kSession,
                .correlation_id = correlation_id_,
                .leadership_term_id = kTerm,
                .leader_member_id = 2,
                .code = code,
                .version = kClientProtocolVersion,
                .leader_heartbeat_timeout_ns = kHeartbeatTimeoutNs,
                .detail = detail};
    }

    /// Until a connect request has come to this member.
    void await_request(int member) {
        up_.insert(fmt::format("h{}:1", member));
        rounds(10);
        ASSERT_EQ(client_->state(), State::poll_response);
        ASSERT_FALSE(received_.empty());
        ASSERT_EQ(received_.back().endpoint, fmt::format("h{}:1", member));
        correlation_id_ = last<msg::SessionConnectRequest>()->correlation_id;
    }
    void connect_to_leader() {
        make();
        await_request(2);
        say(2, event(msg::EventCode::ok));
        rounds();
        ASSERT_TRUE(client_->is_connected()) << client_->error();
        received_.clear();
    }
    /// The leader's process is gone, as its driver tells.
    void lose_leader() {
        up_.clear();
        egress_.erase(2);
        rounds();
    }
    void announce_leader(int member, std::int64_t term) {
        say(member, msg::NewLeaderEvent{.leadership_term_id = term,
                                        .cluster_session_id = kSession,
                                        .leader_member_id = member,
                                        .ingress_endpoints = kEndpoints});
    }

    std::unique_ptr<client::Aeron> cluster_aeron_;
    std::unique_ptr<client::Subscription> ingress_;
    std::map<int, std::unique_ptr<client::ExclusivePublication>> egress_;
    std::set<std::string> up_;
    ClusterClientContext context_;
    std::unique_ptr<AsyncClusterClient> client_;
    std::int64_t correlation_id_ = -1;
    std::vector<IngressMessage> received_;
    std::vector<std::string> messages_;
    std::vector<msg::EventCode> events_;
    std::vector<std::string> reported_;
};

// ---- Connecting.

TEST_F(AsyncClusterClientTest, connects_to_the_leader) {
    make();
    await_request(2);
    const auto request = *last<msg::SessionConnectRequest>();
    EXPECT_EQ(request.response_stream_id, kEgressStreamId);
    EXPECT_EQ(request.response_channel, "aeron:udp?endpoint=me:1|rejoin=false");
    EXPECT_EQ(request.version, 768);
    EXPECT_THAT(std::string(request.client_info), StartsWith("name=tester version="));
    EXPECT_EQ(client_->offer(bytes("early")), client::kNotConnected);

    say(2, event(msg::EventCode::ok));
    say_text(2, "at once");
    rounds();
    EXPECT_TRUE(client_->is_connected());
    EXPECT_EQ(client_->cluster_session_id(), kSession);
    EXPECT_EQ(client_->leadership_term_id(), kTerm);
    EXPECT_EQ(client_->leader_member_id(), 2);
    EXPECT_THAT(messages_, ElementsAre("at once")) << "what follows the answer is not lost";
    rounds();
    EXPECT_EQ(driver_->publications().size(), 2U) << "ingress to the leader, and its egress";
    EXPECT_EQ(count<msg::SessionConnectRequest>(), 1);
}

TEST_F(AsyncClusterClientTest, follows_a_redirect_on_the_publication_that_is_there) {
    make();
    await_request(1);
    const int adds = driver_->served(wire::CommandId::add_exclusive_publication);
    say(1, event(msg::EventCode::redirect, kEndpoints));
    rounds();
    EXPECT_EQ(client_->state(), State::await_publication_connected) << "the leader is not up yet";
    await_request(2);
    say(2, event(msg::EventCode::ok));
    rounds();
    EXPECT_TRUE(client_->is_connected());
    EXPECT_EQ(driver_->served(wire::CommandId::add_exclusive_publication), adds + 2)
        << "two egress streams of the test's own";
}

TEST_F(AsyncClusterClientTest, follows_a_redirect_to_a_member_it_did_not_know) {
    context_.ingress_endpoints = "1=h1:1";
    make();
    await_request(1);
    auto redirect = event(msg::EventCode::redirect, "0=h0:1,1=h1:1,5=h5:1");
    redirect.leader_member_id = 5;
    say(1, redirect);
    await_request(5);
}

TEST_F(AsyncClusterClientTest, redirect_that_does_not_name_the_leader_fails) {
    make();
    await_request(1);
    say(1, event(msg::EventCode::redirect, "0=h0:1"));
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::connect_failed);
    EXPECT_EQ(client_->error(), "redirected to member 2, whose endpoint is not told");
}

TEST_F(AsyncClusterClientTest, garbled_redirect_fails) {
    make();
    await_request(1);
    say(1, event(msg::EventCode::redirect, "nonsense"));
    rounds();
    EXPECT_EQ(client_->error(), "endpoint missing '=' separator: nonsense");
}

TEST_F(AsyncClusterClientTest, answers_a_challenge) {
    context_.credentials.encoded_credentials = [] {
        return std::vector<std::byte>{std::byte{1}, std::byte{2}};
    };
    context_.credentials.on_challenge = [](ConstBytes challenge) {
        return std::vector<std::byte>(challenge.rbegin(), challenge.rend());
    };
    make();
    await_request(2);
    EXPECT_EQ(last<msg::SessionConnectRequest>()->encoded_credentials.size(), 2U);
    say(2, msg::Challenge{.correlation_id = correlation_id_,
                          .cluster_session_id = kSession,
                          .encoded_challenge = bytes("abc")});
    rounds();
    const auto response = last<msg::ChallengeResponse>();
    ASSERT_TRUE(response);
    EXPECT_EQ(as_text(response->encoded_credentials), "cba");
    EXPECT_EQ(response->cluster_session_id, kSession);
    EXPECT_NE(response->correlation_id, correlation_id_);
    correlation_id_ = response->correlation_id;
    say(2, event(msg::EventCode::ok));
    rounds();
    EXPECT_TRUE(client_->is_connected());
}

TEST_F(AsyncClusterClientTest, refusals_end_it_with_the_text_of_the_cluster) {
    make();
    await_request(2);
    say(2, event(msg::EventCode::error, "concurrent session limit"));
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::connect_failed);
    EXPECT_EQ(client_->error(), "concurrent session limit");
    EXPECT_TRUE(driver_->subscriptions().size() == 1U) << "its egress subscription is closed";

    make();
    await_request(2);
    say(2, event(msg::EventCode::authentication_rejected, "session failed authentication"));
    rounds();
    EXPECT_EQ(client_->end_reason(), EndReason::authentication_rejected);
    EXPECT_EQ(client_->error(), "session failed authentication");
}

TEST_F(AsyncClusterClientTest, times_out_saying_where_it_was) {
    make();
    elapse(context_.message_timeout_ns);
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::connect_timeout);
    EXPECT_EQ(client_->error(),
              "cluster connect timeout: state=AWAIT_PUBLICATION_CONNECTED messageTimeout=5s "
              "ingressChannel=aeron:udp ingressEndpoints=0=h0:1,1=h1:1,2=h2:1 "
              "ingressPublication=null egress.isConnected=false "
              "responseChannel=aeron:udp?endpoint=me:1|rejoin=false");
    rounds();
    EXPECT_TRUE(driver_->publications().empty());
    client_->begin_close();
    EXPECT_EQ(client_->end_reason(), EndReason::connect_timeout);
}

TEST_F(AsyncClusterClientTest, what_is_for_others_or_for_nobody_is_passed_over) {
    make();
    await_request(2);
    auto other = event(msg::EventCode::error, "not yours");
    other.correlation_id = correlation_id_ + 1000;
    say(2, other);
    say(2, bytes("x"));
    say(2, bytes("a foreign schema, by chance"));
    say(2, event(msg::EventCode::closed));
    say(2, event(msg::EventCode::null));
    say_text(2, "too early");
    std::vector<std::byte> cut(wire::encoded_length(event(msg::EventCode::error, "long text")));
    (void)wire::encode(Bytes(cut), event(msg::EventCode::error, "long text"));
    say(2, ConstBytes(cut).first(cut.size() - 5));
    rounds();
    EXPECT_EQ(client_->state(), State::poll_response);
    say(2, event(msg::EventCode::ok));
    rounds();
    EXPECT_TRUE(client_->is_connected());
    EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(AsyncClusterClientTest, members_that_the_driver_refuses_are_named) {
    driver_serves_ = false;
    make();
    const auto refuse_all = [this] {
        round();
        while (auto command = driver_->next_command()) {
            if (command->id == wire::CommandId::add_exclusive_publication) {
                driver_->send_error(command->as<wire::ClientCommand>().correlation_id,
                                    wire::ErrorCode::unknown_host, "ERROR - no such host");
            } else {
                driver_->serve(*command);
            }
        }
    };
    for (int i = 0; i < 10; ++i) refuse_all();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_THAT(client_->error(),
                StartsWith("no member of the cluster can be reached: member 0: "));
    EXPECT_THAT(client_->error(), HasSubstr("; member 2: "));
}

TEST_F(AsyncClusterClientTest, temporary_refusals_are_tried_again) {
    driver_serves_ = false;
    make();
    int refused = 0;
    for (int i = 0; i < 20; ++i) {
        round();
        while (auto command = driver_->next_command()) {
            const bool is_add = command->id == wire::CommandId::add_exclusive_publication ||
                                command->id == wire::CommandId::add_subscription;
            if (is_add && refused < 3) {
                ++refused;
                driver_->send_error(command->as<wire::ClientCommand>().correlation_id,
                                    wire::ErrorCode::resource_temporarily_unavailable, "busy");
            } else {
                driver_->serve(*command);
            }
        }
    }
    driver_serves_ = true;
    await_request(2);
    EXPECT_EQ(refused, 3);
}

TEST_F(AsyncClusterClientTest, one_ingress_channel_without_endpoints) {
    context_.ingress_channel = "aeron:udp?endpoint=h2:1";
    context_.ingress_endpoints.clear();
    context_.is_ingress_exclusive = false;
    connect_to_leader();
    EXPECT_GT(client_->offer(bytes("hello")), 0);
    EXPECT_EQ(driver_->served(wire::CommandId::add_publication), 1);
}

TEST_F(AsyncClusterClientTest, mistakes_in_the_context_are_told) {
    const auto expect = [this](const char* text) {
        try {
            make();
            FAIL() << text;
        } catch (const ConfigurationError& error) {
            EXPECT_STREQ(error.what(), text);
        }
    };
    context_.client_name.assign(101, 'x');
    expect("AeronCluster.Context.clientName length must be <= 100");
    context_.egress_channel.clear();
    expect("egressChannel must be specified");
    context_.ingress_channel = "aeron:ipc";
    expect("AeronCluster.Context ingressEndpoints must be null when using IPC ingress");
    context_.ingress_channel.clear();
    expect("ingressChannel must be specified");
}

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
