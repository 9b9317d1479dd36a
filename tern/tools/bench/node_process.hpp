#pragma once
// A single-member node with an echo service as a child process, ours or upstream's, for the
// measurements of `tern bench`: the same configuration, files and ports for both.
//
// Thread safety: none. Errors: Error naming the node, its log's last lines and what was awaited.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::tools::bench {

enum class NodeKind : std::uint8_t {
    upstream_shared,  ///< upstream's ClusteredMediaDriver and container, SHARED threading
    tern_single,
    tern_shared,
};
[[nodiscard]] std::string_view to_string(NodeKind kind) noexcept;

/// Where upstream's jar and the classes of tests/interop/java are; from TERN_AERON_JAR and
/// TERN_JAVA_CLASSES, which ./dev bench sets. Throws ConfigurationError saying so.
struct UpstreamFiles {
    std::string jar;
    std::string classes;
    [[nodiscard]] static UpstreamFiles from_environment(const platform::Platform& platform);
};

class NodeProcess {
  public:
    /// Starts it in a fresh directory, and waits until the node leads: on return
    /// start_to_leader_ns() is known.
    NodeProcess(NodeKind kind, const UpstreamFiles& upstream, platform::Platform platform);
    ~NodeProcess();  ///< stops, and removes the directory
    NodeProcess(const NodeProcess&) = delete;
    NodeProcess& operator=(const NodeProcess&) = delete;

    void stop();  ///< SIGTERM, and waits for the end

    [[nodiscard]] std::string aeron_directory() const { return directory_ + "/aeron"; }
    [[nodiscard]] std::string ingress_endpoints() const { return "0=" + ingress_endpoint_; }
    /// From the start of the process to the leader's role in its counters, ns.
    [[nodiscard]] std::int64_t start_to_leader_ns() const noexcept { return start_to_leader_ns_; }
    /// Resident memory of the process now, bytes; shared mappings that it has touched included.
    [[nodiscard]] std::int64_t resident_bytes();

  private:
    void await_leader();
    [[nodiscard]] std::vector<std::string> command(const UpstreamFiles& upstream) const;
    [[nodiscard]] std::string log_tail();

    NodeKind kind_;
    platform::Platform platform_;
    std::string directory_;
    std::string ingress_endpoint_;
    std::string members_;
    std::string archive_endpoint_;
    std::unique_ptr<platform::posix::Process> process_;
    std::int64_t start_to_leader_ns_ = 0;
};

}  // namespace tern::tools::bench
