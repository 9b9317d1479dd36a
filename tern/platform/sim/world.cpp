#include "tern/platform/sim/world.hpp"

#include <algorithm>

#include "tern/platform/sim/process_storage.hpp"
#include "tern/platform/sim/socket.hpp"

namespace tern::platform::sim {

namespace {
/// Where all worlds begin: 2024-01-01 UTC.
constexpr std::int64_t kEpochNs = 1'704'067'200'000'000'000;
constexpr std::int64_t kLookOfTheKilledNs = 1'000'000;
}  // namespace

// Clocks ----------------------------------------------------------------------------------------

std::int64_t HostClock::nano_time() const noexcept {
    const std::int64_t passed_ns = timeline_.now_ns() - drift_began_ns_;
    return origin_ns_ + passed_ns + passed_ns / kPpm * drift_ppm_ +
           passed_ns % kPpm * drift_ppm_ / kPpm;
}

void HostClock::set_drift(std::int64_t ppm) noexcept {
    origin_ns_ = nano_time();
    drift_began_ns_ = timeline_.now_ns();
    drift_ppm_ = ppm;
}

std::int64_t SimClock::nano_time() const noexcept {
    on_look();
    return process_.host().clock().nano_time() + ahead_ns_;
}

std::int64_t SimClock::epoch_ns() const noexcept {
    on_look();
    return process_.host().clock().epoch_ns() + ahead_ns_;
}

void SimClock::on_look() const noexcept {
    if (process_.is_alive()) {
        process_.host().world().scheduler().on_platform_call();
    } else {
        ahead_ns_ += kLookOfTheKilledNs;
    }
}

// Process ---------------------------------------------------------------------------------------

bool SimSystem::process_alive(std::int64_t process_id) const {
    return host_.has_process(process_id);
}

std::string SimSystem::host_name() const { return host_.name(); }

std::optional<std::string> SimSystem::environment(std::string_view name) const {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
}

std::vector<std::pair<std::string, std::string>> SimSystem::environment() const {
    return {variables.begin(), variables.end()};
}

Process::Process(Host& host, std::string name, std::int64_t id, Prng prng)
    : host_(host),
      name_(std::move(name)),
      clock_(*this),
      random_(prng),
      system_(host, id),
      storage_(std::make_unique<ProcessStorage>(host.disk(), host.world().scheduler())),
      network_(std::make_unique<ProcessNetwork>(host.world().network(), host.index(), clock_,
                                                host.world().scheduler())) {}

Process::~Process() = default;

Platform Process::platform() { return {clock_, *network_, *storage_, random_, system_}; }

std::size_t Process::open_mappings() const noexcept { return storage_->open_mappings(); }
std::size_t Process::open_sockets() const noexcept { return network_->open_sockets(); }

void Process::kill() {
    if (!alive_) return;
    alive_ = false;
    network_->cut_off();
    storage_->cut_off();
    host_.world().timeline().note(Event::process, static_cast<std::uint64_t>(id()), 0);
    host_.world().scheduler().drain(*this);
}

// Host ------------------------------------------------------------------------------------------

Host::Host(World& world, std::string name, HostIndex index, Prng prng)
    : world_(world),
      name_(std::move(name)),
      index_(index),
      prng_(prng),
      // Braces: the draws are made in this order, whatever the compiler.
      clock_{world.timeline(), prng_.between(world.options().clock_origin_ns),
             kEpochNs + prng_.between(world.options().clock_skew_ns)},
      disk_(world.options().disk, world.timeline(), prng_.fork()) {
    disk_.on_latency([this](std::int64_t ns) { world_.scheduler().delay(ns); });
}

Process& Host::start(std::string name) {
    const std::int64_t id = world_.next_process_id();
    world_.timeline().note(Event::process, static_cast<std::uint64_t>(id), 1);
    processes_.push_back(std::make_unique<Process>(*this, std::move(name), id, prng_.fork()));
    return *processes_.back();
}

void Host::crash() {
    disk_.lose_power();  // before the turns of its processes come to their end
    for (auto& process : processes_) process->kill();
    disk_.crash();
}

bool Host::has_process(std::int64_t process_id) const {
    return std::ranges::any_of(processes_, [&](const auto& process) {
        return process->id() == process_id && process->is_alive();
    });
}

// World -----------------------------------------------------------------------------------------

World::World(std::uint64_t seed, const WorldOptions& options)
    : seed_(seed),
      options_(options),
      prng_(seed),
      network_(options.network, timeline_, prng_.fork()),
      scheduler_(options.schedule, timeline_, network_, prng_.fork()) {}

World::~World() = default;

Host& World::add_host(std::string name) {
    const HostIndex index = network_.add_host(name);
    hosts_.push_back(std::make_unique<Host>(*this, std::move(name), index, prng_.fork()));
    return *hosts_.back();
}

}  // namespace tern::platform::sim
