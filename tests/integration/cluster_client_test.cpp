// The cluster client with a node in the same process, on one thread and on several.

#include <gmock/gmock.h>

#include <cstring>

#include "tern/cluster/client/cluster_client.hpp"
#include "tests/support/test_node.hpp"

namespace tern::integration {
namespace {

using cluster::AsyncClusterClient;
using cluster::ClusterClient;
using cluster::ClusterClientContext;
using cluster::ClusterClientError;
using cluster::EgressMessage;
using EndReason = AsyncClusterClient::EndReason;
using ::testing::HasSubstr;

class ClusterClientTest : public ::testing::TestWithParam<node::NodeThreading> {
  protected:
    ClusterClientContext context() {
        ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [this](const EgressMessage& message) {
            last_ = std::string(as_text(message.payload));
            ++answers_;
        };
        return context;
    }
    client::Context aeron_context() {
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.await_idle = [this] { node_.invoke(); };
        aeron.error_handler = [this](const std::exception& error) {
            const std::lock_guard lock(errors_mutex_);
            client_errors_.emplace_back(error.what());
        };
        return aeron;
    }
    std::unique_ptr<ClusterClient> connect(ClusterClientContext context) {
        return ClusterClient::connect(std::move(context), aeron_context(), platform_, idle());
    }
    ClusterClient::Idle idle() {
        std::shared_ptr<platform::IdleStrategy> backoff = platform::make_idle_strategy("backoff");
        return [this, backoff](int work) { backoff->idle(work + node_.invoke()); };
    }
    /// And receives the answers. The service waits for who does not read them, and on one thread
    /// everybody waits with it: only so many commands are under way.
    void send_numbers(ClusterClient& client, std::int64_t first, std::int64_t last) {
        constexpr std::int64_t kWindow = 100;
        const std::int64_t before = answers_;
        for (std::int64_t i = first; i <= last; ++i) {
            client.send(bytes_of(i));
            const std::int64_t sent = i - first + 1;
            client.poll_until([&] { return sent - (answers_ - before) < kWindow; }, "answers");
        }
        client.poll_until([&] { return answers_ - before == last - first + 1; }, "the last answer");
    }
    static ConstBytes bytes_of(const std::int64_t& value) {
        return std::as_bytes(std::span(&value, 1));
    }
    static std::int64_t to_int(std::string_view bytes) {
        std::int64_t value = 0;
        std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
        return value;
    }
    /// Polls until the session has ended.
    void await_end(ClusterClient& client) {
        node_.await(
            [&] {
                client.poll();
                return client.is_closed();
            },
            "the end of the session");
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::TestNode node_{platform_, GetParam()};
    std::mutex errors_mutex_;
    std::vector<std::string> client_errors_;
    std::int64_t answers_ = 0;
    std::string last_;
};

TEST_P(ClusterClientTest, connects_sends_receives_and_closes) {
    node_.start("counter");
    auto client = connect(context());
    EXPECT_GT(client->async().cluster_session_id(), 0);
    EXPECT_EQ(client->async().leader_member_id(), 0);
    send_numbers(*client, 1, 2'000);
    EXPECT_EQ(to_int(last_), 2'000 * 2'001 / 2);
    client->close();
    EXPECT_TRUE(client->is_closed());
    EXPECT_EQ(client->async().end_reason(), EndReason::none);
    client->close();
    const std::int64_t one = 1;
    EXPECT_EQ(client->offer(bytes_of(one)), client::kPublicationClosed);
    node_.close_and_expect_no_errors();
}

TEST_P(ClusterClientTest, message_in_parts_claimed_and_fragmented) {
    node_.start("echo");
    auto client = connect(context());
    const auto await_echo = [&](std::string_view expected) {
        client->poll_until([&] { return last_ == expected; }, "the echo");
    };
    const std::array parts{as_bytes("in "), as_bytes("three "), as_bytes("parts")};
    client->poll_until([&] { return client->offer(parts) > 0; }, "acceptance");
    await_echo("in three parts");

    client::BufferClaim claim;
    client->poll_until([&] { return client->try_claim(7, claim) > 0; }, "a claim");
    std::memcpy(claim.payload().subspan(cluster::kSessionHeaderLength).data(), "claimed", 7);
    claim.commit();
    await_echo("claimed");

    const std::string large(7'000, 'x');  // of 8 KiB that a term of 64 KiB allows
    client->send(as_bytes(large));
    await_echo(large);
    client.reset();
    node_.close_and_expect_no_errors();
}

TEST_P(ClusterClientTest, snapshot_on_request_if_authorised) {
    node_.start();
    auto refused = connect(context());
    try {
        refused->request_snapshot();
        ADD_FAILURE() << "admin requests are denied by default";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "the cluster refused to take a snapshot: UNAUTHORISED_ACCESS Execution of the "
                     "SNAPSHOT request was not authorised");
    }
    refused.reset();
    node_.close_and_expect_no_errors();

    node_.on_start = [](node::NodeContext& context) {
        context.module.authorisation_service = [](auto&&...) { return true; };
    };
    node_.start();
    auto client = connect(context());
    send_numbers(*client, 1, 10);
    client->request_snapshot();
    node_.await(
        [&] {
            client->poll();
            return node_.counter(memory::counter_type::kClusterSnapshotCount) == 1;
        },
        "the snapshot");
    send_numbers(*client, 11, 20);
    EXPECT_EQ(to_int(last_), 20 * 21 / 2);
    client.reset();
    node_.close_and_expect_no_errors();
}

/// Lets in who answers "knock" with "who is there".
class ChallengingAuthenticator final : public archive::Authenticator {
  public:
    void on_connect_request(std::int64_t, ConstBytes, std::int64_t) override {}
    void on_challenge_response(std::int64_t, ConstBytes credentials, std::int64_t) override {
        response_ = as_text(credentials);
    }
    void on_connected_session(archive::SessionProxy& proxy, std::int64_t) override {
        proxy.challenge(as_bytes("knock"));
    }
    void on_challenged_session(archive::SessionProxy& proxy, std::int64_t) override {
        if (response_.empty()) return;
        if (response_ == "who is there") {
            proxy.authenticate({});
        } else {
            proxy.reject();
        }
        response_.clear();
    }

  private:
    std::string response_;
};

TEST_P(ClusterClientTest, answers_a_challenge_or_is_rejected) {
    node_.on_start = [](node::NodeContext& context) {
        context.module.authenticator_supplier = [] {
            return std::make_unique<ChallengingAuthenticator>();
        };
    };
    node_.start();
    auto with_answer = [&](std::string_view answer) {
        auto with = context();
        with.credentials.on_challenge = [answer](ConstBytes challenge) {
            EXPECT_EQ(as_text(challenge), "knock");
            const ConstBytes bytes = as_bytes(answer);
            return std::vector<std::byte>(bytes.begin(), bytes.end());
        };
        return with;
    };
    try {
        connect(with_answer("hello"));
        ADD_FAILURE() << "let in with the wrong answer";
    } catch (const ClusterClientError& error) {
        EXPECT_EQ(error.reason(), EndReason::authentication_rejected);
        EXPECT_STREQ(error.what(), "session failed authentication");
    }
    auto client = connect(with_answer("who is there"));
    send_numbers(*client, 1, 3);
    EXPECT_EQ(to_int(last_), 6);
    client.reset();
    node_.close();
}

TEST_P(ClusterClientTest, more_sessions_than_the_cluster_takes) {
    node_.on_start = [](node::NodeContext& context) { context.module.max_concurrent_sessions = 1; };
    node_.start();
    auto first = connect(context());
    try {
        connect(context());
        ADD_FAILURE() << "a second session";
    } catch (const ClusterClientError& error) {
        EXPECT_STREQ(error.what(), "concurrent session limit");
    }
    first->close();
    // The place is free as soon as the cluster has applied the close.
    node_.await(
        [&] {
            try {
                first = connect(context());
                return true;
            } catch (const ClusterClientError&) {
                return false;
            }
        },
        "a place");
    first.reset();
    node_.close();
}

TEST_P(ClusterClientTest, silent_session_times_out_and_one_kept_alive_does_not) {
    node_.on_start = [](node::NodeContext& context) {
        context.module.session_timeout_ns = 500 * kNanosPerMilli;
    };
    node_.start();
    auto kept = context();
    kept.keep_alive_interval_ns = 50 * kNanosPerMilli;
    auto alive = connect(kept);
    auto forgotten = context();
    forgotten.keep_alive_interval_ns = 0;
    auto silent = connect(forgotten);
    node_.await(
        [&] {
            alive->poll();
            silent->poll();
            return silent->is_closed();
        },
        "the session timeout");
    EXPECT_EQ(silent->async().end_reason(), EndReason::session_closed);
    EXPECT_THAT(silent->async().error(), HasSubstr("closed by the cluster: TIMEOUT"));
    send_numbers(*alive, 1, 3);
    EXPECT_EQ(to_int(last_), 6);
    alive.reset();
    node_.close();
}

TEST_P(ClusterClientTest, cluster_that_shuts_down_ends_the_session_and_comes_back_with_its_state) {
    node_.start();
    auto impatient = context();
    impatient.new_leader_timeout_ns = 200 * kNanosPerMilli;
    auto client = connect(impatient);
    send_numbers(*client, 1, 100);
    node_.shut_down();
    await_end(*client);
    EXPECT_EQ(client->async().end_reason(), EndReason::no_leader);
    EXPECT_THAT(client->async().error(), HasSubstr("no new leader within 200ms"));
    client.reset();
    node_.close_and_expect_no_errors();

    node_.start();
    client = connect(context());
    send_numbers(*client, 101, 200);
    EXPECT_EQ(to_int(last_), 200 * 201 / 2);
    client.reset();
    node_.close_and_expect_no_errors();
}

// pain_1458: after a start from a snapshot, upstream's service missed messages for minutes.
TEST_P(ClusterClientTest, pain_1458_first_message_after_recovery_is_as_prompt_as_any_other) {
    node_.start();
    auto client = connect(context());
    send_numbers(*client, 1, 500);
    std::int64_t next = 501;
    for (const bool has_log_behind_the_snapshot : {false, true, false, true}) {
        if (has_log_behind_the_snapshot) {
            node_.toggle(cluster::ControlToggle::snapshot);
            send_numbers(*client, next, next + 99);
            next += 100;
            client.reset();
        } else {
            client.reset();
            node_.shut_down();
        }
        node_.close_and_expect_no_errors();
        node_.start();
        client = connect(context());
        const auto round_trip_ns = [&] {
            const std::int64_t begin_ns = platform_.clock.nano_time();
            send_numbers(*client, next, next);
            EXPECT_EQ(to_int(last_), next * (next + 1) / 2);
            ++next;
            return platform_.clock.nano_time() - begin_ns;
        };
        const std::int64_t first_ns = round_trip_ns();
        std::int64_t slowest_ns = 0;
        for (int i = 0; i < 20; ++i) slowest_ns = std::max(slowest_ns, round_trip_ns());
        // The machine may be busy with something else, but not for minutes.
        EXPECT_LT(first_ns, 10 * slowest_ns + 100 * kNanosPerMilli);
    }
    client.reset();
    node_.close_and_expect_no_errors();
}

TEST_P(ClusterClientTest, no_cluster_is_a_timeout_that_says_what_was_tried) {
    node_.start();
    auto wrong = context();
    wrong.ingress_endpoints = "0=" + support::free_endpoint(platform_);
    wrong.message_timeout_ns = 300 * kNanosPerMilli;
    try {
        connect(wrong);
        ADD_FAILURE() << "connected to nobody";
    } catch (const TimeoutError& timeout) {
        EXPECT_THAT(timeout.what(), HasSubstr("state=AWAIT_PUBLICATION_CONNECTED"));
        EXPECT_THAT(timeout.what(), HasSubstr(wrong.ingress_endpoints));
    }
    node_.close_and_expect_no_errors();
}

INSTANTIATE_TEST_SUITE_P(Threading, ClusterClientTest,
                         ::testing::Values(node::NodeThreading::single, node::NodeThreading::shared,
                                           node::NodeThreading::dedicated),
                         support::threading_name);

}  // namespace
}  // namespace tern::integration
