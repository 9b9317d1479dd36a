#include "tern/cluster/tool/cluster_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tern/base/error.hpp"

namespace tern::cluster {

namespace {

constexpr std::string_view kServicePrefix = "cluster-mark-service-";
constexpr std::string_view kFileSuffix = ".dat";
constexpr std::string_view kLinkSuffix = ".lnk";
constexpr std::int64_t kMaxLinkLength = 4096;

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

std::string read_link_file(platform::Storage& storage, const std::string& path) {
    const auto file = storage.open(path, platform::Access::read_only);
    const auto size = file->size();
    if (size > kMaxLinkLength) {
        throw Error(
            fmt::format("{}: {} bytes are too many for the name of a directory; delete the "
                        "link, or write the mark file's directory into it",
                        path, size));
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
    return trimmed(text);
}

ClusterDirectory::ClusterDirectory(platform::Storage& storage, const std::string& directory)
    : storage_(storage), path_(storage.absolute(directory)) {
    if (!storage.is_directory(path_)) {
        throw Error(fmt::format("cluster directory not found: {}", path_));
    }
}

std::string ClusterDirectory::module_mark_path() const {
    const auto link = platform::join_path(path_, memory::kClusterMarkLinkName);
    const auto directory = storage_.exists(link) ? read_link_file(storage_, link) : path_;
    return platform::join_path(directory, memory::kClusterMarkFileName);
}

bool ClusterDirectory::has_module() const { return storage_.exists(module_mark_path()); }

memory::ClusterMarkFile ClusterDirectory::open_module() const {
    return open_mark(module_mark_path());
}

memory::ClusterMarkFile ClusterDirectory::open_mark(const std::string& path) const {
    auto file = memory::ClusterMarkFile::open(storage_, path);
    const auto major = (file.version() >> 16) & 0xff;
    constexpr auto kMajor = (memory::kClusterMarkFileVersion >> 16) & 0xff;
    if (major != kMajor) {
        throw Error(fmt::format("mark file ({}) major version {} does not match software: {}", path,
                                major, kMajor));
    }
    return file;
}

std::string ClusterDirectory::services_directory() const {
    if (!has_module()) return path_;
    const auto named = open_module().fields().services_cluster_directory;
    return !named.empty() && storage_.is_directory(named) ? named : path_;
}

std::vector<std::string> ClusterDirectory::service_mark_paths() const {
    const auto directory = services_directory();
    std::map<std::string, std::string> paths;  // by name without suffix
    for (const auto& name : storage_.list(directory)) {
        if (!name.starts_with(kServicePrefix) || name.size() < kFileSuffix.size()) continue;
        const auto stem = name.substr(0, name.size() - kFileSuffix.size());
        if (name.ends_with(kLinkSuffix)) {
            const auto target = read_link_file(storage_, platform::join_path(directory, name));
            paths[stem] = platform::join_path(target, stem + std::string(kFileSuffix));
        } else if (name.ends_with(kFileSuffix)) {
            paths.try_emplace(stem, platform::join_path(directory, name));
        }
    }
    std::vector<std::string> found;
    for (auto& [stem, path] : paths) found.push_back(std::move(path));
    return found;
}

}  // namespace tern::cluster
