#include "tern/memory/loss_report.hpp"

#include <cstring>

#include "tern/base/math.hpp"

namespace tern::memory {

namespace {

// Offsets into an entry; entries are aligned to 64.
constexpr std::size_t kCountOffset = 0;  // written last; 0 ends the report
constexpr std::size_t kBytesLostOffset = 8;
constexpr std::size_t kFirstOffset = 16;
constexpr std::size_t kLastOffset = 24;
constexpr std::size_t kSessionIdOffset = 32;
constexpr std::size_t kStreamIdOffset = 36;
constexpr std::size_t kChannelOffset = 40;
constexpr std::size_t kLengthFieldLength = sizeof(std::int32_t);
constexpr std::size_t kStringAlignment = 4;
constexpr std::size_t kEntryAlignment = 64;

constexpr std::size_t source_offset(std::size_t channel_length) noexcept {
    return kChannelOffset + align_up(kLengthFieldLength + channel_length, kStringAlignment);
}

void put_string(std::byte* to, std::string_view text) noexcept {
    store(to, static_cast<std::int32_t>(text.size()));
    if (!text.empty()) std::memcpy(to + kLengthFieldLength, text.data(), text.size());
}

std::optional<std::string_view> get_string(ConstBytes report, std::size_t offset) noexcept {
    if (offset + kLengthFieldLength > report.size()) return std::nullopt;
    const auto length = load<std::int32_t>(report.data() + offset);
    const std::size_t room = report.size() - offset - kLengthFieldLength;
    if (length < 0 || static_cast<std::size_t>(length) > room) return std::nullopt;
    return as_text(report.subspan(offset + kLengthFieldLength, static_cast<std::size_t>(length)));
}

}  // namespace

std::int64_t loss_report_file_length(std::int64_t configured_length, std::int32_t file_page_size) {
    return align_up<std::int64_t>(configured_length, file_page_size);
}

void LossReportEntry::record(std::int64_t bytes_lost, std::int64_t now_epoch_ms) const noexcept {
    store_release(entry_ + kLastOffset, now_epoch_ms);
    fetch_add(entry_ + kBytesLostOffset, bytes_lost);
    fetch_add<std::int64_t>(entry_ + kCountOffset, 1);
}

LossReport::LossReport(Bytes buffer) : buffer_(buffer) {
    while (next_loss_entry(buffer, end_)) {
    }
}

std::optional<LossReportEntry> LossReport::create_entry(
    std::int64_t bytes_lost, std::int64_t now_epoch_ms, std::int32_t session_id,
    std::int32_t stream_id, std::string_view channel, std::string_view source) {
    const std::size_t length = source_offset(channel.size()) + kLengthFieldLength + source.size();
    if (end_ > buffer_.size() || length > buffer_.size() - end_) return std::nullopt;
    std::byte* const entry = buffer_.data() + end_;
    store(entry + kBytesLostOffset, bytes_lost);
    store(entry + kFirstOffset, now_epoch_ms);
    store(entry + kLastOffset, now_epoch_ms);
    store(entry + kSessionIdOffset, session_id);
    store(entry + kStreamIdOffset, stream_id);
    put_string(entry + kChannelOffset, channel);
    put_string(entry + source_offset(channel.size()), source);
    store_release<std::int64_t>(entry + kCountOffset, 1);
    end_ += align_up(length, kEntryAlignment);
    return LossReportEntry(entry);
}

std::optional<LossEntry> next_loss_entry(ConstBytes report, std::size_t& offset) {
    if (offset >= report.size() || report.size() - offset < kChannelOffset) return std::nullopt;
    const std::byte* const entry = report.data() + offset;
    const auto count = load_acquire<std::int64_t>(entry + kCountOffset);
    if (count <= 0) return std::nullopt;
    const auto channel = get_string(report, offset + kChannelOffset);
    if (!channel) return std::nullopt;
    const std::size_t source_at = source_offset(channel->size());
    const auto source = get_string(report, offset + source_at);
    if (!source) return std::nullopt;
    offset += align_up(source_at + kLengthFieldLength + source->size(), kEntryAlignment);
    return LossEntry{count,
                     load_acquire<std::int64_t>(entry + kBytesLostOffset),
                     load<std::int64_t>(entry + kFirstOffset),
                     load_acquire<std::int64_t>(entry + kLastOffset),
                     load<std::int32_t>(entry + kSessionIdOffset),
                     load<std::int32_t>(entry + kStreamIdOffset),
                     *channel,
                     *source};
}

}  // namespace tern::memory
