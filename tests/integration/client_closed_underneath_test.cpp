// pain_693: upstream's consensus module crashed after its Aeron client had timed out and closed. A
// component whose client is closed underneath it, or was given up by the driver, ends in order with
// an error that says so, and touches nothing that is not mapped any more (run it under asan).

#include <gmock/gmock.h>

#include <map>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"
#include "tern/memory/system_counters.hpp"
#include "tests/support/test_node.hpp"

namespace tern::integration {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;
constexpr std::string_view kModule = "module";
constexpr std::string_view kContainer = "container";

/// The parts of a node on the test's thread; module, container and applications have a client each,
/// which the test can close, or not run until the driver gives it up.
class ClientClosedUnderneath : public ::testing::Test {
  protected:
    void start() {
        node::NodeContext context = layout_.make_context();
        context.driver.threading_mode = driver::ThreadingMode::invoker;
        context.archive.threading_mode = archive::ArchiveThreadingMode::invoker;
        context.module.close_idle = [this] { run_others(kModule); };
        context.container->idle = [this](int) { run_others(kContainer); };
        for (ErrorHandler* handler :
             {&context.driver.error_handler, &context.archive.error_handler,
              &context.module.error_handler, &context.container->error_handler}) {
            *handler = [this](const std::exception& error) { errors_.emplace_back(error.what()); };
        }
        context.module.max_concurrent_sessions = 1'000;
        driver_ = driver::MediaDriver::launch(context.driver, platform_);
        context.archive.aeron_directory = context.driver.aeron_directory;
        archive_ = archive::Archive::launch(context.archive, platform_);
        context.module.aeron = clients_[std::string(kModule)] = connect();
        module_ = std::make_unique<cluster::ConsensusModule>(context.module, platform_);
        context.container->aeron = clients_[std::string(kContainer)] = connect();
        container_ = std::make_unique<cluster::ServiceContainer>(*context.container, platform_);
    }

    std::shared_ptr<client::Aeron> connect() {
        client::Context context;
        context.aeron_directory = layout_.aeron_directory();
        context.use_conductor_invoker = true;
        context.await_idle = [this] { run_infrastructure(); };
        context.error_handler = [this](const std::exception& error) {
            errors_.emplace_back(error.what());
        };
        return client::Aeron::connect(context, platform_);
    }

    int run_infrastructure() { return driver_->invoke() + archive_->invoke(); }
    int run(std::string_view name, Agent* agent) {
        if (agent == nullptr || ends_.contains(name) || name == stalled_) return 0;
        try {
            return agent->do_work();
        } catch (const AgentTermination& termination) {
            ends_.emplace(name, termination.what());
            agent->on_close();
            return 1;
        }
    }
    int run_others(std::string_view waiting) {
        int work = run_infrastructure();
        if (waiting != kModule) work += run(kModule, module_.get());
        if (waiting != kContainer) work += run(kContainer, container_.get());
        return work;
    }
    template <typename Condition>
    void await(Condition&& condition, const std::string& what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline)
                << "waited for " << what << "; errors " << ::testing::PrintToString(errors_);
            idle->idle(run_others({}));
        }
    }
    [[nodiscard]] bool has_leader() {
        return module_->status().election_state == cluster::ElectionState::closed &&
               container_->status().role == cluster::Role::leader;
    }

    void expect_orderly_end(std::string_view victim) {
        await([&] { return ends_.contains(victim); }, std::string(victim) + " to end");
        EXPECT_THAT(errors_, Contains(AnyOf(HasSubstr("Aeron close"), HasSubstr("client timeout"),
                                            HasSubstr("lient is closed"))))
            << "somebody says what happened";
        close();
    }
    /// In the order of a node; twice is harmless.
    void close() {
        stalled_ = {};
        for (int i = 0; i < 2; ++i) {
            if (!ends_.contains(kContainer)) container_->on_close();
            if (!ends_.contains(kModule)) module_->on_close();
        }
        container_.reset();
        module_.reset();
        for (auto& [name, client] : clients_) client->close();
        archive_->close();
        driver_->close();
        clients_.clear();
        archive_.reset();
        driver_.reset();
        ends_.clear();
        errors_.clear();
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::TestNode layout_{platform_, node::NodeThreading::single};
    std::vector<std::string> errors_;
    std::map<std::string, std::shared_ptr<client::Aeron>> clients_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<archive::Archive> archive_;
    std::unique_ptr<cluster::ConsensusModule> module_;
    std::unique_ptr<cluster::ServiceContainer> container_;
    std::map<std::string_view, std::string> ends_;
    std::string_view stalled_;  // not run
};

