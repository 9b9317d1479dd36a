#include "tern/memory/cnc_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "tern/base/atomic.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/ring_buffer_layout.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::memory {

namespace {

constexpr std::int32_t kOldFilePageSize = 4096;  // of drivers that do not write theirs
constexpr std::int32_t kMinMinorVersion = 2;
constexpr std::int32_t kSectionAlignment = 8;  // of what is read atomically in them

std::int32_t major_of(std::int32_t packed) noexcept { return (packed >> 16) & 0xFF; }
std::int32_t minor_of(std::int32_t packed) noexcept { return (packed >> 8) & 0xFF; }

std::int32_t version_of(ConstBytes file) noexcept {
    return load_acquire<std::int32_t>(file.data() + cnc::kVersionOffset);
}

std::int64_t sections_end(const CncHeader& header) noexcept {
    return kCncHeaderLength + std::int64_t{header.to_driver_length} + header.to_clients_length +
           std::int64_t{header.counters_values_length} * 5 + header.error_log_length;
}

/// Whether all sections that the header names are in the file, aligned, and large enough to be
/// looked at.
bool is_whole(ConstBytes file) noexcept {
    if (file.size() <= static_cast<std::size_t>(kCncHeaderLength)) return false;
    std::int64_t end = kCncHeaderLength;
    for (std::size_t offset = cnc::kToDriverLengthOffset; offset <= cnc::kErrorLogLengthOffset;
         offset += sizeof(std::int32_t)) {
        const auto length = load<std::int32_t>(file.data() + offset);
        const bool is_last = offset == cnc::kErrorLogLengthOffset;
        if (length < 0 || (length % kSectionAlignment != 0 && !is_last)) return false;
        end += length;
    }
    const auto to_driver = load<std::int32_t>(file.data() + cnc::kToDriverLengthOffset);
    return end <= static_cast<std::int64_t>(file.size()) &&
           to_driver >= static_cast<std::int32_t>(kRingTrailerLength);
}

/// The mapping, or null when the file is not there, or not yet to be opened.
std::unique_ptr<platform::Mapping> try_map(platform::Storage& storage, const std::string& path,
                                           platform::Access access) {
    try {
        if (!storage.exists(path) || storage.file_size(path) <= kCncHeaderLength) return nullptr;
        return storage.open_mapped(path, access);
    } catch (const platform::StorageError& error) {
        if (error.error_number() == ENOENT || error.error_number() == EACCES) return nullptr;
        throw Error(fmt::format("cannot open CnC file: {} reason={}", path, error.what()),
                    error.code());
    }
}

}  // namespace

std::int64_t cnc_file_length(const CncHeader& header) {
    const std::int64_t length = align_up<std::int64_t>(sections_end(header), header.file_page_size);
    if (length > INT32_MAX) {
        throw ConfigurationError(
            fmt::format("CnC file length exceeds the maximum of {}: length={}", INT32_MAX, length));
    }
    return length;
}

std::string version_text(std::int32_t packed) {
    return fmt::format("{}.{}.{}", major_of(packed), minor_of(packed), packed & 0xFF);
}

void check_cnc_version(std::int32_t version, std::string_view path) {
    if (major_of(version) != major_of(kCncVersion)) {
        throw Error(fmt::format("CnC version not compatible: app={} file={} ({})",
                                version_text(kCncVersion), version_text(version), path));
    }
    if (minor_of(version) < kMinMinorVersion) {
        throw Error(fmt::format("driverVersion={} insufficient for clientVersion={} ({})",
                                version_text(version), version_text(kCncVersion), path));
    }
}

CncFile::CncFile(Bytes file) : file_(file) {
    if (!is_whole(file)) {
        throw Error(fmt::format(
            "CnC file is shorter than its header says, or its sections are not aligned: length={}",
            file.size()));
    }
    auto offset = static_cast<std::size_t>(kCncHeaderLength);
    const auto section = [&](std::size_t length_offset) {
        const auto length =
            static_cast<std::size_t>(load<std::int32_t>(file.data() + length_offset));
        const Bytes bytes = file.subspan(offset, length);
        offset += length;
        return bytes;
    };
    to_driver_ = section(cnc::kToDriverLengthOffset);
    to_clients_ = section(cnc::kToClientsLengthOffset);
    counters_metadata_ = section(cnc::kCountersMetadataLengthOffset);
    counters_values_ = section(cnc::kCountersValuesLengthOffset);
    error_log_ = section(cnc::kErrorLogLengthOffset);
}

std::int32_t CncFile::version() const noexcept { return version_of(file_); }

std::int64_t CncFile::client_liveness_timeout_ns() const noexcept {
    return load<std::int64_t>(file_.data() + cnc::kClientLivenessTimeoutOffset);
}

std::int64_t CncFile::start_timestamp_ms() const noexcept {
    return load<std::int64_t>(file_.data() + cnc::kStartTimestampOffset);
}

std::int64_t CncFile::pid() const noexcept {
    return load<std::int64_t>(file_.data() + cnc::kPidOffset);
}

std::int32_t CncFile::file_page_size() const noexcept {
    const auto page_size = load<std::int32_t>(file_.data() + cnc::kFilePageSizeOffset);
    return page_size == 0 ? kOldFilePageSize : page_size;
}

std::int64_t CncFile::driver_heartbeat_ms() const noexcept {
    return load_acquire<std::int64_t>(to_driver_.data() + to_driver_.size() - kRingTrailerLength +
                                      ring::kConsumerHeartbeatOffset);
}

