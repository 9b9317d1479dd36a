#include "tern/platform/sim/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "tern/base/assert.hpp"
#include "tern/platform/sim/process.hpp"

namespace tern::platform::sim {

namespace {

/// Turns of a killed process end when their deadlines have passed on its clock, which runs fast.
constexpr int kMaxResumesOfTheKilled = 1'000'000;
/// How soon agents of a process notice that its pause is over.
constexpr std::int64_t kPauseLookNs = 100'000;

/// One long turn.
class MainProgram final : public Agent {
  public:
    explicit MainProgram(std::function<void()> body) : body_(std::move(body)) {}
    int do_work() override {
        try {
            body_();
        } catch (const std::exception& error) {
            throw AgentTermination(error.what(), false);
        }
        throw AgentTermination("the end of the main program", true);
    }
    [[nodiscard]] std::string_view role_name() const override { return "main"; }

  private:
    std::function<void()> body_;
};

}  // namespace

struct Scheduler::Entry {
    std::uint64_t number;  // in the order of add()
    Process* process;
    ErrorHandler error_handler;
    Agent* agent = nullptr;
    std::unique_ptr<Agent> main_program{};
    Preemption preemption = Preemption::allowed;

    std::unique_ptr<Fiber> fiber;  // from the first turn on
    bool is_under_way = false;     // a turn has begun and not ended
    bool is_hurried = false;       // somebody waits for that end
    bool is_started = false;
    bool has_ended = false;   // no more turns
    bool is_retired = false;  // the fiber is to finish
    int work_count = 0;
    std::int64_t idle_ns = 0;
    std::size_t index = 0;  // in entries_ and next_turns_ns_
};

Scheduler::Scheduler(const ScheduleOptions& options, Timeline& timeline, VirtualNetwork& network,
                     Prng prng)
    : options_(options), timeline_(timeline), network_(network), prng_(prng) {}

/// What is in the middle of a turn stays there for ever: what it works on may be gone by now.
Scheduler::~Scheduler() {
    for (auto& entry : entries_) {
        if (entry->is_under_way) {
            static_cast<void>(entry.release());
        } else if (entry->fiber && !entry->fiber->finished()) {
            entry->is_retired = true;
            entry->fiber->resume();
        }
    }
}

// Who gets turns --------------------------------------------------------------------------------

Scheduler::Entry& Scheduler::enlist(Process& process, ErrorHandler error_handler) {
    auto entry = std::make_unique<Entry>();
    entry->number = next_number_++;
    entry->process = &process;
    entry->error_handler = std::move(error_handler);
    entry->index = entries_.size();
    next_turns_ns_.push_back(timeline_.now_ns());
    entries_.push_back(std::move(entry));
    return *entries_.back();
}

void Scheduler::add(Process& process, Agent& agent, ErrorHandler error_handler,
                    Preemption preemption) {
    Entry& entry = enlist(process, std::move(error_handler));
    entry.agent = &agent;
    entry.preemption = preemption;
}

std::uint64_t Scheduler::spawn(Process& process, std::function<void()> body,
                               ErrorHandler error_handler, Preemption preemption) {
    Entry& entry = enlist(process, std::move(error_handler));
    entry.preemption = preemption;
    entry.main_program = std::make_unique<MainProgram>(std::move(body));
    entry.agent = entry.main_program.get();
    return entry.number;
}

Scheduler::Entry* Scheduler::find(std::uint64_t number) const {
    const auto entry =
        std::ranges::lower_bound(entries_, number, {}, [](const auto& e) { return e->number; });
    return entry == entries_.end() || (*entry)->number != number ? nullptr : entry->get();
}

Scheduler::Entry* Scheduler::find(const Agent& agent) const {
    const auto entry = std::ranges::find(entries_, &agent, [](const auto& e) { return e->agent; });
    return entry == entries_.end() ? nullptr : entry->get();
}

bool Scheduler::has(const Agent& agent) const {
    const Entry* entry = find(agent);
    return entry != nullptr && !entry->has_ended;
}

void Scheduler::stall(const Agent& agent, std::int64_t duration_ns) {
    Entry* entry = find(agent);
    if (entry == nullptr) return;
    next_turn_ns(*entry) = std::max(next_turn_ns(*entry), timeline_.now_ns() + duration_ns);
}

void Scheduler::close(Agent& agent) {
    const Entry* entry = find(agent);
    if (entry == nullptr) return;
    const std::uint64_t number = entry->number;
    finish_turns_of([number](const Entry& other) { return other.number == number; });
    entry = find(number);
    if (entry == nullptr) return;
    const ErrorHandler error_handler = entry->error_handler;
    retire(number);
    try {
        agent.on_close();
    } catch (const std::exception& error) {
        error_handler(error);
    }
}

void Scheduler::remove(Agent& agent) {
    const Entry* entry = find(agent);
    if (entry == nullptr) return;
    const std::uint64_t number = entry->number;
    finish_turns_of([number](const Entry& other) { return other.number == number; });
    if (find(number) != nullptr) retire(number);
}

/// With its own turn under way, it is forgotten at the end of that.
void Scheduler::retire(std::uint64_t number) {
    Entry& entry = *find(number);
    entry.has_ended = true;
    entry.is_retired = true;
    if (&entry == current_) return;
    TERN_ASSERT(!entry.is_under_way, "only an agent between two turns is forgotten");
    if (entry.fiber && !entry.fiber->finished()) entry.fiber->resume();
    const auto index = static_cast<std::ptrdiff_t>(entry.index);
    next_turns_ns_.erase(next_turns_ns_.begin() + index);
    entries_.erase(entries_.begin() + index);
    for (auto i = static_cast<std::size_t>(index); i < entries_.size(); ++i) entries_[i]->index = i;
}

/// Whoever is hurried is not interrupted any more, but waits where it waits by itself.
void Scheduler::finish_turns_of(const std::function<bool(const Entry&)>& belongs) {
    const Entry* const waiting = current_;
    const auto is_meant = [&](const std::unique_ptr<Entry>& entry) {
        return entry.get() != waiting && belongs(*entry);
    };
    const auto hurry = [&] {
        int under_way = 0;
        for (const auto& entry : entries_) {
            if (!is_meant(entry)) continue;
            entry->is_hurried = true;
            under_way += entry->is_under_way ? 1 : 0;
        }
        return under_way;
    };
    while (hurry() > 0) run_round();
    for (const auto& entry : entries_) {
        if (is_meant(entry)) entry->is_hurried = false;
    }
}

void Scheduler::finish_turns(const Process& process) {
    finish_turns_of([&process](const Entry& entry) {
        return entry.process == &process && !entry.main_program;
    });
}

/// A main program's stack holds the agents, and comes last.
void Scheduler::drain(const Process& process) {
    std::vector<std::uint64_t> numbers;
    for (const bool is_main : {false, true}) {
        for (const auto& entry : entries_) {
            const bool is_meant = entry->process == &process;
            if (is_meant && (entry->main_program != nullptr) == is_main) {
                numbers.push_back(entry->number);
            }
        }
    }
    for (const std::uint64_t number : numbers) {
        if (Entry* entry = find(number)) drain(*entry);
    }
}

void Scheduler::drain(Entry& entry) {
    Entry* const before = std::exchange(current_, &entry);
    for (int i = 0; entry.is_under_way && &entry != before; ++i) {
        TERN_ASSERT(i < kMaxResumesOfTheKilled, "whoever waits has a deadline");
        entry.fiber->resume();
    }
    current_ = before;
    retire(entry.number);
}

// Turns -----------------------------------------------------------------------------------------

std::int64_t& Scheduler::next_turn_ns(const Entry& entry) { return next_turns_ns_[entry.index]; }

int Scheduler::run_round() {
    if (current_ != nullptr) {
        if (current_->process->is_alive()) suspend(*current_, prng_.between(options_.busy_step_ns));
        return 0;
    }
    ++rounds_;
    pass_time();
    due_.clear();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (next_turns_ns_[i] <= timeline_.now_ns()) due_.push_back(entries_[i]->number);
    }
    if (due_.size() > 1) prng_.shuffle(due_);
    int work_count = 0;
    for (const std::uint64_t number : due_) work_count += turn(number);
    return work_count;
}

