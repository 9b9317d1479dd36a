#include "tern/cluster/consensus/pending_service_message_tracker.hpp"

#include <fmt/format.h>

#include "tern/base/assert.hpp"
#include "tern/base/math.hpp"

namespace tern::cluster {

namespace {

// Offsets in a record (CLF-8.1).
constexpr std::size_t kSessionIdOffset = 8 + 8;
constexpr std::size_t kTimestampOffset = 8 + 16;
constexpr std::int64_t kNotAppended = INT64_MAX;

std::int64_t first_id(std::int32_t service_id) {
    return static_cast<std::int64_t>((static_cast<std::uint64_t>(service_id) << 56) |
                                     0x8000'0000'0000'0000U);
}

/// Bytes of a record in upstream's ring: an 8-byte header, rounded up to 8.
std::int64_t ring_length(std::size_t record_length) {
    return align_up<std::int64_t>(static_cast<std::int64_t>(record_length) + 8, 8);
}

Error fatal(const std::string& message) { return Error(message, kGenericError, Severity::fatal); }

}  // namespace

PendingServiceMessageTracker::PendingServiceMessageTracker(std::int32_t service_id)
    : service_id_(service_id), log_id_(first_id(service_id)), next_id_(log_id_ + 1) {}

void PendingServiceMessageTracker::load_state(std::int64_t next_service_session_id,
                                              std::int64_t log_service_session_id) {
    next_id_ = next_service_session_id;
    log_id_ = log_service_session_id;
}

void PendingServiceMessageTracker::push(std::int64_t id, std::int64_t append_position,
                                        ConstBytes bytes) {
    TERN_ASSERT(bytes.size() >= kSessionHeaderLength, "a record begins with the session header");
    if (bytes_ + ring_length(bytes.size()) > kMaxCapacity) {
        throw fatal(fmt::format("pending service message buffer at capacity={} for serviceId={}",
                                bytes_, service_id_));
    }
    auto& record = queue_.emplace_back(Record{id, append_position, {bytes.begin(), bytes.end()}});
    store(record.bytes.data() + kSessionIdOffset, id);
    store(record.bytes.data() + kTimestampOffset, append_position);
    bytes_ += ring_length(bytes.size());
}

void PendingServiceMessageTracker::pop() {
    bytes_ -= ring_length(queue_.front().bytes.size());
    queue_.pop_front();
    if (appended_ > 0) --appended_;
}

void PendingServiceMessageTracker::set_append_position(Record& record, std::int64_t position) {
    record.append_position = position;
    store(record.bytes.data() + kTimestampOffset, position);
}

void PendingServiceMessageTracker::load_message(ConstBytes header_and_payload) {
    const auto* bytes = header_and_payload.data();
    push(load<std::int64_t>(bytes + kSessionIdOffset), load<std::int64_t>(bytes + kTimestampOffset),
         header_and_payload);
}

void PendingServiceMessageTracker::verify() const {
    auto expected = log_id_;
    for (const auto& record : queue_) {
        ++expected;
        if (record.id != expected) {
            throw fatal(
                fmt::format("snapshot has incorrect pending message: serviceId={} "
                            "expectedId={} id={}",
                            service_id_, expected, record.id));
        }
    }
    if (next_id_ != expected + 1) {
        throw fatal(
            fmt::format("snapshot has incorrect pending message state: serviceId={} "
                        "nextServiceSessionId={} logServiceSessionId={} messages={}",
                        service_id_, next_id_, log_id_, queue_.size()));
    }
}

void PendingServiceMessageTracker::reset_appended() {
    for (auto& record : queue_) set_append_position(record, kNotAppended);
    appended_ = 0;
}

void PendingServiceMessageTracker::enqueue(ConstBytes header_and_payload) {
    const auto id = next_id_++;
    if (id > log_id_) push(id, kNotAppended, header_and_payload);
}

int PendingServiceMessageTracker::append(const Append& append) {
    int count = 0;
    while (count < kAppendLimit && appended_ < queue_.size()) {
        auto& record = queue_[appended_];
        const auto position =
            append(record.id, ConstBytes(record.bytes).subspan(kSessionHeaderLength));
        if (!position) break;
        set_append_position(record, *position);
        ++appended_;
        ++count;
    }
    return count;
}

void PendingServiceMessageTracker::sweep_committed(std::int64_t commit_position) {
    while (appended_ > 0 && queue_.front().append_position <= commit_position) {
        log_id_ = queue_.front().id;
        pop();
    }
}

void PendingServiceMessageTracker::sweep_logged(std::int64_t message_id) {
    log_id_ = message_id;
    while (!queue_.empty() && queue_.front().id <= message_id) pop();
}

void PendingServiceMessageTracker::restore_uncommitted(std::int64_t commit_position) {
    sweep_committed(commit_position);
    reset_appended();
}

}  // namespace tern::cluster
