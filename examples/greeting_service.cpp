// A clustered service: it greets whoever sends a name, and counts the visitors. Every member of the
// cluster runs it, and all of them count the same, because they see the same log.
//
//   tern node --service none node.properties &          # on each member
//   example_greeting_service -Daeron.cluster.dir=...    # beside each node, same settings
//
// Shown here: state that follows from messages alone, answers, snapshots, the container's main.

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "tern/client/exclusive_publication.hpp"
#include "tern/client/image.hpp"
#include "tern/cluster/service/service_container.hpp"
#include "tern/platform/agent_runner.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"

namespace {

using tern::ConstBytes;
using tern::cluster::ClientSession;
using tern::cluster::Cluster;

class GreetingService final : public tern::cluster::ClusteredService {
  public:
    void on_start(Cluster& cluster, tern::client::Image* snapshot) override {
        cluster_ = &cluster;
        bool is_loaded = snapshot == nullptr;  // a fresh start has nothing to load
        while (!is_loaded) {
            const auto load = [&](ConstBytes message, const tern::client::Header&) {
                if (message.size() != sizeof(visitors_)) throw tern::Error("not my snapshot");
                visitors_ = tern::load<std::int64_t>(message.data());
                is_loaded = true;
            };
            cluster.idle(snapshot->poll(load, 1));
        }
        fmt::print("started with {} visitors\n", visitors_);
        std::fflush(stdout);
    }

    void on_session_message(ClientSession* session, std::int64_t /*timestamp*/, ConstBytes name,
                            const tern::client::Header& /*header*/) override {
        ++visitors_;
        if (session == nullptr) return;
        send(*session, fmt::format("Hello {}, you are visitor {}", tern::as_text(name), visitors_));
    }

    void on_take_snapshot(tern::client::ExclusivePublication& snapshot) override {
        std::array<std::byte, sizeof(visitors_)> state;
        tern::store(state.data(), visitors_);
        while (snapshot.offer(state) < 0) cluster_->idle();
    }

    void on_session_open(ClientSession&, std::int64_t) override {}
    void on_session_close(ClientSession&, std::int64_t, tern::cluster::CloseReason) override {}
    void on_timer_event(std::int64_t, std::int64_t) override {}
    void on_role_change(tern::cluster::Role) override {}
    void on_terminate(Cluster&) override {}

  private:
    /// Waits for a slow client, but not for one that is gone.
    void send(ClientSession& session, const std::string& text) {
        std::int64_t result = session.offer(tern::as_bytes(text));
        while (result == tern::client::kBackPressured || result == tern::client::kAdminAction) {
            cluster_->idle();
            result = session.offer(tern::as_bytes(text));
        }
    }

    Cluster* cluster_ = nullptr;
    std::int64_t visitors_ = 0;
};

void run(int argc, char** argv) {
    const tern::platform::Platform platform = tern::platform::posix::make_platform();
    tern::Properties properties;
    properties.set_from_environment(platform.system.environment());
    for (int i = 1; i < argc; ++i) {
        std::string_view argument = argv[i];
        if (argument.starts_with("-D")) argument.remove_prefix(2);
        properties.set_from_define(argument);
    }

    tern::platform::posix::ShutdownSignal stop;  // SIGINT, SIGTERM, or the end of the cluster
    const auto on_error = [](const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
    };
    auto context = tern::cluster::ServiceContainerContext::from_properties(properties);
    context.service = std::make_shared<GreetingService>();
    context.error_handler = on_error;
    context.termination_hook = [&stop] { stop.raise(); };

    tern::cluster::ServiceContainer container(std::move(context), platform);
    tern::platform::AgentRunner runner(container, tern::platform::make_idle_strategy("backoff"),
                                       on_error);
    runner.start();
    stop.wait();
    runner.close();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        run(argc, argv);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
