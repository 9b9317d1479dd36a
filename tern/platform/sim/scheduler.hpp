#pragma once
// Gives agents their turns at times drawn from the seed, and lets virtual time pass.
//
// Each agent is on a thread of its own, in virtual time: it gets a turn, a little later the next
// one if it had work, else later and later, as idle strategies do it. Time moves from one event to
// the next: a turn that is due, or a datagram that arrives. No two turns run at once, but a turn
// may be interrupted: an agent can lose its processor at every call of the platform (looks at the
// clock, files, sockets), and wait there while others run. It does so by chance, or because the
// disk takes its time, or because it waits for others by calling run_round() itself.
//
// A killed process's turns that were under way are run to their end, at once and without effect
// (Process), so that nothing on their stacks is lost.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/sim/fiber.hpp"
#include "tern/platform/sim/network.hpp"
#include "tern/platform/sim/options.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::platform::sim {

class Process;

enum class Preemption : std::uint8_t {
    allowed,
    /// For agents of a test that is called into between their turns.
    never,
};

class Scheduler {
  public:
    Scheduler(const ScheduleOptions& options, Timeline& timeline, VirtualNetwork& network,
              Prng prng);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// The agent is started with its first turn. An AgentTermination, or a failed start, closes
    /// and removes it; other exceptions go to the handler. Neither agent nor process is owned.
    /// Agents of a killed process are forgotten without being closed.
    void add(Process& process, Agent& agent, ErrorHandler error_handler,
             Preemption preemption = Preemption::allowed);
    /// A main program, which waits by calling run_round(); what it throws goes to the handler.
    /// Tells its number, for is_running().
    std::uint64_t spawn(Process& process, std::function<void()> body, ErrorHandler error_handler,
                        Preemption preemption = Preemption::allowed);
    [[nodiscard]] bool is_running(std::uint64_t number) const { return find(number) != nullptr; }
    /// Closes an agent and removes it; harmless for one that is gone.
    void close(Agent& agent);
    /// Removes it without closing it. A turn that is under way is awaited.
    void remove(Agent& agent);
    [[nodiscard]] bool has(const Agent& agent) const;
    /// Keeps an agent from its turns for so long.
    void stall(const Agent& agent, std::int64_t duration_ns);
    /// Returns when no turn of an agent of this process is under way.
    void finish_turns(const Process& process);

    /// Time passes to the next event, and what is due then gets its turn; returns the work done.
    /// From within a turn: the turn goes on a little later (at once for a killed process).
    int run_round();
    /// Rounds until the predicate holds (true) or `timeout_ns` of virtual time have passed.
    bool run_until(const std::function<bool()>& predicate, std::int64_t timeout_ns);
    void run_for(std::int64_t duration_ns);

    // For the platform of processes.

    /// The current turn may be interrupted here.
    void on_platform_call() noexcept;
    /// The current turn goes on so much later.
    void delay(std::int64_t duration_ns) noexcept;
    /// Runs turns of a killed process to their ends and forgets its agents.
    void drain(const Process& process);

    [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }
    [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }
    [[nodiscard]] std::uint64_t preemptions() const noexcept { return preemptions_; }
    [[nodiscard]] ScheduleOptions& options() noexcept { return options_; }

  private:
    struct Entry;

    Entry& enlist(Process& process, ErrorHandler error_handler);
    [[nodiscard]] Entry* find(std::uint64_t number) const;
    [[nodiscard]] Entry* find(const Agent& agent) const;
    [[nodiscard]] std::int64_t& next_turn_ns(const Entry& entry);
    void pass_time();
    int turn(std::uint64_t number);
    void run_turns(Entry& entry);
    void run_once(Entry& entry);
    void plan_next(Entry& entry, int work_count);
    void finish_turns_of(const std::function<bool(const Entry&)>& belongs);
    void drain(Entry& entry);
    void suspend(Entry& entry, std::int64_t duration_ns) noexcept;
    void retire(std::uint64_t number);

    ScheduleOptions options_;
    Timeline& timeline_;
    VirtualNetwork& network_;
    Prng prng_;
    std::vector<std::unique_ptr<Entry>> entries_;  // ascending numbers
    std::vector<std::int64_t> next_turns_ns_;      // of each, side by side: they are looked at most
    Entry* current_ = nullptr;                     // whose turn it is
    std::vector<std::uint64_t> due_;
    std::uint64_t next_number_ = 0;
    std::uint64_t rounds_ = 0;
    std::uint64_t turns_ = 0;
    std::uint64_t preemptions_ = 0;
};

}  // namespace tern::platform::sim
