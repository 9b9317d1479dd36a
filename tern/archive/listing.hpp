#pragma once
// A listing under way on a control session (ARC-4.9 of chapter 41): some descriptors a cycle, as
// the client takes them; resumed exactly where it was held up.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/archive/catalog.hpp"

namespace tern::archive {

class ControlSession;
class RecordingSubscriptions;

class Listing {
  public:
    virtual ~Listing() = default;
    /// True when it is finished: everything was sent, the end included.
    virtual bool do_work(ControlSession& session) = 0;
};

/// Entries looked at in one duty cycle.
inline constexpr int kMaxListingScansPerCycle = 64;

struct RecordingFilter {
    bool applies = false;
    std::int32_t stream_id = 0;
    std::string channel_fragment;
};

/// ListRecordings and ListRecordingsForUri.
[[nodiscard]] std::unique_ptr<Listing> list_recordings(const Catalog& catalog,
                                                       std::int64_t correlation_id,
                                                       std::int64_t from_recording_id,
                                                       std::int32_t count, RecordingFilter filter);
/// ListRecording.
[[nodiscard]] std::unique_ptr<Listing> list_recording(const Catalog& catalog,
                                                      std::int64_t correlation_id,
                                                      std::int64_t recording_id);

struct SubscriptionFilter {
    bool applies_stream_id = false;
    std::int32_t stream_id = 0;
    std::string channel_fragment;
};
/// ListRecordingSubscriptions, in the order in which they were made.
[[nodiscard]] std::unique_ptr<Listing> list_subscriptions(
    const RecordingSubscriptions& subscriptions, std::int64_t correlation_id,
    std::int32_t pseudo_index, std::int32_t count, SubscriptionFilter filter);

}  // namespace tern::archive
