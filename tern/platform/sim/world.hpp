#pragma once
// A simulated world: hosts on a network, one clock, one seed. The same seed gives the same run,
// event for event; `timeline().hash()` tells two runs apart.
//
//     sim::World world(seed, options);
//     sim::Host& host = world.add_host("alpha");
//     sim::Process& process = host.start("driver");
//     Driver driver(process.platform(), ...);              // production code
//     world.scheduler().add(process, driver.agent(), on_error);
//     ASSERT_TRUE(world.scheduler().run_until([&] { return ...; }, deadline_ns));
//
// The world owns hosts and processes; what was made with a process's platform is destroyed before
// the world is. Single-threaded.

#include <memory>
#include <string>
#include <vector>

#include "tern/platform/sim/disk.hpp"
#include "tern/platform/sim/network.hpp"
#include "tern/platform/sim/options.hpp"
#include "tern/platform/sim/process.hpp"
#include "tern/platform/sim/scheduler.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::platform::sim {

class World;

class Host {
  public:
    Host(World& world, std::string name, HostIndex index, Prng prng);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] HostIndex index() const noexcept { return index_; }
    [[nodiscard]] SocketAddress address() const { return VirtualNetwork::address_of(index_); }
    [[nodiscard]] Disk& disk() noexcept { return disk_; }
    [[nodiscard]] World& world() noexcept { return world_; }
    [[nodiscard]] HostClock& clock() noexcept { return clock_; }

    /// A new process, with a process id that none had before it.
    Process& start(std::string name);
    /// The power goes: all its processes are killed, then the disk loses what it may lose.
    /// New processes may be started at once.
    void crash();
    [[nodiscard]] bool has_process(std::int64_t process_id) const;

  private:
    World& world_;
    std::string name_;
    HostIndex index_;
    Prng prng_;
    HostClock clock_;
    Disk disk_;
    std::vector<std::unique_ptr<Process>> processes_;
};

class World {
  public:
    explicit World(std::uint64_t seed, const WorldOptions& options = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    Host& add_host(std::string name);
    [[nodiscard]] VirtualNetwork& network() noexcept { return network_; }
    [[nodiscard]] Scheduler& scheduler() noexcept { return scheduler_; }
    [[nodiscard]] Timeline& timeline() noexcept { return timeline_; }
    /// For the choices of a scenario: when to fault what.
    [[nodiscard]] Prng& prng() noexcept { return prng_; }

    [[nodiscard]] const WorldOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::int64_t next_process_id() noexcept { return next_process_id_++; }

  private:
    std::uint64_t seed_;
    WorldOptions options_;
    Prng prng_;
    Timeline timeline_;
    VirtualNetwork network_;
    Scheduler scheduler_;
    std::int64_t next_process_id_ = 1000;
    std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace tern::platform::sim
