#include "tern/cluster/client/cluster_client.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::cluster {

ClusterClient::ClusterClient(ClusterClientContext context,
                             std::unique_ptr<client::Aeron> owned_aeron, client::Aeron& aeron,
                             platform::Platform platform, Idle idle)
    : owned_aeron_(std::move(owned_aeron)),
      aeron_(aeron),
      clock_(platform.clock),
      idle_(std::move(idle)),
      message_timeout_ns_(context.message_timeout_ns),
      async_(observe(std::move(context)), aeron, platform) {
    if (!idle_) {
        std::shared_ptr<platform::IdleStrategy> backoff = platform::make_idle_strategy("backoff");
        idle_ = [backoff](int work_count) { backoff->idle(work_count); };
    }
}

/// Sees admin responses before the application does.
ClusterClientContext ClusterClient::observe(ClusterClientContext context) {
    context.listener.on_admin_response = [this, next = context.listener.on_admin_response](
                                             const wire::cluster::AdminResponse& response) {
        if (response.correlation_id == admin_correlation_id_) {
            is_admin_answered_ = true;
            if (response.response_code != wire::cluster::AdminResponseCode::ok) {
                admin_error_ =
                    fmt::format("{} {}", to_string(response.response_code), response.message);
            }
        }
        if (next) next(response);
    };
    return context;
}

std::unique_ptr<ClusterClient> ClusterClient::connect(ClusterClientContext context,
                                                      client::Context aeron_context,
                                                      platform::Platform platform, Idle idle) {
    context.validate();
    aeron_context.use_conductor_invoker = true;
    if (aeron_context.client_name.empty()) {
        aeron_context.client_name =
            context.client_name.empty() ? "cluster-client" : context.client_name;
    }
    auto owned = client::Aeron::connect(std::move(aeron_context), platform);
    client::Aeron& aeron = *owned;
    return connect(std::unique_ptr<ClusterClient>(
        new ClusterClient(std::move(context), std::move(owned), aeron, platform, std::move(idle))));
}

std::unique_ptr<ClusterClient> ClusterClient::connect(ClusterClientContext context,
                                                      client::Aeron& aeron,
                                                      platform::Platform platform, Idle idle) {
    return connect(std::unique_ptr<ClusterClient>(
        new ClusterClient(std::move(context), nullptr, aeron, platform, std::move(idle))));
}

std::unique_ptr<ClusterClient> ClusterClient::connect(std::unique_ptr<ClusterClient> client) {
    // The core has the deadline.
    while (!client->async_.is_connected()) {
        if (client->is_closed()) {
            const auto reason = client->async_.end_reason();
            const std::string& why = client->async_.error();
            if (reason == AsyncClusterClient::EndReason::connect_timeout) throw TimeoutError(why);
            throw ClusterClientError(why, reason);
        }
        client->idle_(client->poll());
    }
    return client;
}

ClusterClient::~ClusterClient() {
    try {
        close();
    } catch (const std::exception&) {
        // Out of `idle`: there is no time to wait. What is left tells the cluster if it can.
    }
}

void ClusterClient::close() {
    async_.begin_close();
    while (!async_.is_closed()) idle_(poll());
    if (owned_aeron_) owned_aeron_->close();
}

int ClusterClient::poll() {
    const int work = aeron_.do_work();
    return work + async_.do_work();
}

void ClusterClient::poll_until(const std::function<bool()>& condition, const char* what) {
    std::int64_t deadline_ns = clock_.nano_time() + message_timeout_ns_;
    while (!condition()) {
        // Between leaders the core has the deadline: it closes itself.
        if (!async_.is_connected()) deadline_ns = clock_.nano_time() + message_timeout_ns_;
        if (is_closed()) {
            throw ClusterClientError(
                async_.error().empty() ? "cluster client: it is closed" : async_.error(),
                async_.end_reason());
        }
        if (clock_.nano_time() - deadline_ns >= 0) {
            throw TimeoutError(fmt::format("cluster client: waited for {} longer than {}; state {}",
                                           what, format_duration_ns(message_timeout_ns_),
                                           to_string(async_.state())));
        }
        idle_(poll());
    }
}

void ClusterClient::send(ConstBytes message) {
    poll_until([&] { return async_.offer(message) > 0; }, "the message to be accepted");
}

void ClusterClient::send_keep_alive() {
    poll_until([&] { return async_.send_keep_alive(); }, "the keep-alive to be accepted");
}

void ClusterClient::request_snapshot() {
    admin_correlation_id_ = aeron_.next_correlation_id();
    is_admin_answered_ = false;
    admin_error_.clear();
    poll_until([&] { return async_.request_snapshot(admin_correlation_id_); },
               "the request for a snapshot to be accepted");
    poll_until([&] { return is_admin_answered_; }, "the answer to the request for a snapshot");
    admin_correlation_id_ = -1;
    if (!admin_error_.empty()) {
        throw Error(fmt::format("the cluster refused to take a snapshot: {}", admin_error_));
    }
}

}  // namespace tern::cluster
