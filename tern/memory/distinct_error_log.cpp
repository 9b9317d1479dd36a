#include "tern/memory/distinct_error_log.hpp"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "tern/base/error.hpp"
#include "tern/base/timestamp.hpp"

namespace tern::memory {

using namespace error_log;

DistinctErrorLog::DistinctErrorLog(Bytes buffer) : buffer_(buffer) {
    for_each_error(buffer, INT64_MIN, [this](const ErrorObservation& error) {
        offsets_.emplace(error.text, end_);
        end_ += align_up(kTextOffset + error.text.size(), kAlignment);
    });
}

bool DistinctErrorLog::record(std::int64_t now_epoch_ms, std::string_view text) {
    const std::string_view cut = text.substr(0, kMaxTextLength);
    const std::lock_guard lock(mutex_);
    auto found = offsets_.find(cut);
    if (found == offsets_.end()) {
        const std::size_t length = kTextOffset + cut.size();
        if (end_ > buffer_.size() || length > buffer_.size() - end_) return false;
        std::byte* const record = buffer_.data() + end_;
        std::memcpy(record + kTextOffset, cut.data(), cut.size());
        store(record + kFirstTimestampOffset, now_epoch_ms);
        store_relaxed<std::int32_t>(record + kCountOffset, 0);
        store_release(record + kLengthOffset, static_cast<std::int32_t>(length));
        found = offsets_.emplace(cut, end_).first;
        end_ += align_up(length, kAlignment);
    }
    std::byte* const record = buffer_.data() + found->second;
    fetch_add<std::int32_t>(record + kCountOffset, 1);
    store_release(record + kLastTimestampOffset, now_epoch_ms);
    return true;
}

bool DistinctErrorLog::record(std::int64_t now_epoch_ms, const std::exception& error) {
    return record(now_epoch_ms, error_text(error));
}

std::string error_text(const std::exception& error) {
    const auto* const ours = dynamic_cast<const Error*>(&error);
    return ours == nullptr ? error.what()
                           : fmt::format("{} - {}", to_string(ours->severity()), ours->what());
}

std::string error_report(ConstBytes log) {
    std::string report;
    const int count = for_each_error(log, INT64_MIN, [&report](const ErrorObservation& error) {
        fmt::format_to(std::back_inserter(report), "\n{} observations from {} to {} for:\n{}\n",
                       error.count, format_timestamp(error.first_epoch_ms),
                       format_timestamp(error.last_epoch_ms), error.text);
    });
    if (count > 0) {
        fmt::format_to(std::back_inserter(report), "\n{} distinct errors observed.\n", count);
    }
    return report;
}

bool save_error_report(platform::Storage& storage, const std::string& path, ConstBytes log) {
    const std::string report = error_report(log);
    if (report.empty()) return false;
    storage.create(path, {})->write_at(0, as_bytes(report));
    return true;
}

}  // namespace tern::memory
