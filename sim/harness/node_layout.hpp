#pragma once
// Where a node of a scenario keeps its files and listens, and the settings that follow from it.

#include <string>
#include <utility>
#include <vector>

#include "tern/base/properties.hpp"

namespace tern::sim {

using NodeSettings = std::vector<std::pair<std::string, std::string>>;

struct NodeLayout {
    std::string directory;         ///< of archive and cluster
    std::string aeron_directory;   ///< of the driver; in shared memory
    std::string host;              ///< address or name
    std::string ingress_endpoint;  ///< host:port

    [[nodiscard]] std::string archive_directory() const { return directory + "/archive"; }
    [[nodiscard]] std::string cluster_directory() const { return directory + "/cluster"; }

    /// A node of one member with small buffers, as settings of `tern node`.
    [[nodiscard]] NodeSettings settings() const;
    [[nodiscard]] Properties properties() const;
};

}  // namespace tern::sim