/// To the next turn or arrival, but not further than idle agents ever wait.
void Scheduler::pass_time() {
    std::int64_t next_ns = timeline_.now_ns() + options_.max_idle_ns;
    for (const std::int64_t turn_ns : next_turns_ns_) next_ns = std::min(next_ns, turn_ns);
    next_ns = std::min(next_ns, network_.next_arrival_ns());
    timeline_.advance(std::max<std::int64_t>(next_ns - timeline_.now_ns(), 1));
    network_.deliver();
}

/// Agents may come and go during a turn, so that an entry is looked up again after it.
int Scheduler::turn(std::uint64_t number) {
    Entry* entry = find(number);
    if (entry == nullptr || next_turn_ns(*entry) > timeline_.now_ns()) return 0;
    if (entry->process->is_paused() && !entry->is_hurried) {
        next_turn_ns(*entry) = timeline_.now_ns() + kPauseLookNs;
        return 0;
    }
    if (!entry->is_hurried && prng_.chance(options_.skip_turn_ppm)) {
        next_turn_ns(*entry) = timeline_.now_ns() + prng_.between(options_.busy_step_ns);
        return 0;
    }
    ++turns_;
    if (!entry->fiber) {
        entry->fiber = std::make_unique<Fiber>([this, entry] { run_turns(*entry); });
    }
    current_ = entry;
    entry->fiber->resume();
    current_ = nullptr;
    if (entry->is_under_way) {
        timeline_.note(Event::turn, number, 1, 1);
        return 1;
    }
    const int work_count = entry->work_count;
    timeline_.note(Event::turn, number, static_cast<std::uint64_t>(work_count));
    plan_next(*entry, work_count);
    if (entry->has_ended) retire(number);
    return work_count;
}

