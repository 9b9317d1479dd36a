#pragma once
// A media driver as a child process, ours or upstream's, for the measurements of
// `tern bench transport`: the same settings for both.
//
// Thread safety: none. Errors: as ScratchProcess.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/tools/bench/scratch_process.hpp"

namespace tern::tools::bench {

enum class DriverKind : std::uint8_t { upstream, tern };
[[nodiscard]] std::string_view to_string(DriverKind kind) noexcept;

class DriverProcess {
  public:
    /// Starts it in a fresh directory, and waits until clients can connect. `settings`: such as
    /// "aeron.threading.mode=SHARED".
    DriverProcess(DriverKind kind, const std::vector<std::string>& settings,
                  const UpstreamFiles& upstream, platform::Platform platform);

    void stop() { process_.stop(); }  ///< SIGTERM, and waits for the end

    [[nodiscard]] std::string aeron_directory() const { return process_.directory() + "/aeron"; }

  private:
    ScratchProcess process_;
};

}  // namespace tern::tools::bench
