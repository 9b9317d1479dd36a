#pragma once
// What the consensus module says to clients (CON-8.7). Each call tries a few times at once; false
// means "not sent", for whatever reason: try again on a later tick.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/client/publication.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::cluster {

class EgressPublisher {
  public:
    static constexpr int kAttempts = 3;

    /// `event.version` is filled in here.
    bool session_event(client::Publication& to, wire::cluster::SessionEvent event);
    bool new_leader_event(client::Publication& to, std::int64_t leadership_term_id,
                          std::int64_t session_id, std::int32_t leader_member_id,
                          std::string_view ingress_endpoints);
    bool challenge(client::Publication& to, std::int64_t correlation_id, std::int64_t session_id,
                   ConstBytes encoded_challenge);
    bool admin_response(client::Publication& to, const wire::cluster::AdminRequest& request,
                        wire::cluster::AdminResponseCode code, std::string_view message);

  private:
    template <typename Message>
    bool send(client::Publication& to, const Message& message);

    std::vector<std::byte> scratch_;
};

}  // namespace tern::cluster
