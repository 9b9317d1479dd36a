#pragma once
// An agent: an active part of the stack with a duty cycle.
//
// An agent neither starts threads, nor sleeps, nor blocks, nor reads a clock other than the one it
// was given. Everything that takes more than one step is a state machine advanced by do_work().
// A runner puts one or several agents on a thread; an invoker lets the caller drive them, so any
// set of agents, up to a whole node, can share one thread.
//
// Thread safety: all calls come from one thread at a time.

#include <string_view>

namespace tern {

class Agent {
  public:
    virtual ~Agent() = default;

    /// Called once, on the agent's thread, before the first do_work().
    virtual void on_start() {}

    /// One duty cycle: returns the amount of work done, 0 meaning that the caller may idle.
    /// Exceptions go to the runner's error handler; AgentTermination ends the agent.
    virtual int do_work() = 0;

    /// Called once, on the agent's thread, after the last do_work(). Must not throw: it tries
    /// every step of its close sequence and reports failures to its own error handler.
    virtual void on_close() {}

    /// The field's name of the role, e.g. "driver-conductor"; also names the thread.
    [[nodiscard]] virtual std::string_view role_name() const = 0;
};

}  // namespace tern
