#pragma once
// Reading the files of a driver without being its client: counters, error log, loss report. The
// driver may be dead: its files are read as it left them (CLI-19.7, CLI-24.1 CncFileReader).
//
// The mapping is read-only. Thread safety: reads from any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/client/cnc_mapping.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/loss_report.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {

class CncReader {
  public:
    /// Maps the CnC file of the directory (empty: the default one), waiting at most the timeout for
    /// a driver that is just starting. Throws TimeoutError that names what was awaited, Error when
    /// the version is not compatible or the file is damaged. `platform` outlives the reader.
    [[nodiscard]] static CncReader map_existing(platform::Platform platform,
                                                const std::string& aeron_directory = "",
                                                std::int64_t timeout_ns = 10 * kNanosPerSecond);

    [[nodiscard]] const std::string& aeron_directory() const noexcept { return directory_; }
    /// Its constants: version, lengths, liveness timeout, start, process id, page size; and the
    /// driver's last sign of life.
    [[nodiscard]] const memory::CncFile& file() const noexcept { return mapping_->file(); }
    [[nodiscard]] const memory::CountersReader& counters() const noexcept {
        return mapping_->counters();
    }

    /// Calls visit(const memory::ErrorObservation&) for each distinct error of the driver last seen
    /// at or after `since_epoch_ms`; returns how many. Text: memory::error_report().
    template <typename Visit>
    int read_error_log(Visit&& visit, std::int64_t since_epoch_ms = 0) const {
        return memory::for_each_error(file().error_log(), since_epoch_ms,
                                      std::forward<Visit>(visit));
    }
    /// Calls visit(const memory::LossEntry&) for each image that had loss; returns how many. None
    /// when the driver keeps no loss report.
    template <typename Visit>
    int read_loss_report(Visit&& visit) const {
        const auto report = map_loss_report();
        return report ? memory::for_each_loss(report->bytes(), std::forward<Visit>(visit)) : 0;
    }

  private:
    CncReader(platform::Platform platform, std::string directory,
              std::unique_ptr<platform::Mapping> mapping);
    [[nodiscard]] std::unique_ptr<platform::Mapping> map_loss_report() const;

    platform::Platform platform_;
    std::string directory_;
    std::unique_ptr<CncMapping> mapping_;
};

}  // namespace tern::client
