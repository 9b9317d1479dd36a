#pragma once
// The files of a consensus module: mark file (with the error log in it), link file, node state,
// recording.log (CON-2.1, CLF-10, CLF-12). Opens all or nothing; closes in the reverse order.
//
// Thread safety: the module's thread, except record().

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "tern/cluster/consensus/consensus_module_context.hpp"
#include "tern/cluster/node_state_file.hpp"
#include "tern/cluster/recording_log.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/platform.hpp"

namespace tern::cluster {

class ModuleFiles {
  public:
    /// Throws OwnerActiveError when a module of this directory seems alive, Error, StorageError.
    /// `file_page_size` is the driver's.
    ModuleFiles(const ConsensusModuleContext& context, platform::Platform platform,
                std::int32_t file_page_size);
    ~ModuleFiles() { close(); }
    ModuleFiles(const ModuleFiles&) = delete;
    ModuleFiles& operator=(const ModuleFiles&) = delete;

    /// Only while open.
    [[nodiscard]] NodeStateFile& node_state() { return *node_state_; }
    [[nodiscard]] RecordingLog& recording_log() { return *recording_log_; }
    [[nodiscard]] const RecordingLog& recording_log() const { return *recording_log_; }

    void signal_ready();
    /// About once a second.
    void update_activity();
    /// Into the error log; harmless when closed.
    void record(const std::exception& error);

    /// Mark file: terminated; then recording log, node state, mark file. Harmless when repeated.
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return mark_file_.has_value(); }

  private:
    void write_link_file();
    void migrate_candidate_term();

    platform::Platform platform_;
    std::string cluster_directory_;
    std::string mark_file_directory_;
    std::optional<memory::ClusterMarkFile> mark_file_;
    std::optional<memory::DistinctErrorLog> error_log_;
    std::optional<NodeStateFile> node_state_;
    std::optional<RecordingLog> recording_log_;
};

}  // namespace tern::cluster
