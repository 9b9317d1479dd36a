#pragma once
// Ingress: what cluster clients send (CON-8.1, CON-8.2, CON-8.10). Subscribed between elections;
// polled while the module leads and is active, so that clients otherwise see back pressure.
//
// What is not valid for the session or term is ignored without a word, as upstream does; what is no
// message of this protocol is reported and dropped. A message that the log does not take now is
// left in its term and delivered again.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <string>

#include "tern/client/fragment_assembler.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::cluster {

class Ingress {
  public:
    explicit Ingress(ModuleCore& core);
    Ingress(const Ingress&) = delete;
    Ingress& operator=(const Ingress&) = delete;

    void connect();
    void disconnect() noexcept;  ///< harmless when repeated
    /// Advances the subscriptions that are being added; throws as Aeron::find_subscription.
    void poll_connect();
    int poll();

  private:
    [[nodiscard]] client::ControlledAction on_message(ConstBytes message,
                                                      const client::Header& header);
    [[nodiscard]] client::ControlledAction on_session_message(ConstBytes message,
                                                              const client::Header& header);
    void on_connect(ConstBytes message, const client::Header& header);
    void on_keep_alive(ConstBytes message, const client::Header& header);
    void on_close(ConstBytes message);
    void on_challenge_response(ConstBytes message);
    void on_admin_request(ConstBytes message);
    void on_image_unavailable(const client::Image& image);
    /// The session of a message of this term, if it is open and this node leads.
    [[nodiscard]] ClusterSession* open_session(std::int64_t term_id, std::int64_t session_id);
    [[nodiscard]] bool is_leader() const noexcept { return core_.role == Role::leader; }

    ModuleCore& core_;
    AsyncResource<client::Subscription> network_;
    AsyncResource<client::Subscription> ipc_;
    client::ControlledFragmentAssembler<> network_assembler_;
    client::ControlledFragmentAssembler<> ipc_assembler_;
    EgressPublisher egress_;
};

}  // namespace tern::cluster
