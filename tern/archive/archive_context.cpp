#include "tern/archive/archive_context.hpp"

#include <fmt/format.h>

#include "tern/archive/catalog.hpp"
#include "tern/archive/segment_file.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"

namespace tern::archive {
namespace {

constexpr std::int64_t kMinTermLength = 64 * 1024;
constexpr std::int64_t kMaxTermLength = 1024 * 1024 * 1024;
constexpr std::int32_t kFrameHeaderLength = 32;
constexpr std::int32_t kFrameAlignment = 32;
constexpr std::int32_t kMaxUdpPayloadLength = 65504;
constexpr std::int32_t kMinFileIoLength = 64 * 1024;
constexpr std::int32_t kMinErrorBufferLength = 1024 * 1024;
constexpr std::int64_t kMaxErrorBufferLength = 2'147'475'455;

[[noreturn]] void fail(const std::string& message) { throw ConfigurationError(message); }

ArchiveThreadingMode parse_threading_mode(const std::string& name) {
    if (name == "DEDICATED") return ArchiveThreadingMode::dedicated;
    if (name == "SHARED") return ArchiveThreadingMode::shared;
    if (name == "INVOKER") return ArchiveThreadingMode::invoker;
    fail(fmt::format("aeron.archive.threading.mode={}: expected DEDICATED, SHARED or INVOKER",
                     name));
}

void validate_mtu(std::int32_t mtu) {
    if (mtu <= kFrameHeaderLength) fail(fmt::format("mtuLength={} <= HEADER_LENGTH=32", mtu));
    if (mtu > kMaxUdpPayloadLength) {
        fail(fmt::format("mtuLength={} > MAX_UDP_PAYLOAD_LENGTH=65504", mtu));
    }
    if (!is_aligned(mtu, kFrameAlignment)) {
        fail(fmt::format("mtuLength={} is not a multiple of FRAME_ALIGNMENT=32", mtu));
    }
}

void validate_channels(const ArchiveContext& context) {
    if (context.control_channel_enabled) {
        if (context.control_channel.empty()) {
            fail(
                "aeron.archive.control.channel must be set (or "
                "aeron.archive.control.channel.enabled=false)");
        }
        if (!context.control_channel.starts_with("aeron:udp")) {
            fail("aeron.archive.control.channel must be UDP media: uri=" + context.control_channel);
        }
    }
    if (!context.local_control_channel.starts_with("aeron:ipc")) {
        fail("local control channel must be IPC media: uri=" + context.local_control_channel);
    }
    if (context.replication_channel.empty()) {
        fail("aeron.archive.replication.channel must be set");
    }
    if (context.recording_events_enabled && context.recording_events_channel.empty()) {
        fail(
            "aeron.archive.recording.events.channel must be set when "
            "aeron.archive.recording.events.enabled is true");
    }
}

void read_supplier_names(const Properties& p, ArchiveContext& context) {
    const auto authenticator = p.get("aeron.archive.authenticator.supplier", "");
    if (!authenticator.empty() &&
        authenticator != "io.aeron.security.DefaultAuthenticatorSupplier") {
        fail("aeron.archive.authenticator.supplier=" + authenticator +
             ": only the default is built in; give others through ArchiveContext");
    }
    const auto service = p.get("aeron.archive.authorisation.service.supplier", "");
    if (service.empty() || service == "ALLOW_ALL") {
        context.authorisation_service_supplier = make_allow_all;
    } else if (service == "DENY_ALL") {
        context.authorisation_service_supplier = make_deny_all;
    } else {
        fail("aeron.archive.authorisation.service.supplier=" + service +
             ": expected ALLOW_ALL or DENY_ALL; give others through ArchiveContext");
    }
}

void read_channels(const Properties& p, ArchiveContext& c) {
    c.control_channel_enabled =
        p.get_bool("aeron.archive.control.channel.enabled", c.control_channel_enabled);
    c.control_channel = p.get("aeron.archive.control.channel", c.control_channel);
    c.local_control_channel = p.get("aeron.archive.local.control.channel", c.local_control_channel);
    c.control_term_buffer_sparse =
        p.get_bool("aeron.archive.control.term.buffer.sparse", c.control_term_buffer_sparse);
    c.recording_events_enabled =
        p.get_bool("aeron.archive.recording.events.enabled", c.recording_events_enabled);
    c.recording_events_channel =
        p.get("aeron.archive.recording.events.channel", c.recording_events_channel);
    c.replication_channel = p.get("aeron.archive.replication.channel", c.replication_channel);
    const auto int32 = [&p](std::string_view name, std::int32_t fallback) {
        return static_cast<std::int32_t>(p.get_int(name, fallback, INT32_MIN, INT32_MAX));
    };
    c.control_stream_id = int32("aeron.archive.control.stream.id", c.control_stream_id);
    c.local_control_stream_id =
        int32("aeron.archive.local.control.stream.id", c.local_control_stream_id);
    c.recording_events_stream_id =
        int32("aeron.archive.recording.events.stream.id", c.recording_events_stream_id);
    const auto length = [&p](std::string_view name, std::int64_t fallback) {
        return static_cast<std::int32_t>(p.get_size(name, fallback, 0, INT32_MAX));
    };
    c.control_term_buffer_length =
        length("aeron.archive.control.term.buffer.length", c.control_term_buffer_length);
    c.control_mtu_length = length("aeron.archive.control.mtu.length",
                                  length("aeron.mtu.length", c.control_mtu_length));
}

void read_files(const Properties& p, ArchiveContext& c) {
    c.aeron_directory = p.get("aeron.dir", c.aeron_directory);
    c.archive_directory = p.get("aeron.archive.dir", c.archive_directory);
    c.mark_file_directory = p.get("aeron.archive.mark.file.dir", c.mark_file_directory);
    c.delete_archive_on_start =
        p.get_bool("aeron.archive.dir.delete.on.start", c.delete_archive_on_start);
    c.archive_id = p.get_int("aeron.archive.id", c.archive_id);
    const auto length = [&p](std::string_view name, std::int64_t fallback) {
        return static_cast<std::int32_t>(p.get_size(name, fallback, 0, INT32_MAX));
    };
    c.segment_file_length = length("aeron.archive.segment.file.length", c.segment_file_length);
    c.file_io_max_length = length("aeron.archive.file.io.max.length", c.file_io_max_length);
    c.error_buffer_length = length("aeron.archive.error.buffer.length", c.error_buffer_length);
    c.file_sync_level = static_cast<int>(p.get_int("aeron.archive.file.sync.level", 0, 0, 2));
    c.catalog_file_sync_level =
        static_cast<int>(p.get_int("aeron.archive.catalog.file.sync.level", 0, 0, 2));
    c.catalog_capacity = p.get_size("aeron.archive.catalog.capacity", c.catalog_capacity);
    c.low_storage_space_threshold =
        p.get_size("aeron.archive.low.storage.space.threshold", c.low_storage_space_threshold);
    c.record_checksum = parse_checksum(p.get("aeron.archive.record.checksum", ""));
    c.replay_checksum = parse_checksum(p.get("aeron.archive.replay.checksum", ""));
}

void read_limits(const Properties& p, ArchiveContext& c) {
    c.max_concurrent_recordings = static_cast<std::int32_t>(p.get_int(
        "aeron.archive.max.concurrent.recordings", c.max_concurrent_recordings, 1, INT32_MAX));
    c.max_concurrent_replays = static_cast<std::int32_t>(
        p.get_int("aeron.archive.max.concurrent.replays", c.max_concurrent_replays, 1, INT32_MAX));
    c.connect_timeout_ns =
        p.get_duration_ns("aeron.archive.connect.timeout", c.connect_timeout_ns, kNanosPerMilli);
    c.session_liveness_check_interval_ns =
        p.get_duration_ns("aeron.archive.session.liveness.check.interval",
                          c.session_liveness_check_interval_ns, kNanosPerMilli);
    c.replay_linger_timeout_ns = p.get_duration_ns(
        "aeron.archive.replay.linger.timeout",
        p.get_duration_ns("aeron.publication.linger.timeout", c.replay_linger_timeout_ns));
    c.conductor_cycle_threshold_ns = p.get_duration_ns("aeron.archive.conductor.cycle.threshold",
                                                       c.conductor_cycle_threshold_ns);
    c.recorder_cycle_threshold_ns =
        p.get_duration_ns("aeron.archive.recorder.cycle.threshold", c.recorder_cycle_threshold_ns);
    c.replayer_cycle_threshold_ns =
        p.get_duration_ns("aeron.archive.replayer.cycle.threshold", c.replayer_cycle_threshold_ns);
}

}  // namespace

std::string_view to_string(ArchiveThreadingMode mode) noexcept {
    switch (mode) {
        case ArchiveThreadingMode::dedicated:
            return "DEDICATED";
        case ArchiveThreadingMode::shared:
            return "SHARED";
        case ArchiveThreadingMode::invoker:
            return "INVOKER";
    }
    return "UNKNOWN";
}

ArchiveContext ArchiveContext::from_properties(const Properties& properties) {
    ArchiveContext context;
    read_channels(properties, context);
    read_files(properties, context);
    read_limits(properties, context);
    read_supplier_names(properties, context);
    context.threading_mode =
        parse_threading_mode(properties.get("aeron.archive.threading.mode", "DEDICATED"));
    context.idle_strategy = properties.get("aeron.archive.idle.strategy", context.idle_strategy);
    context.recorder_idle_strategy = properties.get("aeron.archive.recorder.idle.strategy", "");
    context.replayer_idle_strategy = properties.get("aeron.archive.replayer.idle.strategy", "");
    return context;
}

void ArchiveContext::validate() const {
    if (catalog_file_sync_level < file_sync_level) {
        fail(fmt::format("catalogFileSyncLevel {} < fileSyncLevel {}", catalog_file_sync_level,
                         file_sync_level));
    }
    if (file_io_max_length < kMinFileIoLength || !is_power_of_two(file_io_max_length)) {
        fail(fmt::format("invalid fileIoMaxLength={}", file_io_max_length));
    }
    validate_mtu(control_mtu_length);
    if (control_term_buffer_length < kMinTermLength ||
        control_term_buffer_length > kMaxTermLength ||
        !is_power_of_two(control_term_buffer_length)) {
        fail(
            fmt::format("invalid control term buffer length {}: expected a power of two from "
                        "64k to 1g",
                        control_term_buffer_length));
    }
    validate_channels(*this);
    if (error_buffer_length < kMinErrorBufferLength ||
        error_buffer_length > kMaxErrorBufferLength) {
        fail(fmt::format("invalid errorBufferLength={}", error_buffer_length));
    }
    if (!is_power_of_two(segment_file_length)) {
        fail(fmt::format("segment file length not a power of 2: {}", segment_file_length));
    }
    if (segment_file_length < kMinSegmentFileLength ||
        segment_file_length > kMaxSegmentFileLength) {
        fail(fmt::format("segment file length not in valid range: {}", segment_file_length));
    }
    if (catalog_capacity < 32 || catalog_capacity > kMaxCatalogCapacity) {
        fail(fmt::format("Invalid catalog capacity provided: expected value >= 32, got {}",
                         catalog_capacity));
    }
}

}  // namespace tern::archive
