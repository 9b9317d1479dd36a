#pragma once
// `tern driver` on a simulated host.

#include <string>

#include "sim/harness/actor.hpp"
#include "tern/driver/media_driver.hpp"

namespace tern::sim {

/// Small buffers, all files below `aeron_directory`, on agents of its own or one for all.
[[nodiscard]] driver::DriverContext make_driver_context(std::string aeron_directory,
                                                        driver::ThreadingMode threading);

class DriverActor final : public Actor {
  public:
    DriverActor(Run& run, virtual_world::Host& host, driver::DriverContext context)
        : Actor(run, host, "driver"), context_(std::move(context)) {}
    ~DriverActor() override { kill(); }

    /// Of the present life and running, else nullptr.
    [[nodiscard]] driver::MediaDriver* driver() const noexcept { return driver_; }
    [[nodiscard]] const driver::DriverContext& context() const noexcept { return context_; }

  private:
    void live(platform::Platform platform) override;
    void on_error(const std::exception& error) override;

    driver::DriverContext context_;
    driver::MediaDriver* driver_ = nullptr;
};

}  // namespace tern::sim
