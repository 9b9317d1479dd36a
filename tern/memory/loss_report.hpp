#pragma once
// The loss report: one entry per image that had loss (TRN-13). A view; the bytes belong to the
// caller and outlive it.
//
// Thread safety: entries are created and updated by the receiver thread, read from anywhere.

#include <cstdint>
#include <optional>
#include <string_view>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"

namespace tern::memory {

inline constexpr std::string_view kLossReportFileName = "loss-report.dat";
inline constexpr std::int64_t kLossReportDefaultLength = 1 << 20;

/// Length of the file for a configured length.
[[nodiscard]] std::int64_t loss_report_file_length(std::int64_t configured_length,
                                                   std::int32_t file_page_size);

/// One image's entry; a pointer into the report.
class LossReportEntry {
  public:
    explicit LossReportEntry(std::byte* entry) noexcept : entry_(entry) {}
    void record(std::int64_t bytes_lost, std::int64_t now_epoch_ms) const noexcept;

  private:
    std::byte* entry_;
};

struct LossEntry {
    std::int64_t observation_count;
    std::int64_t total_bytes_lost;
    std::int64_t first_observation_epoch_ms;
    std::int64_t last_observation_epoch_ms;
    std::int32_t session_id;
    std::int32_t stream_id;
    std::string_view channel;  ///< in the report
    std::string_view source;   ///< in the report
};

class LossReport {
  public:
    /// `buffer` is zeroed, or holds earlier entries, which are then continued.
    explicit LossReport(Bytes buffer);

    /// A new entry with its first loss; nullopt when the report is full: then this image is not
    /// reported.
    [[nodiscard]] std::optional<LossReportEntry> create_entry(
        std::int64_t bytes_lost, std::int64_t now_epoch_ms, std::int32_t session_id,
        std::int32_t stream_id, std::string_view channel, std::string_view source);

  private:
    Bytes buffer_;
    std::size_t end_ = 0;
};

/// Reads the entry at `offset` and moves `offset` to the next; nullopt at the end, or where the
/// bytes cannot be an entry.
[[nodiscard]] std::optional<LossEntry> next_loss_entry(ConstBytes report, std::size_t& offset);

/// Calls visit(const LossEntry&) for each entry; returns how many.
template <typename Visit>
int for_each_loss(ConstBytes report, Visit&& visit) {
    int visited = 0;
    std::size_t offset = 0;
    while (const auto entry = next_loss_entry(report, offset)) {
        visit(*entry);
        ++visited;
    }
    return visited;
}

}  // namespace tern::memory
