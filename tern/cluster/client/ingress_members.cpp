#include "tern/cluster/client/ingress_members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

std::vector<IngressEndpoint> parse_ingress_endpoints(std::string_view text) {
    std::vector<IngressEndpoint> endpoints;
    for (std::string_view rest = text; !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string_view entry = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const auto separator = entry.find('=');
        if (separator == std::string_view::npos) {
            throw ConfigurationError(fmt::format("endpoint missing '=' separator: {}", text));
        }
        std::int32_t id = 0;
        const char* const id_end = entry.data() + separator;
        const auto parsed = std::from_chars(entry.data(), id_end, id);
        if (parsed.ec != std::errc{} || parsed.ptr != id_end) {
            throw ConfigurationError(fmt::format("endpoint without a member id: {}", text));
        }
        std::erase_if(endpoints, [id](const auto& earlier) { return earlier.member_id == id; });
        endpoints.push_back({id, std::string(entry.substr(separator + 1))});
        if (endpoints.size() > kMaxIngressMembers) {
            throw ConfigurationError(
                fmt::format("more than {} ingress endpoints", kMaxIngressMembers));
        }
    }
    return endpoints;
}

std::string member_ingress_channel(const std::string& ingress_channel,
                                   const std::string& endpoint) {
    auto uri = wire::ChannelUri::parse(ingress_channel);
    if (uri.is_udp()) uri.put(wire::uri_key::kEndpoint, endpoint);
    return uri.to_string();
}

void IngressMembers::set(const std::vector<IngressEndpoint>& endpoints) {
    members_.clear();
    leader_id_ = connected_id_ = -1;
    for (const auto& [id, endpoint] : endpoints) {
        members_.push_back({id, endpoint, std::make_unique<IngressPublication>(is_exclusive_), {}});
    }
}

void IngressMembers::redirect(std::int32_t leader_id, const std::vector<IngressEndpoint>& endpoints,
                              std::int32_t used_member_id,
                              std::unique_ptr<IngressPublication> used) {
    if (Member* member = find(used_member_id)) member->publication = std::move(used);
    Member old{-1, {}, nullptr, {}};
    if (Member* known = find(leader_id)) old = std::move(*known);
    set(endpoints);
    Member* const leader = find(leader_id);
    if (leader == nullptr) {
        throw Error(fmt::format("redirected to member {}, whose endpoint is not told", leader_id));
    }
    leader_id_ = leader_id;
    if (old.publication && old.error.empty() && old.endpoint == leader->endpoint) {
        leader->publication = std::move(old.publication);
    }
}

bool IngressMembers::poll(client::Aeron& aeron) {
    const Member* const leader = find(leader_id_);
    const bool is_leader_alone = leader != nullptr && leader->error.empty();
    bool any_usable = false;
    for (Member& member : members_) {
        if (is_leader_alone && &member != leader) continue;
        if (poll(member, aeron)) {
            connected_id_ = member.id;
            return true;
        }
        any_usable = any_usable || member.error.empty();
    }
    if (!any_usable && !is_leader_alone) {
        throw Error(fmt::format("no member of the cluster can be reached: {}", errors()));
    }
    return false;
}

bool IngressMembers::poll(Member& member, client::Aeron& aeron) {
    if (!member.error.empty()) return false;
    IngressPublication& publication = *member.publication;
    try {
        if (publication.is_idle()) {
            publication.begin(aeron, member_ingress_channel(channel_, member.endpoint), stream_id_);
        }
        return publication.poll() && publication.is_connected();
    } catch (const client::RegistrationException& refused) {
        // Temporarily unavailable: it is idle, the next poll adds again.
        if (refused.severity() != Severity::warn) member.error = refused.what();
        return false;
    }
}

std::unique_ptr<IngressPublication> IngressMembers::take(std::int32_t& member_id) {
    member_id = connected_id_;
    Member* const member = find(connected_id_);
    return member == nullptr ? nullptr : std::move(member->publication);
}

IngressMembers::Member* IngressMembers::find(std::int32_t id) {
    const auto found = std::ranges::find(members_, id, &Member::id);
    return found == members_.end() ? nullptr : &*found;
}

std::string IngressMembers::errors() const {
    std::string all;
    for (const Member& member : members_) {
        if (member.error.empty()) continue;
        all += fmt::format("{}member {}: {}", all.empty() ? "" : "; ", member.id, member.error);
    }
    return all;
}

}  // namespace tern::cluster
