#pragma once
// Asks a running consensus module who its cluster's members are and who leads (CST-11.5). A state
// machine; whoever waits polls it, and drives the Aeron client when that is in invoker mode.
//
// As long as it exists it is a consumer of the module's stream to its services: do not keep it.
// Thread safety: none; the client's thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/memory/cluster_mark_file.hpp"

namespace tern::cluster {

struct MemberReport {
    std::int32_t id = -1;
    bool is_leader = false;
    std::int64_t leadership_term_id = -1;
    std::int64_t log_position = -1;
    std::int64_t time_of_last_append_ns = -1;
    std::string ingress_endpoint, consensus_endpoint, log_endpoint, catchup_endpoint,
        archive_endpoint;
};

struct ClusterMembership {
    std::int64_t current_time_ns = -1;
    std::int32_t leader_member_id = -1;
    std::int32_t member_id = -1;
    std::vector<MemberReport> active_members;
};

class MembersQuery {
  public:
    MembersQuery(client::Aeron& aeron, const memory::ClusterMarkFields& node);

    /// The answer, once it is there. Throws RegistrationException and the like from the client.
    [[nodiscard]] std::optional<ClusterMembership> poll();

  private:
    void on_message(ConstBytes message);

    client::Aeron& aeron_;
    AsyncResource<client::Subscription> subscription_;
    AsyncResource<client::Publication> publication_;
    client::FragmentAssembler<> assembler_{
        [this](ConstBytes message, const client::Header&) { on_message(message); }};
    std::int64_t correlation_id_;
    bool is_sent_ = false;
    std::optional<ClusterMembership> answer_;
};

/// As upstream's tool prints it: "currentTimeNs=..., leaderMemberId=..., activeMembers=[...]".
[[nodiscard]] std::string to_string(const ClusterMembership& membership);

}  // namespace tern::cluster
