#pragma once
// A single-member node with an echo service as a child process, ours or upstream's, for the
// measurements of `tern bench node`: the same configuration, files and ports for both.
//
// Thread safety: none. Errors: as ScratchProcess.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/tools/bench/scratch_process.hpp"

namespace tern::tools::bench {

enum class NodeKind : std::uint8_t {
    upstream_shared,  ///< upstream's ClusteredMediaDriver and container, SHARED threading
    tern_single,
    tern_shared,
};
[[nodiscard]] std::string_view to_string(NodeKind kind) noexcept;

class NodeProcess {
  public:
    /// Starts it in a fresh directory, and waits until the node leads: on return
    /// start_to_leader_ns() is known.
    NodeProcess(NodeKind kind, const UpstreamFiles& upstream, platform::Platform platform);

    void stop() { process_.stop(); }  ///< SIGTERM, and waits for the end

    [[nodiscard]] std::string aeron_directory() const { return process_.directory() + "/aeron"; }
    [[nodiscard]] std::string ingress_endpoints() const { return "0=" + ingress_endpoint_; }
    /// From the start of the process to the leader's role in its counters, ns.
    [[nodiscard]] std::int64_t start_to_leader_ns() const noexcept { return start_to_leader_ns_; }
    /// Resident memory of the process now, bytes; shared mappings that it has touched included.
    [[nodiscard]] std::int64_t resident_bytes() { return process_.resident_bytes(); }

  private:
    void await_leader(platform::Platform platform);
    [[nodiscard]] std::vector<std::string> command(NodeKind kind,
                                                   const UpstreamFiles& upstream) const;

    ScratchProcess process_;
    std::string ingress_endpoint_;
    std::string members_;
    std::string archive_endpoint_;
    std::int64_t start_to_leader_ns_ = 0;
};

}  // namespace tern::tools::bench
