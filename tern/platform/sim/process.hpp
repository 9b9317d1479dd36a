#pragma once
// A process of a simulated host: its platform, and the ways it can stop.
//
// The objects of a killed process still exist in the test's memory, and their destructors still
// run. From the kill on they change nothing: their sockets are closed and send nowhere, their
// files and directories do not change, opening fails, and what they write to mapped memory stays
// private to them. So a test kills first and destroys afterwards.

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tern/platform/platform.hpp"
#include "tern/platform/sim/disk.hpp"
#include "tern/platform/sim/network.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::platform::sim {

class Host;
class Process;
class ProcessStorage;
class ProcessNetwork;

/// The clocks of a host. Neither need agree with virtual time, nor with those of other hosts.
class HostClock final : public Clock {
  public:
    HostClock(const Timeline& timeline, std::int64_t origin_ns, std::int64_t epoch_ns)
        : timeline_(timeline), origin_ns_(origin_ns), epoch_offset_ns_(epoch_ns - origin_ns) {}

    /// The wall clock is set; the monotonic one goes on as it was.
    void jump(std::int64_t by_ns) noexcept { epoch_offset_ns_ += by_ns; }
    /// From now on both run so much faster (or slower) than virtual time; |ppm| < 1'000'000.
    void set_drift(std::int64_t ppm) noexcept;

    [[nodiscard]] std::int64_t nano_time() const noexcept override;
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override {
        return epoch_offset_ns_ + nano_time();
    }

  private:
    const Timeline& timeline_;
    std::int64_t origin_ns_;  // what it showed when the present drift began
    std::int64_t drift_began_ns_ = 0;
    std::int64_t drift_ppm_ = 0;
    std::int64_t epoch_offset_ns_;
};

/// The clocks of its host as a process sees them: whoever looks may find that others were running
/// meanwhile. Those of a killed process race, so that all its deadlines pass.
class SimClock final : public Clock {
  public:
    explicit SimClock(const Process& process) : process_(process) {}
    [[nodiscard]] std::int64_t nano_time() const noexcept override;
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override;

  private:
    void on_look() const noexcept;
    const Process& process_;
    mutable std::int64_t ahead_ns_ = 0;
};

class SimRandom final : public Random {
  public:
    explicit SimRandom(Prng prng) : prng_(prng) {}
    [[nodiscard]] std::uint64_t next_u64() noexcept override { return prng_.next(); }

  private:
    Prng prng_;
};

class SimSystem final : public System {
  public:
    SimSystem(const Host& host, std::int64_t id) : host_(host), id_(id) {}
    /// What environment() tells this process.
    std::map<std::string, std::string> variables;

    [[nodiscard]] std::int64_t process_id() const override { return id_; }
    [[nodiscard]] bool process_alive(std::int64_t process_id) const override;
    [[nodiscard]] std::string user_name() const override { return "tern"; }
    [[nodiscard]] std::string host_name() const override;
    [[nodiscard]] std::string temporary_directory() const override { return "/tmp"; }
    [[nodiscard]] std::optional<std::string> environment(std::string_view name) const override;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const override;

  private:
    const Host& host_;
    std::int64_t id_;
};

class Process {
  public:
    Process(Host& host, std::string name, std::int64_t id, Prng prng);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] Platform platform();
    [[nodiscard]] Host& host() const noexcept { return host_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::int64_t id() const noexcept { return system_.process_id(); }
    [[nodiscard]] SimSystem& system() noexcept { return system_; }

    [[nodiscard]] bool is_alive() const noexcept { return alive_; }
    [[nodiscard]] bool is_paused() const noexcept { return paused_; }
    /// SIGSTOP and SIGCONT: its agents get no turns; datagrams go on arriving in its sockets.
    void pause() noexcept { paused_ = true; }
    void resume() noexcept { paused_ = false; }
    /// What it has not given back yet.
    [[nodiscard]] std::size_t open_mappings() const noexcept;
    [[nodiscard]] std::size_t open_sockets() const noexcept;

    /// SIGKILL; also what to call after everything was closed, when the process is to have ended.
    /// Its agents' turns that were under way have run to their ends when this returns.
    void kill();

  private:
    Host& host_;
    std::string name_;
    SimClock clock_;
    SimRandom random_;
    SimSystem system_;
    std::unique_ptr<ProcessStorage> storage_;
    std::unique_ptr<ProcessNetwork> network_;
    bool alive_ = true;
    bool paused_ = false;
};

}  // namespace tern::platform::sim
