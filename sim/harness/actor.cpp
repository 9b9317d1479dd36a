#include "sim/harness/actor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::sim {

namespace {
constexpr std::int64_t kLaunchRetryNs = 100'000'000;
constexpr std::int64_t kLeastIdleNs = 10'000;
}  // namespace

Actor::Actor(Run& run, virtual_world::Host& host, std::string name)
    : run_(run), host_(host), name_(std::move(name)) {}

Actor::~Actor() { TERN_ASSERT(!is_alive(), "an actor is killed before it is destroyed"); }

void Actor::start() {
    TERN_ASSERT(!is_running(), "an actor has one life at a time");
    process_ = &host_.start(name_);
    is_asked_to_end_ = false;
    ++lives_;
    tell("starts");
    main_ = run_.world().scheduler().spawn(
        *process_, [this] { main(); }, [](const std::exception&) {});
}

void Actor::main() {
    try {
        live(process_->platform());
    } catch (const std::exception& error) {
        if (is_alive()) on_error(error);
    }
    if (!is_alive()) return;
    tell("ends");
    const std::size_t mappings = process_->open_mappings();
    const std::size_t sockets = process_->open_sockets();
    if (mappings + sockets > 0) {
        run_.violation(fmt::format("{} {} left {} mappings and {} sockets open", host_.name(),
                                   name_, mappings, sockets));
    }
    process_->kill();
}

void Actor::wait_a_little() {
    const std::int64_t until_ns = run_.now_ns() + kLaunchRetryNs;
    while (!should_end() && run_.now_ns() < until_ns) idle(0);
}

void Actor::idle(int work_count) {
    if (work_count > 0) {
        idle_ns_ = 0;
        return idle();
    }
    auto& scheduler = run_.world().scheduler();
    idle_ns_ = std::min(2 * idle_ns_ + kLeastIdleNs, scheduler.options().max_idle_ns);
    scheduler.delay(idle_ns_);
}

void Actor::ask_to_end() {
    if (is_running()) tell("is asked to end");
    is_asked_to_end_ = true;
}

void Actor::kill() {
    if (!is_alive()) return;
    tell("is killed");
    process_->kill();
}

bool Actor::is_running() const { return is_alive() && run_.world().scheduler().is_running(main_); }

void Actor::on_error(const std::exception& error) {
    run_.violation(fmt::format("{}: {}", name_, error.what()));
}

void Actor::run(Agent& agent) {
    run_.world().scheduler().add(*process_, agent,
                                 [this](const std::exception& error) { on_error(error); });
}

void Actor::stop(Agent& agent) { run_.world().scheduler().remove(agent); }

void Actor::tell(std::string_view text) const {
    run_.tell(fmt::format("{} {} {}", host_.name(), name_, text));
}

}  // namespace tern::sim
