#pragma once
// The CnC (command and control) file: how a driver and its clients find each other (TRN-4).
//
// A driver creates it, fills all its structures and marks it ready as the last step; a client
// connects with CncConnector, which never waits: each step says how far it got.
//
// Thread safety: CncLayout and CncFile may be shared; a CncConnector belongs to one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tern/base/bytes.hpp"
#include "tern/base/version.hpp"
#include "tern/memory/counters.hpp"
#include "tern/platform/clock.hpp"
#include "tern/platform/storage.hpp"

namespace tern::memory {

inline constexpr std::string_view kCncFileName = "cnc.dat";
inline constexpr std::int32_t kCncVersion = pack_version(0, 2, 0);
inline constexpr std::int64_t kCncHeaderLength = 128;

namespace cnc {

// Offsets into the header.
inline constexpr std::size_t kVersionOffset = 0;
inline constexpr std::size_t kToDriverLengthOffset = 4;
inline constexpr std::size_t kToClientsLengthOffset = 8;
inline constexpr std::size_t kCountersMetadataLengthOffset = 12;
inline constexpr std::size_t kCountersValuesLengthOffset = 16;
inline constexpr std::size_t kErrorLogLengthOffset = 20;
inline constexpr std::size_t kClientLivenessTimeoutOffset = 24;
inline constexpr std::size_t kStartTimestampOffset = 32;
inline constexpr std::size_t kPidOffset = 40;
inline constexpr std::size_t kFilePageSizeOffset = 48;

}  // namespace cnc

/// The header as a driver fills it in, apart from the version.
struct CncHeader {
    std::int32_t to_driver_length = (1 << 20) + 768;   ///< with trailer
    std::int32_t to_clients_length = (1 << 20) + 128;  ///< with trailer
    std::int32_t counters_values_length = 8 << 20;     ///< metadata has four times as much
    std::int32_t error_log_length = 4 << 20;
    std::int64_t client_liveness_timeout_ns = 10'000'000'000;
    std::int64_t start_timestamp_ms = 0;
    std::int64_t pid = 0;
    std::int32_t file_page_size = 4096;
};

/// Length of the file. Throws ConfigurationError when it would not fit an i32.
[[nodiscard]] std::int64_t cnc_file_length(const CncHeader& header);

/// A view of a mapped CnC file whose header has been checked against the file's length.
class CncFile {
  public:
    /// Throws Error when the sections that the header names do not fit in the file.
    explicit CncFile(Bytes file);

    [[nodiscard]] std::int32_t version() const noexcept;  ///< 0 until the driver is ready
    [[nodiscard]] std::int64_t client_liveness_timeout_ns() const noexcept;
    [[nodiscard]] std::int64_t start_timestamp_ms() const noexcept;
    [[nodiscard]] std::int64_t pid() const noexcept;
    [[nodiscard]] std::int32_t file_page_size() const noexcept;  ///< 4096 when the file says 0

    [[nodiscard]] Bytes to_driver() const noexcept { return to_driver_; }    ///< ring, TRN-5.1
    [[nodiscard]] Bytes to_clients() const noexcept { return to_clients_; }  ///< broadcast
    [[nodiscard]] Bytes counters_metadata() const noexcept { return counters_metadata_; }
    [[nodiscard]] Bytes counters_values() const noexcept { return counters_values_; }
    [[nodiscard]] Bytes error_log() const noexcept { return error_log_; }
    [[nodiscard]] Bytes bytes() const noexcept { return file_; }

    [[nodiscard]] CountersReader counters() const {
        return CountersReader(counters_metadata_, counters_values_);
    }
    /// Epoch ms of the driver's last sign of life: 0 before the first, -1 after a clean close.
    [[nodiscard]] std::int64_t driver_heartbeat_ms() const noexcept;
    /// Value of system counter 43, 0 when the driver has none.
    [[nodiscard]] std::int32_t control_protocol_version() const;

    /// Driver: the last step of its start. The consumer heartbeat has been set before.
    void signal_ready() noexcept;

  private:
    Bytes file_;
    Bytes to_driver_;
    Bytes to_clients_;
    Bytes counters_metadata_;
    Bytes counters_values_;
    Bytes error_log_;
};

/// Driver: creates `directory`/cnc.dat exclusively, all zero but the header, not sparse. The
/// version stays 0 until CncFile::signal_ready.
[[nodiscard]] std::unique_ptr<platform::Mapping> create_cnc_file(platform::Storage& storage,
                                                                 const std::string& directory,
                                                                 const CncHeader& header);

/// Throws Error, naming the file, unless we understand a driver of that version (CLI-2.3).
void check_cnc_version(std::int32_t packed_version, std::string_view path);

/// "major.minor.patch"
[[nodiscard]] std::string version_text(std::int32_t packed_version);

/// What can be said of an existing CnC file at one moment (TRN-4.5, DRV-2.3).
enum class DriverPresence : std::uint8_t {
    absent,    ///< no file, or what is there is no CnC file of a version that we understand
    starting,  ///< created but not ready: ask again until the driver timeout has passed
    stale,     ///< ready, but the heartbeat is too old, or the driver closed cleanly
    active,
};
[[nodiscard]] DriverPresence check_driver_presence(platform::Storage& storage,
                                                   const std::string& directory,
                                                   std::int64_t now_epoch_ms,
                                                   std::int64_t driver_timeout_ms);

/// Whether the driver that made the mapped file still has the directory. The next driver that
/// starts there removes all that it finds, and puts a file of its own in place.
[[nodiscard]] bool is_current_cnc_file(platform::Storage& storage, const std::string& directory,
                                       const CncFile& mapped);

/// A client's way to a driver that may still be starting (CLI-2.2), one non-blocking step at a
/// time. The caller idles between steps, and its deadline counts from the first.
class CncConnector {
  public:
    enum class Step : std::uint8_t {
        awaiting_file,       ///< not there yet, too short, or not to be opened
        awaiting_version,    ///< created but not initialised
        awaiting_heartbeat,  ///< the driver has not shown life, or only a dead driver did
        connected,
    };

    /// What to wait for: a driver to talk to, or a file to be read, whether its driver lives or
    /// not.
    enum class Wanted : std::uint8_t { live_driver, readable_file };

    /// `storage` and `clock` outlive the connector.
    CncConnector(platform::Storage& storage, const platform::Clock& clock, std::string directory,
                 std::int64_t driver_timeout_ms, Wanted wanted = Wanted::live_driver);

    /// Goes as far as it can without waiting. Throws TimeoutError, naming what was awaited, when
    /// the driver timeout has passed since the first call; Error when the file's version is not
    /// compatible or it cannot be opened.
    Step try_step();

    /// After `connected`, once: the mapping, and with it the ownership. Of a readable file, it
    /// is read-only.
    [[nodiscard]] std::unique_ptr<platform::Mapping> take_mapping();
    [[nodiscard]] const std::string& file_path() const noexcept { return path_; }

  private:
    Step advance();
    [[nodiscard]] std::string awaited(Step step) const;

    platform::Storage& storage_;
    const platform::Clock& clock_;
    std::string path_;
    std::int64_t driver_timeout_ms_;
    Wanted wanted_;
    std::optional<std::int64_t> deadline_ns_;
    std::unique_ptr<platform::Mapping> mapping_;
};

}  // namespace tern::memory
