#pragma once
// The distinct error log: each different error once, with how often and when it was seen (TRN-12).
// It is in the CnC file and in the mark files of archive and cluster. A view; the bytes belong to
// the caller and outlive it.
//
// Thread safety: record from any thread of the process that owns the log; reading from anywhere.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"
#include "tern/platform/storage.hpp"

namespace tern::memory {

namespace error_log {

// Offsets into a record; records are aligned to 8.
inline constexpr std::size_t kLengthOffset = 0;  ///< written last; 0 ends the log
inline constexpr std::size_t kCountOffset = 4;
inline constexpr std::size_t kLastTimestampOffset = 8;
inline constexpr std::size_t kFirstTimestampOffset = 16;
inline constexpr std::size_t kTextOffset = 24;
inline constexpr std::size_t kAlignment = 8;

}  // namespace error_log

class DistinctErrorLog {
  public:
    /// Longest text recorded; the rest is cut.
    static constexpr std::size_t kMaxTextLength = 64 * 1024;

    /// `buffer` is zeroed, or holds what an earlier log has written, which is then continued.
    explicit DistinctErrorLog(Bytes buffer);

    /// Counts the error if its text has been seen before, else adds it. False when it is new and
    /// there is no room: then nobody will read of it, and the caller says it elsewhere.
    bool record(std::int64_t now_epoch_ms, std::string_view text);
    /// The text of an exception: "ERROR - message" for a tern::Error, with its severity.
    bool record(std::int64_t now_epoch_ms, const std::exception& error);

  private:
    std::mutex mutex_;
    Bytes buffer_;
    std::size_t end_ = 0;
    std::map<std::string, std::size_t, std::less<>> offsets_;  // of the records, by text
};

[[nodiscard]] std::string error_text(const std::exception& error);

struct ErrorObservation {
    std::int32_t count;
    std::int64_t first_epoch_ms;
    std::int64_t last_epoch_ms;
    std::string_view text;  ///< in the log
};

/// Calls visit(const ErrorObservation&) for each error last seen at or after `since_epoch_ms`;
/// returns how many. Lengths in the log are not trusted.
template <typename Visit>
int for_each_error(ConstBytes log, std::int64_t since_epoch_ms, Visit&& visit) {
    int visited = 0;
    std::size_t offset = 0;
    while (offset + error_log::kTextOffset <= log.size()) {
        const std::byte* const record = log.data() + offset;
        const auto length = load_acquire<std::int32_t>(record + error_log::kLengthOffset);
        if (length < static_cast<std::int32_t>(error_log::kTextOffset)) break;
        const std::size_t record_length =
            std::min(static_cast<std::size_t>(length), log.size() - offset);
        const auto last_ms = load_acquire<std::int64_t>(record + error_log::kLastTimestampOffset);
        if (last_ms >= since_epoch_ms) {
            ++visited;
            visit(ErrorObservation{load_acquire<std::int32_t>(record + error_log::kCountOffset),
                                   load<std::int64_t>(record + error_log::kFirstTimestampOffset),
                                   last_ms,
                                   as_text({record + error_log::kTextOffset,
                                            record_length - error_log::kTextOffset})});
        }
        offset += align_up(record_length, error_log::kAlignment);
    }
    return visited;
}

/// The log as people read it, and as it is saved (ARC-10.4); empty when there are no errors.
[[nodiscard]] std::string error_report(ConstBytes log);

/// Writes the report to a new file; returns false, and writes nothing, when there are no errors.
bool save_error_report(platform::Storage& storage, const std::string& path, ConstBytes log);

}  // namespace tern::memory
