#pragma once
// How every long-running command takes its configuration: as upstream's native driver does
// (DRV-1.1, TLG-13), so that its scripts, property files and environments work unchanged.
//
//     tern driver [-Dname=value]... [PROPERTIES]...
//
// Environment (AERON_..., TERN_...) < -D, left to right < property files, left to right: the last
// write wins, an empty value unsets. `aeron.dir` and `AERON_DIR` are the same setting.
//
// Thread safety: none; used at start-up.

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/properties.hpp"
#include "tern/platform/platform.hpp"

namespace tern::tools {

struct ConfigurationArguments {
    std::vector<std::string> defines;  ///< name=value
    std::vector<std::string> files;    ///< paths, or file:// addresses
};

/// Gives the command -D and the PROPERTIES arguments.
void add_configuration_arguments(CLI::App& command, ConfigurationArguments& arguments);

/// Throws ConfigurationError, one line, when a define is malformed or a file cannot be used.
[[nodiscard]] Properties read_configuration(const ConfigurationArguments& arguments,
                                            const platform::Platform& platform);

/// Once all is read: a `tern.*` setting that nobody asked for is a slip of the pen, and throws
/// ConfigurationError. Upstream's names pass: a file may be shared with upstream's processes.
void refuse_unknown_settings(const Properties& properties);

/// What --help says about -D and PROPERTIES.
[[nodiscard]] std::string_view configuration_help();

}  // namespace tern::tools
