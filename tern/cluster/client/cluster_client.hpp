#pragma once
// The cluster client for applications: calls that wait.
//
//     auto cluster = ClusterClient::connect(context, aeron_context, platform);
//     cluster->send(command);
//     while (!answered) cluster->poll();                 // egress arrives at context.listener
//     cluster->close();
//
// A thin layer over AsyncClusterClient, which async() gives access to. While a call waits, it runs
// the Aeron client's conductor, when that is in invoker mode, polls egress (so that listeners are
// called from within it) and idles through `idle`. Within a listener, egress is not polled.
//
// poll() must be called regularly, at least every few seconds: it is what keeps the session alive
// and notices a new leader.
//
// Errors: ClusterClientError when the session cannot be had or has ended, with the reason;
// TimeoutError naming what was awaited. Closing: close(), or the destructor, tells the cluster, and
// closes the Aeron client if it is owned; harmless when the cluster or the driver is gone.
//
// Thread safety: none; one thread. Not to be used inside agents: they must not wait.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "tern/client/context.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"

namespace tern::cluster {

class ClusterClientError : public Error {
  public:
    ClusterClientError(const std::string& message, AsyncClusterClient::EndReason reason)
        : Error(message), reason_(reason) {}
    [[nodiscard]] AsyncClusterClient::EndReason reason() const noexcept { return reason_; }

  private:
    AsyncClusterClient::EndReason reason_;
};

class ClusterClient {
  public:
    /// Called between looks with the work done since the last; empty: backs off up to 1 ms.
    using Idle = std::function<void(int work_count)>;

    /// With an Aeron client of its own, which is run by the calls here and closed with it.
    [[nodiscard]] static std::unique_ptr<ClusterClient> connect(ClusterClientContext context,
                                                                client::Context aeron,
                                                                platform::Platform platform,
                                                                Idle idle = {});
    /// On an Aeron client that outlives it.
    [[nodiscard]] static std::unique_ptr<ClusterClient> connect(ClusterClientContext context,
                                                                client::Aeron& aeron,
                                                                platform::Platform platform,
                                                                Idle idle = {});
    ~ClusterClient();  ///< closes
    ClusterClient(const ClusterClient&) = delete;
    ClusterClient& operator=(const ClusterClient&) = delete;

    void close();
    [[nodiscard]] bool is_closed() const noexcept { return async_.is_closed(); }
    [[nodiscard]] AsyncClusterClient& async() noexcept { return async_; }
    [[nodiscard]] client::Aeron& aeron() noexcept { return aeron_; }

    /// One round: conductor, egress, leader changes, keep-alive. Returns work done. Does not throw
    /// when the session has ended: is_closed() tells.
    int poll();
    /// Polls until `condition()` or the message timeout, which throws TimeoutError naming `what`.
    /// The time between leaders is not counted: it has the new leader timeout.
    void poll_until(const std::function<bool()>& condition, const char* what);

    /// As AsyncClusterClient: does not wait.
    std::int64_t offer(ConstBytes message) { return async_.offer(message); }
    std::int64_t offer(std::span<const ConstBytes> parts) { return async_.offer(parts); }
    std::int64_t try_claim(std::int32_t length, client::BufferClaim& claim) {
        return async_.try_claim(length, claim);
    }
    /// Waits until the message is accepted, through back pressure and changes of leader.
    void send(ConstBytes message);
    /// Waits until it is sent.
    void send_keep_alive();
    /// Asks for a snapshot and waits until the leader has answered that it begins; throws Error
    /// with its text when it refuses, as it does by default (CLF-18.3).
    void request_snapshot();

  private:
    ClusterClient(ClusterClientContext context, std::unique_ptr<client::Aeron> owned_aeron,
                  client::Aeron& aeron, platform::Platform platform, Idle idle);
    static std::unique_ptr<ClusterClient> connect(std::unique_ptr<ClusterClient> client);
    ClusterClientContext observe(ClusterClientContext context);

    std::unique_ptr<client::Aeron> owned_aeron_;  // null: not ours
    client::Aeron& aeron_;
    platform::Clock& clock_;
    Idle idle_;
    std::int64_t message_timeout_ns_;

    std::int64_t admin_correlation_id_ = -1;  // of request_snapshot() under way
    bool is_admin_answered_ = false;
    std::string admin_error_;

    AsyncClusterClient async_;
};

}  // namespace tern::cluster
