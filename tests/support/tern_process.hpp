#pragma once
// The `tern` binary as a process, for tests that look at it as an operator does: command line,
// output, exit code, files.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/base/duration.hpp"
#include "tern/base/properties.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::support {

/// How long a test waits for what should come at once; only a failing test waits that long.
inline constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

using Settings = std::vector<std::pair<std::string, std::string>>;

/// `tern ARGUMENTS`, with the environment added to this process's; output to a pipe.
[[nodiscard]] std::unique_ptr<platform::posix::Process> start_tern(
    const std::vector<std::string>& arguments, const Settings& environment = {});

/// Each setting as "-Dname=value".
[[nodiscard]] std::vector<std::string> as_defines(const Settings& settings);
[[nodiscard]] Properties as_properties(const Settings& settings);

/// Reads lines up to one that contains `text` and returns it; throws, which fails the test, telling
/// what came instead, when the output ends or nothing comes for kPatienceNs.
std::string await_line(platform::posix::Process& process, std::string_view text);

/// Waits for the end and expects the exit code; returns the rest of the output. Throws when the end
/// does not come.
std::string expect_exit(platform::posix::Process& process, int exit_code);

/// What the error log of the driver in this directory holds; empty without one.
[[nodiscard]] std::string driver_error_log(const platform::Platform& platform,
                                           const std::string& aeron_directory);

/// A cluster of one member below a directory: its settings, and its files as operators see them.
class MemberFiles {
  public:
    /// Small buffers, everything under `root`, ingress at an endpoint of its own.
    MemberFiles(platform::Platform platform, std::string root);

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] std::string aeron_directory() const { return root_ + "/aeron"; }
    [[nodiscard]] std::string cluster_directory() const { return root_ + "/cluster"; }
    [[nodiscard]] std::string archive_directory() const { return root_ + "/archive"; }
    [[nodiscard]] const std::string& ingress_endpoint() const noexcept { return ingress_; }

    /// Writes the cluster's control toggle, as a tool would.
    void toggle(std::int64_t value) const;
    /// The value of the first counter of this type; -1 when there is none or no driver.
    [[nodiscard]] std::int64_t counter(std::int32_t type_id) const;
    /// Waits for counter(type_id) == value; fails the test when it does not come.
    void await_counter(std::int32_t type_id, std::int64_t value) const;
    /// What the error logs of driver, archive, module and containers hold, read from their files.
    [[nodiscard]] std::string error_logs() const;

  private:
    mutable platform::Platform platform_;
    std::string root_;
    std::string ingress_;
    Settings settings_;
};

}  // namespace tern::support
