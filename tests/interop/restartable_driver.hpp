#pragma once
// Media drivers that tests stop and start again in the same directory: `tern driver` as a process,
// and upstream's, any number of which share a long-lived process (java/MatrixDrivers.java).
//
// All have short timeouts, so that what a restart leaves behind is noticed soon.

#include <memory>
#include <string>

#include "peer.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::interop {

class RestartableDriver {
  public:
    virtual ~RestartableDriver() = default;
    RestartableDriver(const RestartableDriver&) = delete;
    RestartableDriver& operator=(const RestartableDriver&) = delete;

    /// Throws Error when it does not start or end as it should, or does not in time.
    virtual void start() = 0;
    virtual void stop() = 0;

    [[nodiscard]] std::string directory() const { return scratch_.path() + "/aeron"; }
    /// What its error log holds since it was started.
    [[nodiscard]] std::string error_log() const;

  protected:
    explicit RestartableDriver(platform::Platform platform)
        : platform_(platform), scratch_(platform) {}

  private:
    platform::Platform platform_;
    support::ScratchDirectory scratch_;
};

[[nodiscard]] std::unique_ptr<RestartableDriver> make_tern_driver(platform::Platform platform);

/// The process for those of make_java_driver.
[[nodiscard]] std::unique_ptr<JavaCommands> start_java_drivers();
[[nodiscard]] std::unique_ptr<RestartableDriver> make_java_driver(platform::Platform platform,
                                                                  JavaCommands& drivers);

}  // namespace tern::interop
