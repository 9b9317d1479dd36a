// How a client finds the leader, and what keeps it from it.

#include "tern/cluster/client/async_cluster_client.hpp"

#include <gmock/gmock.h>

#include "tern/cluster/testing/fake_cluster_fixture.hpp"

namespace tern::cluster {
namespace {

namespace msg = wire::cluster;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kEndpoints;
using testing::kSession;
using testing::kTerm;
using ::testing::StartsWith;
using EndReason = AsyncClusterClient::EndReason;
using State = AsyncClusterClient::State;

class ClusterClientConnectTest : public testing::FakeClusterFixture {};

TEST_F(ClusterClientConnectTest, connects_to_the_leader) {
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

TEST_F(ClusterClientConnectTest, follows_a_redirect_on_the_publication_that_is_there) {
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

TEST_F(ClusterClientConnectTest, follows_a_redirect_to_a_member_it_did_not_know) {
    context_.ingress_endpoints = "1=h1:1";
    make();
    await_request(1);
    auto redirect = event(msg::EventCode::redirect, "0=h0:1,1=h1:1,5=h5:1");
    redirect.leader_member_id = 5;
    say(1, redirect);
    await_request(5);
}

TEST_F(ClusterClientConnectTest, redirect_that_does_not_name_the_leader_fails) {
    make();
    await_request(1);
    say(1, event(msg::EventCode::redirect, "0=h0:1"));
    rounds();
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(client_->end_reason(), EndReason::connect_failed);
    EXPECT_EQ(client_->error(), "redirected to member 2, whose endpoint is not told");
}

TEST_F(ClusterClientConnectTest, garbled_redirect_fails) {
    make();
    await_request(1);
    say(1, event(msg::EventCode::redirect, "nonsense"));
    rounds();
    EXPECT_EQ(client_->error(), "endpoint missing '=' separator: nonsense");
}

TEST_F(ClusterClientConnectTest, answers_a_challenge) {
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

TEST_F(ClusterClientConnectTest, refusals_end_it_with_the_text_of_the_cluster) {
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

TEST_F(ClusterClientConnectTest, times_out_saying_where_it_was) {
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

TEST_F(ClusterClientConnectTest, what_is_for_others_or_for_nobody_is_passed_over) {
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

TEST_F(ClusterClientConnectTest, members_that_the_driver_refuses_are_named) {
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

TEST_F(ClusterClientConnectTest, temporary_refusals_are_tried_again) {
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

TEST_F(ClusterClientConnectTest, one_ingress_channel_without_endpoints) {
    context_.ingress_channel = "aeron:udp?endpoint=h2:1";
    context_.ingress_endpoints.clear();
    context_.is_ingress_exclusive = false;
    connect_to_leader();
    EXPECT_GT(client_->offer(bytes("hello")), 0);
    EXPECT_EQ(driver_->served(wire::CommandId::add_publication), 1);
}

TEST_F(ClusterClientConnectTest, context_from_upstreams_properties) {
    Properties properties;
    properties.set("aeron.cluster.message.timeout", "3s");
    properties.set("aeron.cluster.ingress.endpoints", "0=a:1");
    properties.set("aeron.cluster.ingress.channel", "aeron:udp?mtu=4k");
    properties.set("aeron.cluster.ingress.stream.id", "11");
    properties.set("aeron.cluster.egress.channel", "aeron:ipc");
    properties.set("aeron.cluster.egress.stream.id", "12");
    properties.set("aeron.cluster.client.name", "me");
    const auto context = ClusterClientContext::from_properties(properties);
    EXPECT_EQ(context.message_timeout_ns, 3 * kNanosPerSecond);
    EXPECT_EQ(context.ingress_endpoints, "0=a:1");
    EXPECT_EQ(context.ingress_channel, "aeron:udp?mtu=4k");
    EXPECT_EQ(context.ingress_stream_id, 11);
    EXPECT_EQ(context.egress_channel, "aeron:ipc");
    EXPECT_EQ(context.egress_stream_id, 12);
    EXPECT_EQ(context.client_name, "me");
}

TEST_F(ClusterClientConnectTest, mistakes_in_the_context_are_told) {
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

}  // namespace
}  // namespace tern::cluster
