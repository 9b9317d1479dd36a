#pragma once
// Settings of an archive (ARC-12 of chapter 40), with upstream's names, defaults and checks.
//
// Plain data: fill it, or take it from properties, and hand it to Archive::launch, which
// validates. Durations in ns, lengths in bytes. Thread safety: none.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/archive/authentication.hpp"
#include "tern/archive/checksum.hpp"
#include "tern/archive/event_log.hpp"
#include "tern/base/error.hpp"
#include "tern/base/properties.hpp"

namespace tern::client {
class Aeron;
}

namespace tern::archive {

enum class ArchiveThreadingMode : std::uint8_t {
    dedicated,  ///< conductor, recorder and replayer on a thread each
    shared,     ///< one thread
    invoker,    ///< no thread: the owner runs Archive::agents()
};

/// "DEDICATED", "SHARED", "INVOKER", as counters' labels say it.
[[nodiscard]] std::string_view to_string(ArchiveThreadingMode mode) noexcept;

struct ArchiveContext {
    // Where things are.
    std::string aeron_directory;  ///< of the driver; empty: the client's default
    std::string archive_directory = "aeron-archive";
    std::string mark_file_directory;  ///< empty: the archive directory
    bool delete_archive_on_start = false;
    std::int64_t archive_id = -1;  ///< -1: the client id of a given Aeron, else a correlation id

    // Control channels.
    bool control_channel_enabled = true;
    std::string control_channel;  ///< must be UDP; required when enabled
    std::int32_t control_stream_id = 10;
    std::string local_control_channel = "aeron:ipc?term-length=64k";  ///< must be IPC
    std::int32_t local_control_stream_id = 10;
    bool control_term_buffer_sparse = true;
    std::int32_t control_term_buffer_length = 64 * 1024;
    std::int32_t control_mtu_length = 1408;

    // Recording events, off by default.
    bool recording_events_enabled = false;
    std::string recording_events_channel;
    std::int32_t recording_events_stream_id = 30;

    std::string replication_channel;  ///< required, as upstream requires it

    // Files.
    std::int32_t segment_file_length = 128 * 1024 * 1024;
    std::int32_t file_io_max_length = 1024 * 1024;
    int file_sync_level = 0;          ///< 0 none, 1 data, 2 data and metadata
    int catalog_file_sync_level = 0;  ///< at least file_sync_level
    std::int64_t catalog_capacity = 1024 * 1024;
    std::int64_t low_storage_space_threshold = 128 * 1024 * 1024;
    std::int32_t error_buffer_length = 1024 * 1024;
    Checksum record_checksum = Checksum::none;
    Checksum replay_checksum = Checksum::none;

    // Limits and times.
    std::int32_t max_concurrent_recordings = 20;
    std::int32_t max_concurrent_replays = 20;
    std::int64_t connect_timeout_ns = 5'000'000'000;
    std::int64_t session_liveness_check_interval_ns = 1'000'000'000;
    std::int64_t replay_linger_timeout_ns = 5'000'000'000;
    std::int64_t conductor_cycle_threshold_ns = 100'000'000;
    std::int64_t recorder_cycle_threshold_ns = 100'000'000;
    std::int64_t replayer_cycle_threshold_ns = 100'000'000;
    std::int64_t driver_timeout_ns = 10'000'000'000;  ///< of the archive's own Aeron client

    // Threads.
    ArchiveThreadingMode threading_mode = ArchiveThreadingMode::dedicated;
    std::string idle_strategy = "backoff";
    std::string recorder_idle_strategy;  ///< empty: as idle_strategy; dedicated only
    std::string replayer_idle_strategy;

    // Collaborators. Empty ones get the default named in their types' headers.
    AuthenticatorSupplier authenticator_supplier;
    AuthorisationServiceSupplier authorisation_service_supplier;
    EventLog::Sink event_sink;   ///< one line per event, e.g. to stdout
    ErrorHandler error_handler;  ///< besides the error log in the mark file
    /// An Aeron client in invoker mode to be used and not closed; empty: the archive connects its
    /// own and closes it. A given one must be driven by the archive alone while it runs.
    std::shared_ptr<client::Aeron> aeron;

    /// Reads `aeron.archive.*` and the few `aeron.*` settings it shares with the driver.
    [[nodiscard]] static ArchiveContext from_properties(const Properties& properties);

    /// In upstream's order, first failure wins. Throws ConfigurationError.
    void validate() const;
};

}  // namespace tern::archive
