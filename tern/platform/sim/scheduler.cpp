#include "tern/platform/sim/scheduler.hpp"

#include <algorithm>

#include "tern/platform/sim/process.hpp"

namespace tern::platform::sim {

void Scheduler::add(Process& process, Agent& agent, ErrorHandler error_handler) {
    entries_.push_back({next_number_++, &process, &agent, std::move(error_handler)});
}

bool Scheduler::has(const Agent& agent) const {
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return entry.agent == &agent && entry.process->is_alive();
    });
}

void Scheduler::close(Agent& agent) {
    forget_killed();
    const auto entry = std::ranges::find(entries_, &agent, &Entry::agent);
    if (entry != entries_.end()) end(entry->number, true);
}

void Scheduler::remove(Agent& agent) {
    forget_killed();
    const auto entry = std::ranges::find(entries_, &agent, &Entry::agent);
    if (entry != entries_.end()) end(entry->number, false);
}

/// Their agents may be destroyed already, and others be at the same addresses.
void Scheduler::forget_killed() {
    std::erase_if(entries_, [](const Entry& entry) { return !entry.process->is_alive(); });
}

Scheduler::Entry* Scheduler::find(std::uint64_t number) {
    const auto entry = std::ranges::find(entries_, number, &Entry::number);
    return entry == entries_.end() ? nullptr : &*entry;
}

void Scheduler::end(std::uint64_t number, bool close) {
    const Entry entry = *find(number);
    std::erase_if(entries_, [&](const Entry& other) { return other.number == number; });
    if (!close || !entry.process->is_alive()) return;
    try {
        entry.agent->on_close();
    } catch (const std::exception& error) {
        entry.error_handler(error);
    }
}

/// Agents may come and go during a turn, so that an entry is looked up again after it.
int Scheduler::turn(std::uint64_t number) {
    Entry* entry = find(number);
    if (entry == nullptr || entry->on_stack) return 0;
    if (!entry->process->is_alive() || entry->process->is_paused()) return 0;
    Agent& agent = *entry->agent;
    const ErrorHandler error_handler = entry->error_handler;
    bool starting = !entry->started;
    entry->on_stack = true;
    entry->started = true;
    int work_count = 0;
    bool ended = false;
    try {
        if (starting) agent.on_start();
        starting = false;
        work_count = agent.do_work();
    } catch (const AgentTermination& termination) {
        ended = true;
        if (!termination.expected()) error_handler(termination);
    } catch (const std::exception& error) {
        ended = starting;
        error_handler(error);
    }
    timeline_.note(Event::turn, number, static_cast<std::uint64_t>(work_count));
    entry = find(number);
    if (entry == nullptr) return work_count;
    entry->on_stack = false;
    if (ended) end(number, true);
    return work_count;
}

int Scheduler::run_round() {
    ++rounds_;
    forget_killed();
    std::vector<std::uint64_t> order;
    for (const Entry& entry : entries_) order.push_back(entry.number);
    prng_.shuffle(order);
    int work_count = 0;
    for (const std::uint64_t number : order) {
        if (!prng_.chance(options_.skip_turn_ppm)) work_count += turn(number);
    }
    pass_time(work_count > 0);
    return work_count;
}

void Scheduler::pass_time(bool worked) {
    std::int64_t step_ns = prng_.between(options_.busy_step_ns);
    if (worked) {
        idle_step_ns_ = 0;
    } else {
        idle_step_ns_ = std::min(idle_step_ns_ + step_ns, options_.max_idle_ns);
        step_ns = std::max(step_ns, idle_step_ns_);
    }
    timeline_.advance(step_ns);
    network_.deliver();
}

bool Scheduler::run_until(const std::function<bool()>& predicate, std::int64_t timeout_ns) {
    const std::int64_t deadline_ns = timeline_.now_ns() + timeout_ns;
    while (!predicate()) {
        if (timeline_.now_ns() >= deadline_ns) return false;
        run_round();
    }
    return true;
}

void Scheduler::run_for(std::int64_t duration_ns) {
    run_until([] { return false; }, duration_ns);
}

}  // namespace tern::platform::sim
