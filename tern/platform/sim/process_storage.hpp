#pragma once
// The Storage of one simulated process: a view of its host's disk. Internal to sim/.

#include <vector>

#include "tern/platform/sim/disk.hpp"
#include "tern/platform/sim/scheduler.hpp"
#include "tern/platform/storage.hpp"

namespace tern::platform::sim {

class SimMapping;

class ProcessStorage final : public Storage {
  public:
    ProcessStorage(Disk& disk, Scheduler& scheduler) : disk_(disk), scheduler_(scheduler) {}

    /// From here on nothing that this process does has an effect outside of it.
    void cut_off();

    [[nodiscard]] std::unique_ptr<Mapping> create_mapped(const std::string& path, std::int64_t size,
                                                         const CreateOptions& options) override;
    [[nodiscard]] std::unique_ptr<Mapping> open_mapped(const std::string& path,
                                                       Access access) override;
    [[nodiscard]] std::unique_ptr<File> open(const std::string& path, Access access) override;
    [[nodiscard]] std::unique_ptr<File> create(const std::string& path,
                                               const CreateOptions& options) override;
    [[nodiscard]] bool exists(const std::string& path) override;
    [[nodiscard]] bool is_directory(const std::string& path) override;
    [[nodiscard]] std::int64_t file_size(const std::string& path) override;
    void create_directories(const std::string& path, Visibility visibility) override;
    bool remove(const std::string& path) override;
    void remove_all(const std::string& path) override;
    void rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] std::vector<std::string> list(const std::string& directory) override;
    void sync_directory(const std::string& directory) override;
    [[nodiscard]] std::int64_t free_space(const std::string& path) override;
    [[nodiscard]] std::string absolute(const std::string& path) override;

    /// Whoever comes here may find that others were running meanwhile.
    [[nodiscard]] Disk& disk() noexcept {
        scheduler_.on_platform_call();
        return disk_;
    }
    [[nodiscard]] bool is_cut_off() const noexcept { return cut_off_; }
    void forget(SimMapping& mapping);
    [[nodiscard]] std::size_t open_mappings() const noexcept { return mappings_.size(); }

  private:
    void require_alive(const std::string& path) const;
    std::unique_ptr<Mapping> map(const std::string& path, std::shared_ptr<Inode> inode,
                                 Access access);

    Disk& disk_;
    Scheduler& scheduler_;
    bool cut_off_ = false;
    std::vector<SimMapping*> mappings_;
};

}  // namespace tern::platform::sim
