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
#include "tern/memory/owner.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/signals.hpp"

namespace tern::tools {

inline constexpr std::int64_t kMaxOwnerWaitMs = 12'000;     ///< more than any liveness timeout
inline constexpr std::int64_t kOwnerRetryNs = 100'000'000;  ///< between two attempts

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
/// ConfigurationError. Upstream's names pass with a warning on stderr, or without one where they
/// belong to another component: a file may be shared with upstream's processes.
void refuse_unknown_settings(const Properties& properties);

/// Runs `launch` until it succeeds. When it is refused because of an owner that died without a word
/// (memory/owner.hpp), waits for what that takes, a few seconds at most; every other error is
/// passed on, and so is that one when `stop` is raised.
template <typename Launch>
auto launch_once_free(const platform::Platform& platform, platform::posix::ShutdownSignal& stop,
                      Launch&& launch) {
    const std::int64_t deadline_ms = platform.clock.epoch_ms() + kMaxOwnerWaitMs;
    while (true) {
        try {
            return launch();
        } catch (const memory::OwnerActiveError& error) {
            if (memory::is_owner_seen(platform.system, error.pid()) ||
                platform.clock.epoch_ms() > deadline_ms || stop.wait(kOwnerRetryNs)) {
                throw;
            }
        }
    }
}

/// What --help says about -D and PROPERTIES.
[[nodiscard]] std::string_view configuration_help();

}  // namespace tern::tools
