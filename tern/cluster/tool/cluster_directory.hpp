#pragma once
// What a tool finds in a cluster directory: the mark files of the consensus module (or backup) and
// of the services, wherever the link files say they are (CST-11.2).
//
// Only reads; works on a running node's directory and on one that has ended. Thread safety: none.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/memory/cluster_mark_file.hpp"
#include "tern/platform/storage.hpp"

namespace tern::cluster {

/// The directory that a link file names. Throws Error when it cannot be one.
[[nodiscard]] std::string read_link_file(platform::Storage& storage, const std::string& path);

class ClusterDirectory {
  public:
    /// Throws Error "cluster directory not found: <absolute path>".
    ClusterDirectory(platform::Storage& storage, const std::string& directory);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Of cluster-mark.dat, existing or not: in the directory, or where cluster-mark.lnk says.
    [[nodiscard]] std::string module_mark_path() const;
    [[nodiscard]] bool has_module() const;
    /// Throws Error when there is none, or it cannot be understood.
    [[nodiscard]] memory::ClusterMarkFile open_module() const;
    /// Paths of the services' mark files, sorted, each service once: a link wins over a file. They
    /// are looked for in the services directory that the module names, else here.
    [[nodiscard]] std::vector<std::string> service_mark_paths() const;
    [[nodiscard]] memory::ClusterMarkFile open_mark(const std::string& path) const;

  private:
    [[nodiscard]] std::string services_directory() const;

    platform::Storage& storage_;
    std::string path_;
};

}  // namespace tern::cluster