TEST_F(ClientClosedUnderneath, pain_693_of_a_leader) {
    for (const std::string_view victim : {kModule, kContainer}) {
        start();
        await([&] { return has_leader(); }, "a leader");
        clients_[std::string(victim)]->close();
        expect_orderly_end(victim);
    }
}

// Wherever it is in its start, from no turn at all to being the leader.
TEST_F(ClientClosedUnderneath, pain_693_while_starting) {
    for (const std::string_view victim : {kModule, kContainer}) {
        for (int turns = 0; turns < 200; turns += turns < 40 ? 2 : 40) {
            SCOPED_TRACE(turns);
            start();
            for (int i = 0; i < turns; ++i) run_others({});
            clients_[std::string(victim)]->close();
            expect_orderly_end(victim);
            if (HasFatalFailure()) return;
        }
    }
}

TEST_F(ClientClosedUnderneath, pain_693_given_up_by_the_driver) {
    layout_.properties().set("aeron.client.liveness.timeout", "3s");
    for (const std::string_view victim : {kModule, kContainer}) {
        start();
        await([&] { return has_leader(); }, "a leader");
        stalled_ = victim;
        await(
            [&] {
                const auto timeouts =
                    static_cast<std::int32_t>(memory::SystemCounter::client_timeouts);
                return driver_->counters().value(timeouts) > 0;
            },
            "the client timeout");
        stalled_ = {};
        expect_orderly_end(victim);
    }
}

TEST_F(ClientClosedUnderneath, pain_693_archive_client) {
    start();
    for (int turns = 0; turns < 100; turns += turns < 20 ? 1 : 20) {
        auto aeron = connect();
        archive::ArchiveClientContext context;
        archive::AsyncArchiveClient client(context, *aeron, platform_);
        for (int i = 0; i < turns; ++i) {
            run_others({});
            aeron->do_work();
            client.do_work();
        }
        std::int64_t request = -1;
        if (client.is_connected()) request = client.list_recordings(0, 10, [](const auto&) {});
        aeron->close();
        await(
            [&] {
                client.do_work();
                return client.is_failed();
            },
            "the archive client to notice");
        EXPECT_NE(client.error(), "");
        EXPECT_EQ(client.take_outcome(request).has_value(), request >= 0);
        client.begin_close();
        EXPECT_TRUE(client.is_closed());
    }
    close();
}

TEST_F(ClientClosedUnderneath, pain_693_cluster_client) {
    start();
    await([&] { return has_leader(); }, "a leader");
    for (int turns = 0; turns < 200; turns += turns < 40 ? 1 : 20) {
        auto aeron = connect();
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = layout_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [](const auto&) {};
        cluster::AsyncClusterClient client(context, *aeron, platform_);
        for (int i = 0; i < turns; ++i) {
            run_others({});
            aeron->do_work();
            client.do_work();
        }
        aeron->close();
        EXPECT_LT(client.offer(as_bytes("into the void")), 0);
        client.do_work();
        EXPECT_TRUE(client.is_closed());
        EXPECT_EQ(client.end_reason(), cluster::AsyncClusterClient::EndReason::aeron_closed);
    }
    close();
}

}  // namespace
}  // namespace tern::integration
