#include "tern/tools/error_logs.hpp"

#include <fmt/format.h>

#include "tern/cluster/tool/cluster_directory.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/cnc_file.hpp"

namespace tern::tools {
namespace {

ErrorLogFile driver_log(platform::Storage& storage, const std::string& path) {
    const std::shared_ptr<platform::Mapping> mapping =
        storage.open_mapped(path, platform::Access::read_only);
    const memory::CncFile cnc(mapping->bytes());
    return {path, "MEDIA_DRIVER", mapping, cnc.error_log()};
}

/// The log of a mark file: where its header says that it is.
template <typename Mark>
ErrorLogFile mark_log(Mark mark, std::string component) {
    const auto owner = std::make_shared<Mark>(std::move(mark));
    const auto path = owner->path();
    const auto bytes = owner->error_log();
    return {path, std::move(component), owner, bytes};
}

ErrorLogFile archive_log(platform::Storage& storage, const std::string& path) {
    return mark_log(memory::ArchiveMarkFile::open(storage, path), "ARCHIVE");
}

ErrorLogFile cluster_log(memory::ClusterMarkFile mark) {
    const auto component = std::string(memory::to_string(mark.component()));
    return mark_log(std::move(mark), component);
}

std::string linked(platform::Storage& storage, const std::string& directory,
                   std::string_view link_name, std::string_view file_name) {
    const auto link = platform::join_path(directory, link_name);
    if (!storage.exists(link)) return platform::join_path(directory, file_name);
    return platform::join_path(cluster::read_link_file(storage, link), file_name);
}

}  // namespace

std::vector<ErrorLogFile> find_error_logs(platform::Storage& storage, const std::string& path) {
    if (!storage.is_directory(path)) {
        if (!storage.exists(path)) throw Error(fmt::format("file not found: {}", path));
        const auto name = path.substr(path.rfind('/') + 1);
        if (name.starts_with("archive-mark")) return {archive_log(storage, path)};
        if (name.starts_with("cluster-mark")) {
            return {cluster_log(memory::ClusterMarkFile::open(storage, path))};
        }
        return {driver_log(storage, path)};
    }
    std::vector<ErrorLogFile> logs;
    const auto cnc = platform::join_path(path, memory::kCncFileName);
    if (storage.exists(cnc)) logs.push_back(driver_log(storage, cnc));
    const auto archive =
        linked(storage, path, memory::kArchiveMarkLinkName, memory::kArchiveMarkFileName);
    if (storage.exists(archive)) logs.push_back(archive_log(storage, archive));
    const cluster::ClusterDirectory directory(storage, path);
    if (directory.has_module()) logs.push_back(cluster_log(directory.open_module()));
    for (const auto& service : directory.service_mark_paths()) {
        logs.push_back(cluster_log(directory.open_mark(service)));
    }
    if (logs.empty()) {
        throw Error(
            fmt::format("{}: no error log here: looked for {}, {} and {}; name the "
                        "directory of a driver, an archive or a cluster node",
                        path, memory::kCncFileName, memory::kArchiveMarkFileName,
                        memory::kClusterMarkFileName));
    }
    return logs;
}

}  // namespace tern::tools
