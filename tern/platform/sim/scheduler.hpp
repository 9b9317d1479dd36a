#pragma once
// Gives agents their turns in an order drawn from the seed, and lets virtual time pass.
//
// A round: every agent of a living, unpaused process gets one turn, in a fresh order, except those
// that miss it by chance. Then time moves: a little after a round with work, further and further
// while all are idle; then what has arrived is put into the sockets.

#include <cstdint>
#include <functional>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/sim/network.hpp"
#include "tern/platform/sim/options.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::platform::sim {

class Process;

class Scheduler {
  public:
    Scheduler(const ScheduleOptions& options, Timeline& timeline, VirtualNetwork& network,
              Prng prng)
        : options_(options), timeline_(timeline), network_(network), prng_(prng) {}

    /// The agent is started with its first turn. An AgentTermination, or a failed start, closes
    /// and removes it; other exceptions go to the handler. Neither agent nor process is owned.
    /// Agents of a killed process are forgotten without being closed.
    void add(Process& process, Agent& agent, ErrorHandler error_handler);
    /// Closes an agent and removes it; harmless for one that is gone.
    void close(Agent& agent);
    /// Removes it without closing it.
    void remove(Agent& agent);
    [[nodiscard]] bool has(const Agent& agent) const;

    /// One round; returns the work done. An agent on the stack gets no turn, so that synchronous
    /// calls may idle with this.
    int run_round();
    /// Rounds until the predicate holds (true) or `timeout_ns` of virtual time have passed.
    bool run_until(const std::function<bool()>& predicate, std::int64_t timeout_ns);
    void run_for(std::int64_t duration_ns);

    [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }
    [[nodiscard]] ScheduleOptions& options() noexcept { return options_; }

  private:
    struct Entry {
        std::uint64_t number;  // in the order of add()
        Process* process;
        Agent* agent;
        ErrorHandler error_handler;
        bool started = false;
        bool on_stack = false;
    };

    [[nodiscard]] Entry* find(std::uint64_t number);
    void forget_killed();
    int turn(std::uint64_t number);
    void end(std::uint64_t number, bool close);
    void pass_time(bool worked);

    ScheduleOptions options_;
    Timeline& timeline_;
    VirtualNetwork& network_;
    Prng prng_;
    std::vector<Entry> entries_;
    std::uint64_t next_number_ = 0;
    std::uint64_t rounds_ = 0;
    std::int64_t idle_step_ns_ = 0;
};

}  // namespace tern::platform::sim
