#pragma once
// Does to a world what the options of its run say: cuts links, fills disks, pauses, kills and
// crashes, at times drawn from the seed; heals what it cut, and starts again who died.
//
// The scenario registers hosts and actors, calls step() with every step of its own while faults may
// happen, and stop() when they are over. Thread safety: none.

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sim/harness/actor.hpp"
#include "sim/harness/run.hpp"

namespace tern::sim {

/// Most faults that last, at one time.
inline constexpr std::size_t kMaxLasting = 4;

class Nemesis {
  public:
    explicit Nemesis(Run& run) : run_(run) {}

    /// Links from and to it may be cut and slow, its disk full, its clock wrong. `may_crash`: the
    /// power may fail, too.
    void add_host(virtual_world::Host& host, bool may_crash);
    /// Which of kill, close and pause may happen to it. When it is down, for whatever reason, it is
    /// started again a while later; `before_start` is called first, while nothing of it runs.
    void add_actor(Actor& actor, FaultSet may, std::function<void()> before_start = {});

    /// Told when the power of a host has failed.
    void on_host_crash(std::function<void(virtual_world::Host&)> listener) {
        host_crash_listener_ = std::move(listener);
    }

    /// The power of this host fails now.
    void crash(virtual_world::Host& host);

    void step();
    /// Everything heals, everybody is running again or paused no more. Clocks stay as they are.
    void stop();

  private:
    struct Victim {
        Actor* actor;
        FaultSet may;
        std::function<void()> before_start;
        std::int64_t restart_ns = -1;  // -1: not planned
    };
    struct Lasting {
        std::int64_t until_ns;
        std::function<void()> heal;
    };

    void plan_next();
    void strike();
    void await_the_leaving();
    void restart_the_dead(bool at_once);
    void heal_what_is_over(bool all);
    void last(std::function<void()> heal);

    void cut(FaultKind kind);
    void change_link(FaultKind kind);
    void fill_disk();
    void pause();
    void jump_clock();
    void end_actor(FaultKind kind);
    void crash_host();
    [[nodiscard]] Victim* draw_victim(FaultKind kind);

    Run& run_;
    std::vector<virtual_world::Host*> hosts_;
    std::vector<virtual_world::Host*> crashing_;
    std::vector<Victim> victims_;
    std::vector<Lasting> lasting_;
    std::function<void(virtual_world::Host&)> host_crash_listener_;
    std::int64_t next_ns_ = -1;  // -1: not planned
    std::int64_t next_look_ns_ = 0;
};

}  // namespace tern::sim
