#pragma once
// How a cluster client is set up (CST-9.1, CLF-15.4), and what it calls back. Plain values.

#include <cstdint>
#include <functional>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/base/properties.hpp"
#include "tern/client/header.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::cluster {

/// Answers for authentication, the same for archive and cluster.
using archive::CredentialsSupplier;

/// A message from a service. Valid during the call.
struct EgressMessage {
    std::int64_t cluster_session_id;
    std::int64_t leadership_term_id;  ///< of the service that sent it
    std::int64_t timestamp;           ///< cluster time of what the service was processing
    ConstBytes payload;
    const client::Header& header;
};

/// Called from do_work() only. What they are given is valid during the call. Within them messages
/// may be sent and begin_close() be called, not do_work(). An exception leaves do_work() through
/// its caller; what was being handled counts as delivered.
struct EgressListener {
    /// One of the two is required.
    std::function<void(const EgressMessage&)> on_message;
    std::function<client::ControlledAction(const EgressMessage&)> on_controlled_message;

    // The rest may be empty.
    std::function<void(const wire::cluster::SessionEvent&)> on_session_event;
    std::function<void(const wire::cluster::NewLeaderEvent&)> on_new_leader;
    std::function<void(const wire::cluster::AdminResponse&)> on_admin_response;
    /// Messages of other schemas, from extensions of the consensus module, as they are.
    std::function<client::ControlledAction(const wire::MessageHeader& schema, ConstBytes message,
                                           const client::Header& header)>
        on_extension_message;
};

struct ClusterClientContext {
    /// Required. "aeron:udp" with ingress_endpoints, or a whole channel without.
    std::string ingress_channel;
    std::int32_t ingress_stream_id = kIngressStreamId;
    /// "0=host:port,1=host:port": the members; any that are up will do to find the leader.
    std::string ingress_endpoints;
    /// Required. "aeron:udp?endpoint=host:0" lets the system choose a port.
    std::string egress_channel;
    std::int32_t egress_stream_id = kEgressStreamId;
    bool is_ingress_exclusive = true;

    /// For connecting, redirects and challenges included; and for reaching a new leader.
    std::int64_t message_timeout_ns = 5 * kNanosPerSecond;
    /// How long to be without a leader. -1: twice the leader heartbeat timeout of the cluster.
    std::int64_t new_leader_timeout_ns = -1;
    /// do_work() keeps the session alive, and tells a new leader of it, this often. 0: that is left
    /// to the application, whose every message does it too.
    std::int64_t keep_alive_interval_ns = 1 * kNanosPerSecond;

    std::string client_name;          ///< at most 100 characters
    CredentialsSupplier credentials;  ///< empty: none are sent
    EgressListener listener;
    ErrorHandler error_handler;  ///< for errors that no call and no end reports; may be empty

    /// The properties aeron.cluster.message.timeout, .ingress.channel and so on.
    [[nodiscard]] static ClusterClientContext from_properties(const Properties& properties);

    /// Throws ConfigurationError naming the field that cannot be used.
    void validate() const;
};

}  // namespace tern::cluster
