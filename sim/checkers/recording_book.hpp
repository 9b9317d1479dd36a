#pragma once
// What is known of an archive's recordings: from whose stream each is, what its clients were told,
// and so what the archive has to know and to replay.
//
// A copy of the book is what is known at that time: it goes with a backup of the archive's files.
//
// Not all can be known: a request whose answer never came may have been carried out. Such a
// recording is `unsettled`: it is not changed any more, and its ends may be either.
//
// Positions in bytes. Findings are one line each. No thread safety.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/checkers/recording_checker.hpp"
#include "tern/archive/recording_descriptor.hpp"

namespace tern::sim {

struct KnownRecording {
    KnownRecording(RecordingChecker a_checker, archive::RecordingDescriptor a_descriptor)
        : checker(std::move(a_checker)), descriptor(std::move(a_descriptor)) {}

    RecordingChecker checker;
    archive::RecordingDescriptor descriptor;  ///< as it was first seen
    std::optional<std::int64_t> stop;         ///< it is not live, and ends here
    /// Moves whenever something of it may have changed otherwise than by growing.
    int version = 0;
    bool is_unsettled = false;
    bool may_be_gone = false;
    /// The disk may have lost or damaged any of it: whatever is replayed proves nothing.
    bool is_doubtful = false;
    /// Bits of payloads have rotted: a replay may end with an error, but not be wrong.
    bool is_rotten = false;
    /// Of the one who is about to change it.
    std::weak_ptr<const void> owner;

    [[nodiscard]] bool is_free() const { return owner.expired(); }
};

class RecordingBook {
  public:
    using Entry = std::shared_ptr<KnownRecording>;

    /// Somebody is about to publish on this stream.
    void announce(std::int32_t stream_id) { announced_.insert(stream_id); }
    /// A publication: all that its recordings can hold.
    void add_stream(std::int32_t stream_id, std::int32_t session_id,
                    std::shared_ptr<StreamWriter> writer);

    /// The archive has this recording: told by an answer to a question of the present epoch. A
    /// finding when it cannot be so.
    [[nodiscard]] std::optional<std::string> seen(const archive::RecordingDescriptor& descriptor);

    /// nullptr: not known.
    [[nodiscard]] Entry find(std::int64_t recording_id) const;
    [[nodiscard]] const std::map<std::int64_t, Entry>& all() const noexcept { return recordings_; }

    /// The host has crashed, and its archive syncs as these levels say.
    void host_crashed(int file_sync_level, int catalog_file_sync_level);
    /// A bit of one of the recording's files has rotted. `is_noticed`: the archive has a checksum
    /// that covers it.
    void rotted(std::int64_t recording_id, bool is_noticed);
    /// The archive's directory is as it was when the copy was made. With an empty copy: empty.
    void restored(const RecordingBook& copy);
    [[nodiscard]] RecordingBook copy() const;
    /// Moves when recordings may be others than those that answers under way are about.
    [[nodiscard]] int epoch() const noexcept { return epoch_; }

  private:
    /// Those of the book are others now than those that anybody has in hand.
    void detach();
    [[nodiscard]] std::optional<std::string> check(KnownRecording& known,
                                                   const archive::RecordingDescriptor& now) const;

    std::map<std::int64_t, Entry> recordings_;
    int epoch_ = 0;
    bool are_new_ones_doubtful_ = false;
    using StreamKey = std::pair<std::int32_t, std::int32_t>;  // stream id, session id
    std::set<StreamKey>
        lossy_streams_;  // their recordings may have lost bytes before they were seen
    std::set<std::int64_t> rotten_unseen_;   // rotten before they were seen
    std::multiset<std::int32_t> announced_;  // streams
    std::map<StreamKey, std::shared_ptr<StreamWriter>> streams_;
};

}  // namespace tern::sim