std::int32_t CncFile::control_protocol_version() const {
    constexpr auto kId = static_cast<std::int32_t>(SystemCounter::control_protocol_version);
    const CountersReader reader = counters();
    const bool present = reader.contains(kId) && reader.state(kId) == CounterState::allocated &&
                         reader.type_id(kId) == counter_type::kSystem &&
                         reader.registration_id(kId) == kId;
    return present ? static_cast<std::int32_t>(reader.value(kId)) : 0;
}

void CncFile::signal_ready() noexcept {
    store_release(file_.data() + cnc::kVersionOffset, kCncVersion);
}

std::unique_ptr<platform::Mapping> create_cnc_file(platform::Storage& storage,
                                                   const std::string& directory,
                                                   const CncHeader& header) {
    auto mapping = storage.create_mapped(platform::join_path(directory, kCncFileName),
                                         cnc_file_length(header), {.sparse = false});
    std::byte* const to = mapping->bytes().data();
    store(to + cnc::kToDriverLengthOffset, header.to_driver_length);
    store(to + cnc::kToClientsLengthOffset, header.to_clients_length);
    store(to + cnc::kCountersMetadataLengthOffset, header.counters_values_length * 4);
    store(to + cnc::kCountersValuesLengthOffset, header.counters_values_length);
    store(to + cnc::kErrorLogLengthOffset, header.error_log_length);
    store(to + cnc::kClientLivenessTimeoutOffset, header.client_liveness_timeout_ns);
    store(to + cnc::kStartTimestampOffset, header.start_timestamp_ms);
    store(to + cnc::kPidOffset, header.pid);
    store(to + cnc::kFilePageSizeOffset, header.file_page_size);
    return mapping;
}

DriverPresence check_driver_presence(platform::Storage& storage, const std::string& directory,
                                     std::int64_t now_epoch_ms, std::int64_t driver_timeout_ms) {
    const std::string path = platform::join_path(directory, kCncFileName);
    if (!storage.exists(path)) return DriverPresence::absent;
    const auto mapping = try_map(storage, path, platform::Access::read_only);
    if (!mapping) return DriverPresence::starting;
    const Bytes file = mapping->bytes();
    const std::int32_t version = version_of(file);
    if (version == 0) return DriverPresence::starting;
    if (major_of(version) != major_of(kCncVersion)) return DriverPresence::absent;
    if (!is_whole(file)) return DriverPresence::stale;
    // No subtraction of what the file says: it may say anything.
    const bool recent = CncFile(file).driver_heartbeat_ms() >= now_epoch_ms - driver_timeout_ms;
    return recent ? DriverPresence::active : DriverPresence::stale;
}

bool is_current_cnc_file(platform::Storage& storage, const std::string& directory,
                         const CncFile& mapped) {
    const auto mapping =
        try_map(storage, platform::join_path(directory, kCncFileName), platform::Access::read_only);
    if (!mapping || !is_whole(mapping->bytes())) return false;
    const CncFile file(mapping->bytes());
    return file.pid() == mapped.pid() && file.start_timestamp_ms() == mapped.start_timestamp_ms();
}

CncConnector::CncConnector(platform::Storage& storage, const platform::Clock& clock,
                           std::string directory, std::int64_t driver_timeout_ms, Wanted wanted)
    : storage_(storage),
      clock_(clock),
      path_(platform::join_path(directory, kCncFileName)),
      driver_timeout_ms_(driver_timeout_ms),
      wanted_(wanted) {}

CncConnector::Step CncConnector::try_step() {
    const std::int64_t now_ns = clock_.nano_time();
    if (!deadline_ns_) deadline_ns_ = now_ns + driver_timeout_ms_ * kNanosPerMilli;
    const Step step = advance();
    if (step == Step::connected) return step;
    mapping_.reset();  // by the next step another driver may have put another file there
    if (now_ns >= *deadline_ns_) throw TimeoutError(awaited(step));
    return step;
}

CncConnector::Step CncConnector::advance() {
    const bool reads_only = wanted_ == Wanted::readable_file;
    mapping_ = try_map(storage_, path_,
                       reads_only ? platform::Access::read_only : platform::Access::read_write);
    if (!mapping_) return Step::awaiting_file;
    const Bytes file = mapping_->bytes();
    const std::int32_t version = version_of(file);
    if (version == 0) return Step::awaiting_version;
    check_cnc_version(version, path_);
    if (!is_whole(file)) return Step::awaiting_version;
    if (reads_only) return Step::connected;
    const std::int64_t heartbeat_ms = CncFile(file).driver_heartbeat_ms();
    const bool alive = heartbeat_ms != 0 && heartbeat_ms >= clock_.epoch_ms() - driver_timeout_ms_;
    return alive ? Step::connected : Step::awaiting_heartbeat;
}

std::string CncConnector::awaited(Step step) const {
    switch (step) {
        case Step::awaiting_file:
            return fmt::format("CnC file not created: {}", path_);
        case Step::awaiting_version:
            return fmt::format("CnC file is created but not initialised: {}", path_);
        default:
            return fmt::format("no driver heartbeat detected after {}ms: {}", driver_timeout_ms_,
                               path_);
    }
}

std::unique_ptr<platform::Mapping> CncConnector::take_mapping() { return std::move(mapping_); }

}  // namespace tern::memory
