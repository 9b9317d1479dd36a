#pragma once
// A cluster client against a cluster that is made of single messages: three members on a fake
// driver, in manual time, on one thread. The test says which members are up, and what they say.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tern/client/testing/client_fixture.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster::testing {

inline constexpr std::int64_t kSession = 7;
inline constexpr std::int64_t kTerm = 3;
inline constexpr std::int64_t kHeartbeatTimeoutNs = 2 * kNanosPerSecond;
inline constexpr std::string_view kEndpoints = "0=h0:1,1=h1:1,2=h2:1";

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

class FakeClusterFixture : public client::testing::ClientFixture {
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
        context_.listener.on_session_event = [this](const wire::cluster::SessionEvent& event) {
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
        (void)wire::encode(
            Bytes(bytes),
            wire::cluster::SessionMessageHeader{
                .leadership_term_id = kTerm, .cluster_session_id = session, .timestamp = 99});
        const ConstBytes payload = as_bytes(text);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        say(member, ConstBytes(bytes));
    }
    [[nodiscard]] wire::cluster::SessionEvent event(wire::cluster::EventCode code,
                                                    std::string_view detail = {}) const {
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
        ASSERT_EQ(client_->state(), AsyncClusterClient::State::poll_response);
        ASSERT_FALSE(received_.empty());
        ASSERT_EQ(received_.back().endpoint, fmt::format("h{}:1", member));
        correlation_id_ = last<wire::cluster::SessionConnectRequest>()->correlation_id;
    }
    void connect_to_leader() {
        make();
        await_request(2);
        say(2, event(wire::cluster::EventCode::ok));
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
        say(member, wire::cluster::NewLeaderEvent{.leadership_term_id = term,
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
    std::vector<wire::cluster::EventCode> events_;
    std::vector<std::string> reported_;
};

}  // namespace tern::cluster::testing
