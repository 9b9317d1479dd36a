#pragma once
// The node that `tern demo` shows: a `tern node` process with the counter service, in a directory
// of its own, and the `tern` commands that an operator would run on it.
//
// Thread safety: none; one thread.

#include <memory>
#include <string>
#include <vector>

#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::tools {

class DemoNode {
  public:
    /// Makes the directory. It is removed with this object, unless keep() was called.
    explicit DemoNode(platform::Platform platform);
    ~DemoNode();  ///< a node that still runs is killed
    DemoNode(const DemoNode&) = delete;
    DemoNode& operator=(const DemoNode&) = delete;

    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    [[nodiscard]] std::string aeron_directory() const { return directory_ + "/aeron"; }
    [[nodiscard]] std::string cluster_directory() const { return directory_ + "/cluster"; }
    [[nodiscard]] std::string ingress_endpoints() const { return "0=" + endpoints_.front(); }
    [[nodiscard]] std::int64_t pid() const noexcept { return process_ ? process_->pid() : -1; }

    void start();
    /// Throws Error, saying how it ended and what it said last, when the node does not run.
    void check();
    /// Waits until it has ended by itself; throws Error when that was not a success.
    void await_end(std::int64_t timeout_ns);
    /// Runs `tern cluster-tool DIR COMMAND...` to its end and returns the lines it printed; throws
    /// Error with them when it failed.
    std::vector<std::string> cluster_tool(const std::vector<std::string>& command);
    /// Leaves the directory where it is.
    void keep() noexcept { is_kept_ = true; }

  private:
    [[nodiscard]] std::vector<std::string> node_arguments() const;
    [[nodiscard]] std::string last_words() const;

    platform::Platform platform_;
    std::string directory_;
    std::vector<std::string> endpoints_;  // of the member: ingress, ..., archive
    std::unique_ptr<platform::posix::Process> process_;
    int starts_ = 0;
    std::string log_path_;
    bool is_kept_ = false;
};

}  // namespace tern::tools