void Scheduler::plan_next(Entry& entry, int work_count) {
    const std::int64_t step_ns = prng_.between(options_.busy_step_ns);
    entry.idle_ns =
        work_count > 0 ? 0 : std::min(2 * entry.idle_ns + step_ns, options_.max_idle_ns);
    next_turn_ns(entry) =
        std::max(next_turn_ns(entry), timeline_.now_ns() + std::max(step_ns, entry.idle_ns));
}

/// What the fiber does.
void Scheduler::run_turns(Entry& entry) {
    while (!entry.is_retired) {
        entry.is_under_way = true;
        run_once(entry);
        entry.is_under_way = false;
        if (!entry.is_retired) entry.fiber->suspend();
    }
}

void Scheduler::run_once(Entry& entry) {
    const auto handle = [&entry](const std::exception& error) {
        if (entry.process->is_alive()) entry.error_handler(error);
    };
    bool is_starting = !std::exchange(entry.is_started, true);
    entry.work_count = 1;
    try {
        if (is_starting) entry.agent->on_start();
        is_starting = false;
        entry.work_count = entry.agent->do_work();
        return;
    } catch (const AgentTermination& termination) {
        entry.has_ended = true;
        if (!termination.expected()) handle(termination);
    } catch (const std::exception& error) {
        entry.has_ended = is_starting;
        handle(error);
    }
    if (!entry.has_ended || !entry.process->is_alive()) return;
    try {
        entry.agent->on_close();
    } catch (const std::exception& error) {
        handle(error);
    }
}

// Interruptions ---------------------------------------------------------------------------------

void Scheduler::suspend(Entry& entry, std::int64_t duration_ns) noexcept {
    next_turn_ns(entry) = timeline_.now_ns() + duration_ns;
    entry.fiber->suspend();
}

void Scheduler::on_platform_call() noexcept {
    if (current_ == nullptr || options_.preempt_ppm == 0) return;
    Entry& entry = *current_;
    const bool may_be = entry.preemption == Preemption::allowed && !entry.is_hurried;
    if (!may_be || !entry.process->is_alive() || !prng_.chance(options_.preempt_ppm)) return;
    ++preemptions_;
    suspend(entry, prng_.between(options_.preempt_ns));
}

void Scheduler::delay(std::int64_t duration_ns) noexcept {
    if (current_ == nullptr || !current_->process->is_alive() || duration_ns <= 0) return;
    if (current_->preemption == Preemption::allowed) {
        suspend(*current_, duration_ns);
    } else {
        next_turn_ns(*current_) = timeline_.now_ns() + duration_ns;
    }
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
