#pragma once
// The cluster client as a state machine (upstream's AeronCluster): nothing blocks, everything is
// advanced by do_work(). cluster_client.hpp wraps it for applications that prefer to wait.
//
//     AsyncClusterClient client(context, *aeron, platform);
//     while (!client.is_connected() && !client.is_closed()) { aeron->do_work(); client.do_work(); }
//     if (client.offer(command) < 0) ...               // again later, as for any publication
//     client.do_work();                                // egress arrives at context.listener
//     client.begin_close();                            // do_work() until is_closed()
//
// Connecting finds the leader among the ingress endpoints, following redirects and answering
// challenges, within one message timeout.
//
// A positive offer says that the message is on its way to the leader, not that the cluster will
// apply it: around a change of leader it may be lost. Only an answer of the service is proof.
//
// The leader may change: connected -> await_new_leader -> await_new_leader_connection -> connected.
// Meanwhile offers give kNotConnected or kPublicationClosed. Without a new leader in time, or when
// the cluster ends the session, the client closes itself: is_closed(), end_reason() and error() say
// why. A closed client stays closed; make another one.
//
// Closing (CST-9.9): begin_close() offers SessionCloseRequest until the leader's ingress accepts it
// or the message timeout is over, then closes egress subscription and ingress publication. A client
// destroyed before that has one attempt. The Aeron client is never owned and must outlive this
// object; when it is closed underneath, this client closes itself and says so.
//
// Bounds: 10 fragments of egress in each do_work(), kMaxIngressMembers members.
// Thread safety: none; one thread, as AsyncArchiveClient. Spec: chapter 52 CST-9.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tern/client/offer_result.hpp"
#include "tern/cluster/client/cluster_client_context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {
class Aeron;
}  // namespace tern::client

namespace tern::cluster {

/// Where the application's bytes begin in what try_claim() gives.
inline constexpr std::size_t kSessionHeaderLength = 32;

class AsyncClusterClient {
  public:
    enum class State : std::uint8_t {
        create_egress_subscription,
        create_ingress_publications,
        await_publication_connected,
        send_message,
        poll_response,
        connected,
        await_new_leader,
        await_new_leader_connection,
        pending_close,  ///< it has ended, and closes at the end of this do_work()
        closing,        ///< begin_close(): SessionCloseRequest is being offered
        closed,
    };
    enum class EndReason : std::uint8_t {
        none,             ///< not ended, or closed by its owner
        connect_timeout,  ///< no member answered in time
        connect_failed,   ///< refused by driver or cluster; cannot be connected as configured
        authentication_rejected,  ///< the cluster did not accept the credentials
        session_closed,           ///< by the cluster: error() ends with its reason, such as TIMEOUT
        no_leader,                ///< none within the new leader timeout, or it was not reached
        max_position_exceeded,    ///< of the ingress publication
        aeron_closed,             ///< the Aeron client was closed, or has lost its driver
    };

    /// Starts connecting. `aeron` and `platform`'s referents must outlive this object. Throws
    /// ConfigurationError.
    AsyncClusterClient(ClusterClientContext context, client::Aeron& aeron,
                       platform::Platform platform);
    ~AsyncClusterClient();
    AsyncClusterClient(const AsyncClusterClient&) = delete;
    AsyncClusterClient& operator=(const AsyncClusterClient&) = delete;

    /// Advances connect, egress, leader changes, keep-alives and close. Returns work done. Does not
    /// drive the Aeron client's conductor. From within a listener it does nothing.
    int do_work();

    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] bool is_connected() const noexcept { return state() == State::connected; }
    [[nodiscard]] bool is_closed() const noexcept { return state() == State::closed; }
    [[nodiscard]] EndReason end_reason() const noexcept;
    /// Why it has ended; empty otherwise.
    [[nodiscard]] const std::string& error() const noexcept;

    [[nodiscard]] std::int64_t cluster_session_id() const noexcept;  ///< -1 before connected
    [[nodiscard]] std::int64_t leadership_term_id() const noexcept;  ///< -1 before connected
    [[nodiscard]] std::int32_t leader_member_id() const noexcept;    ///< -1 when not known

    // Sending. Results are those of a publication, which a session header of 32 bytes is put in
    // front of: a message has at most max_message_length() - 32 bytes, a claim at most
    // max_payload_length() - 32; longer ones throw Error.
    std::int64_t offer(ConstBytes message);
    /// One message made of the parts, in order.
    std::int64_t offer(std::span<const ConstBytes> parts);
    /// The message goes to claim.payload().subspan(kSessionHeaderLength).
    std::int64_t try_claim(std::int32_t length, client::BufferClaim& claim);
    /// False when it could not be sent now.
    bool send_keep_alive();
    /// Asks the leader for a snapshot; the answer comes to on_admin_response with this id. False
    /// when it could not be sent now.
    bool request_snapshot(std::int64_t correlation_id);

    /// Starts an orderly close; do_work() until is_closed(). Harmless when repeated.
    void begin_close();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// "AWAIT_PUBLICATION_CONNECTED": upstream's names where it has them.
[[nodiscard]] std::string_view to_string(AsyncClusterClient::State state) noexcept;

}  // namespace tern::cluster
