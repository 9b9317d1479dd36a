#pragma once
// Where the distinct error logs of a component are: in the CnC file of a driver, in the mark files
// of an archive or a cluster node (TLG-4).

#include <memory>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/platform/storage.hpp"

namespace tern::tools {

/// One log, mapped read-only as long as this lives.
struct ErrorLogFile {
    std::string path;
    std::string component;  ///< MEDIA_DRIVER, ARCHIVE, CONSENSUS_MODULE, CONTAINER, ...
    std::shared_ptr<const void> mapping;  ///< what keeps the bytes there
    ConstBytes bytes;
};

/// All logs of a directory, or that of a file, by its name. Throws Error that says what was looked
/// for when there is none, or when a file cannot be understood.
[[nodiscard]] std::vector<ErrorLogFile> find_error_logs(platform::Storage& storage,
                                                        const std::string& path);

}  // namespace tern::tools
