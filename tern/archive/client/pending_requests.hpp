#pragma once
// The requests of an archive client that are not finished: waiting to be sent, waiting for their
// answer, or answered and waiting to be asked for. At most AsyncArchiveClient::kMaxPendingRequests.
//
// Thread safety: none.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tern/archive/client/async_archive_client.hpp"

namespace tern::archive {

struct PendingRequest {
    std::int64_t correlation_id = -1;
    const char* name = "";             ///< of the message, for error texts
    std::int64_t deadline_ns = 0;      ///< for sending and answer together
    std::vector<std::byte> message{};  ///< until it is sent
    bool is_sent = false;
    bool is_abandoned = false;
    bool is_replay_unwanted = false;  ///< to be stopped when the archive says that it has begun
    std::optional<Outcome> outcome{};

    // Listings only.
    DescriptorConsumer on_descriptor{};
    SubscriptionDescriptorConsumer on_subscription{};
    std::int64_t requested_count = -1;  ///< -1: not a listing
    std::int64_t delivered_count = 0;
    [[nodiscard]] bool is_listing() const noexcept { return requested_count >= 0; }
};

class PendingRequests {
  public:
    /// Throws Error when there are as many as there may be.
    void add(PendingRequest request);

    /// The next one to send, or null. A listing waits until no other listing is under way.
    [[nodiscard]] PendingRequest* next_to_send();
    /// The sent, unanswered request with this correlation id, or null.
    [[nodiscard]] PendingRequest* find_awaiting(std::int64_t correlation_id);

    void complete(PendingRequest& request, Outcome outcome);
    [[nodiscard]] std::optional<Outcome> take(std::int64_t correlation_id);
    void abandon(std::int64_t correlation_id);
    /// Null when there is none, or its outcome was taken.
    [[nodiscard]] PendingRequest* find(std::int64_t correlation_id);
    [[nodiscard]] bool has_unanswered() const noexcept { return unanswered_ > 0; }

    /// Completes all requests whose deadline has passed; returns how many.
    int expire(std::int64_t now_ns, std::int64_t timeout_ns);
    /// Completes all unanswered requests as disconnected.
    void disconnect(const std::string& why);
    /// The same, but those that were abandoned go on.
    void disconnect_wanted(const std::string& why);

  private:
    std::deque<PendingRequest> requests_;  // in the order in which they were made
    std::size_t unanswered_ = 0;
};

}  // namespace tern::archive
