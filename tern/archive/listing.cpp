#include "tern/archive/listing.hpp"

#include <fmt/format.h>

#include "tern/archive/control_session.hpp"
#include "tern/archive/error_codes.hpp"
#include "tern/archive/recordings.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {
namespace {

/// False when it has to be tried again. A descriptor that can never be sent ends in an error.
enum class Sent : std::uint8_t { yes, later, impossible };

Sent send_descriptor(const Catalog& catalog, ControlSession& session, std::int64_t correlation_id,
                     std::int64_t recording_id) {
    const ConstBytes descriptor = catalog.descriptor_bytes(recording_id);
    const auto length = std::ssize(descriptor) + std::int64_t{wire::MessageHeader::kLength};
    if (length > session.max_message_length()) {
        session.send_error(correlation_id, error_code::kGeneric,
                           fmt::format("descriptor of recording {} has {} bytes, more than a "
                                       "response can hold: raise the term length of the response "
                                       "channel",
                                       recording_id, length));
        return Sent::impossible;
    }
    return session.try_send_descriptor(correlation_id, descriptor) ? Sent::yes : Sent::later;
}

class RecordingsListing final : public Listing {
  public:
    RecordingsListing(const Catalog& catalog, std::int64_t correlation_id, std::int64_t from,
                      std::int32_t count, RecordingFilter filter)
        : catalog_(catalog),
          correlation_id_(correlation_id),
          from_(from),
          next_(from),
          count_(count),
          filter_(std::move(filter)) {}

    bool do_work(ControlSession& session) override {
        if (count_ == 0) return true;
        for (int scans = 0; scans < kMaxListingScansPerCycle; ++scans) {
            const auto id = catalog_.next_id(next_);
            if (!id) {
                const auto last = catalog_.last_id();
                session.send_recording_unknown(correlation_id_, last < from_ ? from_ : last + 1);
                return true;
            }
            if (matches(*id)) {
                const auto sent = send_descriptor(catalog_, session, correlation_id_, *id);
                if (sent == Sent::impossible) return true;
                if (sent == Sent::later && !planted(Fault::listing_skips_when_blocked))
                    return false;
                if (++sent_ == count_) return true;
            }
            next_ = *id + 1;
        }
        return false;
    }

  private:
    [[nodiscard]] bool matches(std::int64_t id) const {
        return !filter_.applies || (catalog_.find(id)->stream_id == filter_.stream_id &&
                                    catalog_.original_channel(id).find(filter_.channel_fragment) !=
                                        std::string_view::npos);
    }

    const Catalog& catalog_;
    std::int64_t correlation_id_;
    std::int64_t from_;
    std::int64_t next_;
    std::int32_t count_;
    std::int32_t sent_ = 0;
    RecordingFilter filter_;
};

class SingleListing final : public Listing {
  public:
    SingleListing(const Catalog& catalog, std::int64_t correlation_id, std::int64_t recording_id)
        : catalog_(catalog), correlation_id_(correlation_id), recording_id_(recording_id) {}

    bool do_work(ControlSession& session) override {
        if (catalog_.contains(recording_id_)) {
            return send_descriptor(catalog_, session, correlation_id_, recording_id_) !=
                   Sent::later;
        }
        session.send_recording_unknown(correlation_id_, recording_id_);
        return true;
    }

  private:
    const Catalog& catalog_;
    std::int64_t correlation_id_;
    std::int64_t recording_id_;
};

class SubscriptionsListing final : public Listing {
  public:
    SubscriptionsListing(const RecordingSubscriptions& subscriptions, std::int64_t correlation_id,
                         std::int32_t pseudo_index, std::int32_t count, SubscriptionFilter filter)
        : subscriptions_(subscriptions),
          correlation_id_(correlation_id),
          skip_(pseudo_index),
          count_(count),
          filter_(std::move(filter)) {
        if (pseudo_index < 0 || pseudo_index >= subscriptions.listed_count()) count_ = 0;
    }

    bool do_work(ControlSession& session) override {
        if (count_ > 0) {
            for (const auto& [id, subscription] : subscriptions_.all()) {
                if (id <= after_id_ || !subscription.listed) continue;
                if (skip_ > 0) {
                    --skip_;
                } else if (matches(subscription)) {
                    if (!session.try_send_subscription(correlation_id_, id, subscription.stream_id,
                                                       subscription.channel)) {
                        return false;
                    }
                    if (++sent_ == count_) return true;
                }
                after_id_ = id;
            }
        }
        session.send_subscription_unknown(correlation_id_);
        return true;
    }

  private:
    [[nodiscard]] bool matches(const RecordingSubscription& subscription) const {
        return (!filter_.applies_stream_id || subscription.stream_id == filter_.stream_id) &&
               subscription.channel.find(filter_.channel_fragment) != std::string::npos;
    }

    const RecordingSubscriptions& subscriptions_;
    std::int64_t correlation_id_;
    std::int64_t after_id_ = INT64_MIN;  // handled so far, by registration id
    std::int32_t skip_;
    std::int32_t count_;
    std::int32_t sent_ = 0;
    SubscriptionFilter filter_;
};

}  // namespace

std::unique_ptr<Listing> list_recordings(const Catalog& catalog, std::int64_t correlation_id,
                                         std::int64_t from_recording_id, std::int32_t count,
                                         RecordingFilter filter) {
    return std::make_unique<RecordingsListing>(catalog, correlation_id, from_recording_id, count,
                                               std::move(filter));
}

std::unique_ptr<Listing> list_recording(const Catalog& catalog, std::int64_t correlation_id,
                                        std::int64_t recording_id) {
    return std::make_unique<SingleListing>(catalog, correlation_id, recording_id);
}

std::unique_ptr<Listing> list_subscriptions(const RecordingSubscriptions& subscriptions,
                                            std::int64_t correlation_id, std::int32_t pseudo_index,
                                            std::int32_t count, SubscriptionFilter filter) {
    return std::make_unique<SubscriptionsListing>(subscriptions, correlation_id, pseudo_index,
                                                  count, std::move(filter));
}

}  // namespace tern::archive
