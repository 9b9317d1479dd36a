#pragma once
// Messages that a service offered to its own cluster, on their way into the log exactly once
// (CON-10). One tracker per service.
//
// On every node each message of a service gets the next id of that service; it is queued unless the
// log already has it. The leader appends queued messages and remembers their log positions; when
// committed they leave the queue. A follower drops what it reads from the log. So whichever member
// leads, each message is in the log once, provided that services are deterministic.
//
// A queued record is the 32-byte session header (CLF-8.1) and the payload. Its clusterSessionId is
// the message id, its timestamp INT64_MAX ("not appended") or the log position after its append:
// exactly what a snapshot holds.
//
// Thread safety: none. Bounded: kMaxCapacity bytes of records; one more is fatal to the node.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"

namespace tern::cluster {

class PendingServiceMessageTracker {
  public:
    static constexpr std::int64_t kMaxCapacity = std::int64_t{1} << 30;
    static constexpr int kAppendLimit = 20;
    static constexpr std::size_t kSessionHeaderLength = 32;

    /// Id of the service that a logged or queued message id names.
    [[nodiscard]] static std::int32_t service_id_of(std::int64_t message_id) noexcept {
        return static_cast<std::int32_t>((static_cast<std::uint64_t>(message_id) >> 56) & 0x7f);
    }

    explicit PendingServiceMessageTracker(std::int32_t service_id);

    /// From a snapshot; message records follow through load_message().
    void load_state(std::int64_t next_service_session_id, std::int64_t log_service_session_id);
    void load_message(ConstBytes header_and_payload);
    /// After a load: ids must continue without a gap. Throws a fatal Error ("snapshot has incorrect
    /// pending message ...").
    void verify() const;
    /// After verify(): nothing has been appended in this life.
    void reset_appended();

    /// A message as the service sent it: header and payload. Throws a fatal Error when full.
    void enqueue(ConstBytes header_and_payload);

    /// Appends one message to the log: the position after it, or nullopt when it was refused.
    using Append =
        std::function<std::optional<std::int64_t>(std::int64_t message_id, ConstBytes payload)>;
    /// Leader: appends from where it stopped, kAppendLimit at most. Returns how many.
    int append(const Append& append);
    /// Leader: what is committed leaves.
    void sweep_committed(std::int64_t commit_position);
    /// Follower, replay: the log has this message of the service.
    void sweep_logged(std::int64_t message_id);
    /// Leadership lost: committed ones leave, the others are to be appended again.
    void restore_uncommitted(std::int64_t commit_position);

    [[nodiscard]] std::int32_t service_id() const noexcept { return service_id_; }
    [[nodiscard]] std::int64_t next_service_session_id() const noexcept { return next_id_; }
    [[nodiscard]] std::int64_t log_service_session_id() const noexcept { return log_id_; }
    [[nodiscard]] std::size_t size() const noexcept { return queue_.size(); }
    /// Bytes that upstream's ring would hold: what snapshots say as capacity.
    [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

    /// What a snapshot says is next: with nothing queued, one past the last logged.
    [[nodiscard]] std::int64_t snapshot_next_id() const noexcept {
        return queue_.empty() ? log_id_ + 1 : next_id_;
    }
    /// Messages that this node's service did not send though the log has them.
    [[nodiscard]] std::int64_t missed_messages() const noexcept {
        return snapshot_next_id() - next_id_;
    }
    /// Queued records in order, as a snapshot holds them.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const auto& record : queue_) visit(ConstBytes(record.bytes));
    }

  private:
    struct Record {
        std::int64_t id;
        std::int64_t append_position;
        std::vector<std::byte> bytes;
    };
    void push(std::int64_t id, std::int64_t append_position, ConstBytes bytes);
    void pop();
    static void set_append_position(Record& record, std::int64_t position);

    std::int32_t service_id_;
    std::int64_t log_id_;
    std::int64_t next_id_;
    std::deque<Record> queue_;
    std::size_t appended_ = 0;  // records at the front that are in the log of this term
    std::int64_t bytes_ = 0;
};

}  // namespace tern::cluster
