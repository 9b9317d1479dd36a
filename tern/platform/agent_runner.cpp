#include "tern/platform/agent_runner.hpp"

#include "tern/platform/posix/thread.hpp"

namespace tern::platform {

namespace {

/// Runs one step of an agent; false when it ended the agent. Other errors go to the handler.
template <typename Step>
bool guarded(const ErrorHandler& error_handler, Step step) {
    try {
        step();
    } catch (const AgentTermination& termination) {
        if (!termination.expected()) error_handler(termination);
        return false;
    } catch (const std::exception& error) {
        error_handler(error);
    }
    return true;
}

/// As on_start() is: an agent that did not start does no work.
template <typename Step>
bool succeeds(const ErrorHandler& error_handler, Step step) {
    bool done = false;
    return guarded(error_handler,
                   [&] {
                       step();
                       done = true;
                   }) &&
           done;
}

}  // namespace

// CompositeAgent --------------------------------------------------------------------------------

CompositeAgent::CompositeAgent(std::string role_name, std::vector<Agent*> agents,
                               ErrorHandler error_handler)
    : role_name_(std::move(role_name)),
      agents_(std::move(agents)),
      error_handler_(std::move(error_handler)) {}

void CompositeAgent::on_start() {
    for (Agent* agent : agents_) agent->on_start();
}

int CompositeAgent::do_work() {
    int work_count = 0;
    for (Agent* agent : agents_) {
        try {
            work_count += agent->do_work();
        } catch (const AgentTermination&) {
            throw;
        } catch (const std::exception& error) {
            error_handler_(error);
        }
    }
    return work_count;
}

void CompositeAgent::on_close() {
    for (auto agent = agents_.rbegin(); agent != agents_.rend(); ++agent) {
        guarded(error_handler_, [&] { (*agent)->on_close(); });
    }
}

// AgentInvoker ----------------------------------------------------------------------------------

AgentInvoker::AgentInvoker(Agent& agent, ErrorHandler error_handler)
    : agent_(agent), error_handler_(std::move(error_handler)) {}

AgentInvoker::~AgentInvoker() { close(); }

void AgentInvoker::start() {
    if (state_ != State::fresh) return;
    state_ = State::running;
    if (!succeeds(error_handler_, [&] { agent_.on_start(); })) close();
}

int AgentInvoker::invoke() {
    if (state_ != State::running || invoking_) return 0;
    int work_count = 0;
    invoking_ = true;
    const bool goes_on = guarded(error_handler_, [&] { work_count = agent_.do_work(); });
    invoking_ = false;
    if (!goes_on) close();
    return work_count;
}

void AgentInvoker::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    guarded(error_handler_, [&] { agent_.on_close(); });
}

// AgentRunner -----------------------------------------------------------------------------------

AgentRunner::AgentRunner(Agent& agent, std::unique_ptr<IdleStrategy> idle_strategy,
                         ErrorHandler error_handler)
    : agent_(agent),
      idle_strategy_(std::move(idle_strategy)),
      error_handler_(std::move(error_handler)) {}

AgentRunner::~AgentRunner() { close(); }

void AgentRunner::start(int cpu) {
    if (started_.exchange(true)) return;
    thread_ = std::thread([this, cpu] { run(cpu); });
}

void AgentRunner::run(int cpu) {
    posix::name_thread(agent_.role_name());
    posix::drop_timer_slack();
    if (cpu >= 0) guarded(error_handler_, [&] { posix::pin_thread(cpu); });
    bool goes_on = succeeds(error_handler_, [&] { agent_.on_start(); });
    while (goes_on && !stop_.load(std::memory_order_acquire)) {
        int work_count = 0;
        goes_on = guarded(error_handler_, [&] { work_count = agent_.do_work(); });
        idle_strategy_->idle(work_count);
    }
    guarded(error_handler_, [&] { agent_.on_close(); });
    finished_.store(true, std::memory_order_release);
}

void AgentRunner::close() {
    request_stop();
    const std::lock_guard guard(close_mutex_);
    if (thread_.joinable()) {
        thread_.join();
    } else if (!started_.exchange(true)) {
        guarded(error_handler_, [&] { agent_.on_close(); });
        finished_.store(true, std::memory_order_release);
    }
}

}  // namespace tern::platform
