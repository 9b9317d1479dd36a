#pragma once
// What the consensus module says to its services and to tools (CON-11.3), on the shared control
// publication. False means "not sent now": the caller tries again in its next duty cycle, so that
// nothing waits here.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <span>
#include <vector>

#include "tern/client/publication.hpp"
#include "tern/cluster/cluster_member.hpp"
#include "tern/wire/cluster_control_messages.hpp"

namespace tern::cluster {

class ServiceProxy {
  public:
    static constexpr int kAttempts = 3;

    /// Not owned; outlives the connection.
    void connect(client::Publication& publication) { publication_ = &publication; }
    void disconnect() noexcept { publication_ = nullptr; }

    bool join_log(const wire::cluster::JoinLog& message);
    bool termination_position(std::int64_t log_position);
    bool members_response(std::int64_t correlation_id, std::int32_t leader_member_id,
                          std::span<const ClusterMember> members);
    /// Times of the members are monotonic; `monotonic_ns` and `cluster_time_ns` say what now is on
    /// both clocks, so that tools get cluster time.
    bool members_extended_response(std::int64_t correlation_id, std::int32_t member_id,
                                   std::int32_t leader_member_id,
                                   std::span<const ClusterMember> members,
                                   std::int64_t monotonic_ns, std::int64_t cluster_time_ns);

  private:
    template <typename Message>
    bool send(const Message& message);

    client::Publication* publication_ = nullptr;
    std::vector<std::byte> scratch_;
};

}  // namespace tern::cluster
