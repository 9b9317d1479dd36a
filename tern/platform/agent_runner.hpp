#pragma once
// Puts agents to work: on a thread of their own (AgentRunner), several as one (CompositeAgent), or
// in the caller's duty cycle (AgentInvoker).
//
// All of them keep these promises to an agent: on_close() comes exactly once, also when on_start()
// failed or was never called; an agent whose on_start() failed does no work. Errors go to the
// handler, an AgentTermination only when it was not expected.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::platform {

/// Several agents as one; each gets one do_work() a cycle, in order. An exception out of one goes
/// to the error handler and does not keep the others from their turn; AgentTermination of one ends
/// the whole. on_close() closes all, last one first.
class CompositeAgent final : public Agent {
  public:
    CompositeAgent(std::string role_name, std::vector<Agent*> agents, ErrorHandler error_handler);
    void on_start() override;
    int do_work() override;
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override { return role_name_; }

  private:
    std::string role_name_;
    std::vector<Agent*> agents_;
    ErrorHandler error_handler_;
};

/// Drives an agent from the caller's own loop. start() and close() are idempotent; after close()
/// or an AgentTermination invoke() does nothing. Errors go to the handler.
class AgentInvoker {
  public:
    AgentInvoker(Agent& agent, ErrorHandler error_handler);
    ~AgentInvoker();  ///< closes
    AgentInvoker(const AgentInvoker&) = delete;
    AgentInvoker& operator=(const AgentInvoker&) = delete;

    void start();
    int invoke();
    void close();
    [[nodiscard]] bool is_running() const noexcept { return state_ == State::running; }

  private:
    enum class State : std::uint8_t { fresh, running, closed };
    Agent& agent_;
    ErrorHandler error_handler_;
    State state_ = State::fresh;
    bool invoking_ = false;  // an agent's own idling must not re-enter it
};

/// Runs an agent on a thread named after its role. close() asks the loop to end after the current
/// cycle and waits for on_close() and the thread; idempotent, harmless from any thread but the
/// agent's own.
class AgentRunner {
  public:
    AgentRunner(Agent& agent, std::unique_ptr<IdleStrategy> idle_strategy,
                ErrorHandler error_handler);
    ~AgentRunner();  ///< closes
    AgentRunner(const AgentRunner&) = delete;
    AgentRunner& operator=(const AgentRunner&) = delete;

    /// cpu >= 0 pins the thread; when the system refuses, the handler is told and the agent runs
    /// unpinned.
    void start(int cpu = -1);
    void request_stop() noexcept { stop_.store(true, std::memory_order_release); }
    void close();
    /// True once the loop has ended by itself (AgentTermination) or by close().
    [[nodiscard]] bool is_finished() const noexcept {
        return finished_.load(std::memory_order_acquire);
    }

  private:
    void run(int cpu);
    Agent& agent_;
    std::unique_ptr<IdleStrategy> idle_strategy_;
    ErrorHandler error_handler_;
    std::mutex close_mutex_;  // two may close at once
    std::thread thread_;
    std::atomic<bool> started_{false};
    std::atomic<bool> stop_{false};
    std::atomic<bool> finished_{false};
};

}  // namespace tern::platform
