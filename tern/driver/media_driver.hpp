#pragma once
// The media driver: one Aeron directory, its CnC file, and the agents that serve it (DRV-2).
//
//     auto driver = MediaDriver::launch(context, platform);   // clients may connect from here on
//     ...
//     driver->close();                                        // or its destructor
//
// In ThreadingMode::invoker nobody but the caller drives the driver: call invoke() in a loop. A
// client on the same thread must do so while it waits for the driver's answers. The other modes
// run threads of their own.
//
// Thread safety: launch, invoke and close from one thread; the accessors from any.

#include <memory>
#include <string>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/driver/context.hpp"
#include "tern/memory/counters.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

class MediaDriver {
  public:
    /// Takes over the directory, creates its files and starts the agents. Throws
    /// ConfigurationError when the context cannot work, and Error when another driver is active in
    /// the directory or a file cannot be created; then nothing is left behind but what was there.
    [[nodiscard]] static std::unique_ptr<MediaDriver> launch(DriverContext context,
                                                             const platform::Platform& platform);

    ~MediaDriver();  ///< closes
    MediaDriver(const MediaDriver&) = delete;
    MediaDriver& operator=(const MediaDriver&) = delete;

    /// One duty cycle of every agent; returns the work done. Only in ThreadingMode::invoker.
    int invoke();
    /// DriverContext::is_owner_driven: one for each thread there would be. They stay until the
    /// driver is destroyed and do nothing once it is closed; no turn may be under way when close()
    /// begins.
    [[nodiscard]] std::vector<Agent*> agents() const;

    /// Stops the agents, deletes the log buffers, marks the CnC file closed and unmaps it; harmless
    /// when repeated. Clients find out by the heartbeat: close them first.
    void close();

    [[nodiscard]] const DriverContext& context() const noexcept;
    [[nodiscard]] const std::string& aeron_directory() const noexcept;
    /// Not after close().
    [[nodiscard]] const memory::CountersReader& counters() const noexcept;

  private:
    struct Parts;
    explicit MediaDriver(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tern::driver
