#pragma once
// The members of a cluster as a connecting client sees them: an endpoint each, and a publication to
// it; the first that is connected is taken (CST-9.2 state 1, CST-9.3).
//
// Thread safety: none; the client's.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/cluster/client/ingress_publication.hpp"

namespace tern::cluster {

/// More members than a cluster has; a longer list is refused.
inline constexpr std::size_t kMaxIngressMembers = 128;

struct IngressEndpoint {
    std::int32_t member_id;
    std::string endpoint;
};

/// "0=host:port,1=host:port" (CLF-17.2). Of a repeated member the last counts. Throws
/// ConfigurationError.
[[nodiscard]] std::vector<IngressEndpoint> parse_ingress_endpoints(std::string_view text);

/// The ingress channel of a member: UDP channels get its endpoint.
[[nodiscard]] std::string member_ingress_channel(const std::string& ingress_channel,
                                                 const std::string& endpoint);

class IngressMembers {
  public:
    IngressMembers(std::string ingress_channel, std::int32_t stream_id, bool is_exclusive)
        : channel_(std::move(ingress_channel)),
          stream_id_(stream_id),
          is_exclusive_(is_exclusive) {}

    /// Closes all publications, and begins with these members.
    void set(const std::vector<IngressEndpoint>& endpoints);
    /// As set(), for a redirect: the leader alone is tried, the others when it is refused. The
    /// leader's publication, or its pending add, is kept if it is there for the same endpoint.
    /// `used` is the publication to `used_member_id` that the redirect came by. Throws Error when
    /// the leader is not among the endpoints.
    void redirect(std::int32_t leader_id, const std::vector<IngressEndpoint>& endpoints,
                  std::int32_t used_member_id, std::unique_ptr<IngressPublication> used);

    /// Adds what has to be added. True when a member is connected: take() gives it. Throws Error
    /// when every member was refused by the driver, with all reasons.
    bool poll(client::Aeron& aeron);
    /// The publication to the member found, once; `member_id` is set.
    [[nodiscard]] std::unique_ptr<IngressPublication> take(std::int32_t& member_id);

    /// "member 1: reason" for each member that the driver refused; may be empty.
    [[nodiscard]] std::string errors() const;
    [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
    void close() noexcept { members_.clear(); }

  private:
    struct Member {
        std::int32_t id;
        std::string endpoint;
        std::unique_ptr<IngressPublication> publication;
        std::string error;
    };
    bool poll(Member& member, client::Aeron& aeron);
    [[nodiscard]] Member* find(std::int32_t id);

    std::string channel_;
    std::int32_t stream_id_;
    bool is_exclusive_;
    std::vector<Member> members_;
    std::int32_t leader_id_ = -1;  // after a redirect
    std::int32_t connected_id_ = -1;
};

}  // namespace tern::cluster
