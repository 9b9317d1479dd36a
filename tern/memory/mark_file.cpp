#include "tern/memory/mark_file.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "tern/base/atomic.hpp"
#include "tern/base/math.hpp"
#include "tern/memory/distinct_error_log.hpp"

namespace tern::memory {

namespace {

// The message header of the file's only message, and the fields that all kinds have in common.
constexpr std::size_t kBlockLengthOffset = 0;
constexpr std::size_t kTemplateIdOffset = 2;
constexpr std::size_t kSchemaIdOffset = 4;
constexpr std::size_t kSchemaVersionOffset = 6;
constexpr std::size_t kMessageHeaderLength = 8;
constexpr std::size_t kVersionOffset = 8;
constexpr std::size_t kActivityOffset = 16;
constexpr std::size_t kStartOffset = 24;
constexpr std::size_t kPidOffset = 32;

constexpr std::size_t kStringsOffset = kMessageHeaderLength + kMarkBlockLength;
constexpr std::int32_t kMinErrorLogLength = 1 << 20;
constexpr std::int32_t kMaxErrorLogLength = INT32_MAX - kMarkHeaderLength;

std::int32_t major_of(std::int32_t packed) noexcept { return (packed >> 16) & 0xFF; }

std::int64_t file_length(const MarkFileAcquisition& acquisition) {
    const std::int32_t length = acquisition.error_log_length;
    if (length < kMinErrorLogLength || length > kMaxErrorLogLength) {
        throw ConfigurationError(fmt::format("Invalid errorBufferLength: {} (from {} to {})",
                                             length, kMinErrorLogLength, kMaxErrorLogLength));
    }
    return align_up<std::int64_t>(std::int64_t{kMarkHeaderLength} + length,
                                  acquisition.file_page_size);
}

}  // namespace

MarkFile::MarkFile(std::unique_ptr<platform::Mapping> mapping, const MarkFileFormat& format,
                   bool is_owner)
    : mapping_(std::move(mapping)), format_(format), is_owner_(is_owner) {
    const std::byte* const file = mapping_->bytes().data();
    const bool has_message_header =
        load<std::uint16_t>(file + kTemplateIdOffset) == kMarkTemplateId &&
        load<std::uint16_t>(file + kSchemaIdOffset) == format.schema_id;
    legacy_shift_ = has_message_header ? 0 : kMessageHeaderLength;
    error_log_ = stored_error_log();
}

MarkFile::~MarkFile() {
    if (!mapping_ || !is_owner_) return;
    try {
        signal_terminated();
    } catch (const std::exception&) {
        // The file could not be synchronised; the memory says what it should.
    }
}

MarkFile MarkFile::acquire(platform::Storage& storage, const MarkFileFormat& format,
                           const MarkFileAcquisition& acquisition) {
    const std::int64_t length = file_length(acquisition);
    if (!storage.exists(acquisition.path)) {
        MarkFile file(storage.create_mapped(acquisition.path, length, {}), format, false);
        file.legacy_shift_ = 0;
        file.write_layout(acquisition);
        return file;
    }
    {
        const auto existing = storage.open(acquisition.path, platform::Access::read_write);
        if (existing->size() < length) existing->truncate(length);
    }
    MarkFile file(storage.open_mapped(acquisition.path, platform::Access::read_write), format,
                  false);
    file.take_over_existing(acquisition);
    file.write_layout(acquisition);
    return file;
}

MarkFile MarkFile::open_read_only(platform::Storage& storage, const MarkFileFormat& format,
                                  const std::string& path) {
    if (!storage.exists(path) || storage.file_size(path) < kMarkHeaderLength) {
        throw Error(fmt::format("mark file not created: {}", path));
    }
    return MarkFile(storage.open_mapped(path, platform::Access::read_only), format, false);
}

bool MarkFile::is_abandoned(const MarkFileAcquisition& acquisition) const {
    if (acquisition.take_over) return true;
    if (acquisition.system == nullptr || is_owner_seen(*acquisition.system, pid())) return false;
    // One that died while it was starting shows no age but that of its start.
    const std::int64_t activity = activity_timestamp_ms();
    return activity == kMarkStarting || activity == 0
               ? start_timestamp_ms() <= acquisition.now_epoch_ms - kMarkLivenessTimeoutMs
               : activity <= acquisition.now_epoch_ms - kUnseenOwnerTimeoutMs;
}

void MarkFile::take_over_existing(const MarkFileAcquisition& acquisition) {
    const bool abandoned = is_abandoned(acquisition);
    const std::int32_t found_version = version();
    const bool unready = found_version == 0 || found_version == format_.start_failed_version;
    const bool version_fits = major_of(found_version) == major_of(format_.version) ||
                              (unready && format_.accepts_unready);
    if (!version_fits && unready && !abandoned && acquisition.system != nullptr) {
        throw OwnerActiveError(
            fmt::format("mark file is created but not initialised: {}; its process {} is starting, "
                        "or died while it was",
                        path(), pid()),
            pid());
    }
    if (!version_fits && !(abandoned && unready)) {
        throw Error(
            fmt::format("mark file ({}) major version {} does not match software: {}; if "
                        "nothing runs in this directory, the file is damaged or of another "
                        "release: delete it, it holds no state",
                        path(), major_of(found_version), major_of(format_.version)));
    }
    const std::int64_t activity = activity_timestamp_ms();
    if (activity > acquisition.now_epoch_ms - kMarkLivenessTimeoutMs && !abandoned) {
        throw OwnerActiveError(fmt::format("active mark file detected: {}", path()), pid());
    }
    if (!compare_and_set<std::int64_t>(at(kActivityOffset), activity, kMarkStarting)) {
        throw Error(fmt::format("concurrent mark file activation: {}", path()));
    }
    previous_errors_ = error_report(error_log_);
    if (!error_log_.empty()) std::memset(error_log_.data(), 0, error_log_.size());
    if (legacy_shift_ != 0) {
        std::memset(mapping_->bytes().data(), 0, static_cast<std::size_t>(kMarkHeaderLength));
        legacy_shift_ = 0;
        store_release(at(kActivityOffset), kMarkStarting);
    }
}

void MarkFile::write_layout(const MarkFileAcquisition& acquisition) {
    set_field(kBlockLengthOffset, kMarkBlockLength);
    set_field(kTemplateIdOffset, kMarkTemplateId);
    set_field(kSchemaIdOffset, format_.schema_id);
    set_field(kSchemaVersionOffset, kMarkSchemaVersion);
    set_field(kStartOffset, acquisition.now_epoch_ms);
    set_field(kPidOffset, acquisition.pid);
    set_field(format_.header_length_offset, kMarkHeaderLength);
    set_field(format_.error_log_length_offset, acquisition.error_log_length);
    error_log_ = stored_error_log();
    is_owner_ = true;
}

Bytes MarkFile::stored_error_log() const noexcept {
    const auto offset = field<std::int32_t>(format_.header_length_offset);
    const auto length = field<std::int32_t>(format_.error_log_length_offset);
    const Bytes file = mapping_->bytes();
    const bool fits = offset > 0 && offset % 8 == 0 && length > 0 &&
                      std::int64_t{offset} + length <= static_cast<std::int64_t>(file.size());
    if (!fits) return {};
    return file.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

std::uint16_t MarkFile::written_block_length() const noexcept {
    return legacy_shift_ == 0 ? field<std::uint16_t>(kBlockLengthOffset) : kMarkBlockLength;
}

std::uint16_t MarkFile::written_schema_version() const noexcept {
    return legacy_shift_ == 0 ? field<std::uint16_t>(kSchemaVersionOffset) : kMarkSchemaVersion;
}

std::int32_t MarkFile::header_length() const noexcept {
    return field<std::int32_t>(format_.header_length_offset);
}

std::int32_t MarkFile::error_log_length() const noexcept {
    return field<std::int32_t>(format_.error_log_length_offset);
}

std::int32_t MarkFile::version() const noexcept {
    return load_acquire<std::int32_t>(at(kVersionOffset));
}

std::int64_t MarkFile::activity_timestamp_ms() const noexcept {
    return load_acquire<std::int64_t>(at(kActivityOffset));
}

std::int64_t MarkFile::start_timestamp_ms() const noexcept {
    return field<std::int64_t>(kStartOffset);
}

std::int64_t MarkFile::pid() const noexcept { return field<std::int64_t>(kPidOffset); }

bool MarkFile::is_active(std::int64_t now_epoch_ms) const noexcept {
    const std::int32_t ready_version = version();
    if (ready_version == 0 || major_of(ready_version) != major_of(format_.version)) return false;
    const std::int64_t activity = activity_timestamp_ms();
    return activity >= 0 && activity >= now_epoch_ms - kMarkLivenessTimeoutMs;
}

void MarkFile::signal_ready(std::int64_t now_epoch_ms) {
    ready_ = true;
    store_release(at(kActivityOffset), now_epoch_ms);
    store_release(at(kVersionOffset), format_.version);
    mapping_->sync();
}

void MarkFile::update_activity(std::int64_t now_epoch_ms) noexcept {
    store_release(at(kActivityOffset), now_epoch_ms);
}

void MarkFile::signal_terminated() {
    if (std::exchange(ended_, true)) return;
    store_release(at(kActivityOffset), kMarkTerminated);
    store_release(at(kVersionOffset), ready_ ? format_.version : format_.start_failed_version);
    mapping_->sync();
}

MarkFile::StringWriter::StringWriter(MarkFile& file) : file_(file), offset_(kStringsOffset) {
    std::memset(file.at(kStringsOffset), 0,
                static_cast<std::size_t>(kMarkHeaderLength) - kStringsOffset);
}

void MarkFile::StringWriter::put(std::string_view text) {
    const std::size_t end = offset_ + sizeof(std::uint32_t) + text.size();
    if (end > static_cast<std::size_t>(kMarkHeaderLength)) {
        throw Error(fmt::format("mark file ({}) headerLength={} > headerLengthCapacity={}",
                                file_.path(), end, kMarkHeaderLength));
    }
    file_.set_field(offset_, static_cast<std::uint32_t>(text.size()));
    if (!text.empty()) {
        std::memcpy(file_.at(offset_ + sizeof(std::uint32_t)), text.data(), text.size());
    }
    offset_ = end;
}

MarkFile::StringReader::StringReader(const MarkFile& file) : file_(file), offset_(kStringsOffset) {}

std::string MarkFile::StringReader::take() {
    const auto limit = static_cast<std::size_t>(kMarkHeaderLength);
    if (offset_ + sizeof(std::uint32_t) > limit) return {};
    const std::size_t length = file_.field<std::uint32_t>(offset_);
    if (length > limit - offset_ - sizeof(std::uint32_t)) {
        offset_ = limit;
        return {};
    }
    const std::byte* const text = file_.at(offset_ + sizeof(std::uint32_t));
    offset_ += sizeof(std::uint32_t) + length;
    return std::string(as_text({text, length}));
}

}  // namespace tern::memory
