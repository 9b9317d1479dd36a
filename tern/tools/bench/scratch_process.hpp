#pragma once
// A child process that is measured: with a directory of its own in /dev/shm and a log, gone with
// both.
//
// Thread safety: none. Errors: Error naming the process, what was awaited and its log's last lines.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::tools::bench {

/// Where upstream's jar and the classes of tests/interop/java are; from TERN_AERON_JAR and
/// TERN_JAVA_CLASSES, which ./dev bench sets. Throws ConfigurationError saying so.
struct UpstreamFiles {
    std::string jar;
    std::string classes;
    [[nodiscard]] static UpstreamFiles from_environment(const platform::Platform& platform);

    /// "java" with what every program of upstream needs; system properties, the main class and its
    /// arguments follow.
    [[nodiscard]] std::vector<std::string> java() const;
};

/// Endpoints on the loopback interface that nobody has now, and that differ.
[[nodiscard]] std::vector<std::string> free_endpoints(platform::Network& network,
                                                      std::size_t count);

class ScratchProcess {
  public:
    /// Makes the directory. Nothing runs yet.
    ScratchProcess(std::string name, platform::Platform platform);
    ~ScratchProcess();  ///< kills, and removes the directory
    ScratchProcess(const ScratchProcess&) = delete;
    ScratchProcess& operator=(const ScratchProcess&) = delete;

    void start(std::vector<std::string> arguments);
    /// Looks until it is so, for 60 s at most, as long as the process runs.
    void await(const std::function<bool()>& is_so, const char* what);
    /// Waits for the end that the process comes to by itself, and for a good exit code.
    void await_end();
    void stop();  ///< SIGTERM, and waits for the end

    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    /// Resident memory now, bytes; shared mappings that it has touched included.
    [[nodiscard]] std::int64_t resident_bytes();
    /// The end of what it has printed.
    [[nodiscard]] std::string log_tail();

  private:
    [[noreturn]] void fail(const std::string& how);

    std::string name_;
    platform::Platform platform_;
    std::string directory_;
    std::unique_ptr<platform::posix::Process> process_;
};

}  // namespace tern::tools::bench
