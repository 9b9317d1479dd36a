#include "tern/archive/client/pending_requests.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/duration.hpp"

namespace tern::archive {

void PendingRequests::add(PendingRequest request) {
    if (requests_.size() >= AsyncArchiveClient::kMaxPendingRequests) {
        throw Error(fmt::format("archive client: {} requests are pending; take their outcomes",
                                requests_.size()));
    }
    requests_.push_back(std::move(request));
    ++unanswered_;
}

PendingRequest* PendingRequests::next_to_send() {
    if (unanswered_ == 0) return nullptr;
    const bool is_listing_under_way = std::ranges::any_of(
        requests_, [](const auto& r) { return r.is_listing() && r.is_sent && !r.outcome; });
    for (PendingRequest& request : requests_) {
        if (request.is_sent || request.outcome) continue;
        if (request.is_listing() && is_listing_under_way) continue;
        return &request;
    }
    return nullptr;
}

PendingRequest* PendingRequests::find_awaiting(std::int64_t correlation_id) {
    for (PendingRequest& request : requests_) {
        if (request.correlation_id == correlation_id && request.is_sent && !request.outcome) {
            return &request;
        }
    }
    return nullptr;
}

void PendingRequests::complete(PendingRequest& request, Outcome outcome) {
    --unanswered_;
    request.outcome = std::move(outcome);
    request.message = {};
    if (request.is_abandoned) (void)take(request.correlation_id);
}

PendingRequest* PendingRequests::find(std::int64_t correlation_id) {
    const auto found =
        std::ranges::find(requests_, correlation_id, &PendingRequest::correlation_id);
    return found == requests_.end() ? nullptr : &*found;
}

std::optional<Outcome> PendingRequests::take(std::int64_t correlation_id) {
    const auto found =
        std::ranges::find(requests_, correlation_id, &PendingRequest::correlation_id);
    if (found == requests_.end() || !found->outcome) return std::nullopt;
    std::optional<Outcome> outcome = std::move(found->outcome);
    requests_.erase(found);
    return outcome;
}

void PendingRequests::abandon(std::int64_t correlation_id) {
    const auto found =
        std::ranges::find(requests_, correlation_id, &PendingRequest::correlation_id);
    if (found == requests_.end()) return;
    found->is_abandoned = true;
    if (found->outcome) requests_.erase(found);
}

int PendingRequests::expire(std::int64_t now_ns, std::int64_t timeout_ns) {
    int expired = 0;
    for (std::size_t i = requests_.size(); unanswered_ > 0 && i-- > 0;) {
        PendingRequest& request = requests_[i];
        if (request.outcome || now_ns - request.deadline_ns < 0) continue;
        const Outcome::Status status = Outcome::Status::timed_out;
        complete(request,
                 {status, 0,
                  fmt::format("{} - correlationId={} messageTimeout={}",
                              request.is_sent ? "awaiting response" : "failed to send request",
                              request.correlation_id, format_duration_ns(timeout_ns))});
        ++expired;
    }
    return expired;
}

void PendingRequests::disconnect(const std::string& why) {
    for (std::size_t i = requests_.size(); unanswered_ > 0 && i-- > 0;) {
        if (!requests_[i].outcome) complete(requests_[i], {Outcome::Status::disconnected, 0, why});
    }
}

void PendingRequests::disconnect_wanted(const std::string& why) {
    for (std::size_t i = requests_.size(); unanswered_ > 0 && i-- > 0;) {
        PendingRequest& request = requests_[i];
        if (request.outcome || request.is_abandoned) continue;
        complete(request, {Outcome::Status::disconnected, 0, why});
    }
}

}  // namespace tern::archive
