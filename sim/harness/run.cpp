#include "sim/harness/run.hpp"

#include <fmt/format.h>

#include <utility>

namespace tern::sim {
namespace {
constexpr std::int64_t kLookNs = 100'000;  // between two looks at a condition
}

Run::Run(RunOptions options)
    : options_(std::move(options)), prng_(options_.seed ^ 0x7363656e6172696fULL) {}

Run::~Run() = default;

virtual_world::World& Run::make_world(FaultSet possible) {
    faults_ = FaultOptions::draw(options_.seed, possible);
    note_option(faults_.to_string());
    world_ = std::make_unique<virtual_world::World>(options_.seed, faults_.world);
    if (options_.trace && options_.is_tracing_events) trace_timeline();
    return *world_;
}

void Run::trace_timeline() {
    world_->timeline().watch(
        [this](virtual_world::Event event, std::uint64_t a, std::uint64_t b, std::uint64_t c) {
            options_.trace(fmt::format("{:>12.6f} {} {:x} {:x} {:x}",
                                       static_cast<double>(now_ns()) / 1e6,
                                       virtual_world::to_string(event), a, b, c));
        });
}

void Run::note_option(std::string text) {
    if (!drawn_.empty()) drawn_ += "; ";
    drawn_ += text;
    tell("drawn: " + std::move(text));
}

std::int64_t Run::now_ns() const noexcept { return world_ ? world_->timeline().now_ns() : 0; }

void Run::tell(std::string text) {
    std::string line = fmt::format("{:>12.6f} {}", static_cast<double>(now_ns()) / 1e6, text);
    if (options_.trace) options_.trace(line);
    events_.push_back(std::move(line));
    if (events_.size() > kLastEvents) events_.pop_front();
}

void Run::violation(std::string text) {
    tell("VIOLATION: " + text);
    violations_.push_back(std::move(text));
}

void Run::step() {
    if (is_violated()) throw RunEnded();
    world_->scheduler().run_round();
    if (is_violated()) throw RunEnded();
}

void Run::pass(std::int64_t duration_ns) {
    const std::int64_t until_ns = now_ns() + duration_ns;
    while (now_ns() < until_ns) step();
}

void Run::await(std::string_view what, std::int64_t timeout_ns,
                const std::function<bool()>& is_so) {
    const std::int64_t deadline_ns = now_ns() + timeout_ns;
    while (!is_so()) {
        if (now_ns() >= deadline_ns) {
            violation(fmt::format("waited {} ms in vain for {}", timeout_ns / 1'000'000, what));
        }
        pass(kLookNs);
    }
}

}  // namespace tern::sim
