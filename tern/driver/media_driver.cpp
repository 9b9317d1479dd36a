#include "tern/driver/media_driver.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "tern/driver/configuration.hpp"
#include "tern/driver/driver_conductor.hpp"
#include "tern/driver/driver_directory.hpp"
#include "tern/driver/loss_network.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/agent_runner.hpp"

namespace tern::driver {
namespace {

using memory::SystemCounter;

void warn_of_small_buffers(const platform::UdpSocketOptions& wanted,
                           const platform::UdpSocket& socket) {
    const auto warn = [](std::string_view option, std::uint32_t attempted, std::uint32_t actual) {
        if (actual >= attempted) return;
        fmt::print(stderr,
                   "WARNING: Could not get desired {}, adjust OS buffer to match AERON_SOCKET_{}: "
                   "attempted={}, actual={}\n",
                   option, option, attempted, actual);
    };
    warn("SO_SNDBUF", wanted.send_buffer_length, socket.send_buffer_length());
    warn("SO_RCVBUF", wanted.receive_buffer_length, socket.receive_buffer_length());
}

/// DRV-2.6 step 5: what the system grants to sockets bounds what the driver may be configured to.
void check_socket_buffers(const DriverContext& context, platform::Network& network) {
    platform::UdpSocketOptions options;
    options.bind_address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 0);
    options.send_buffer_length = static_cast<std::uint32_t>(context.socket_sndbuf_length);
    options.receive_buffer_length = static_cast<std::uint32_t>(context.socket_rcvbuf_length);
    const auto probe = network.open(options);
    if (!probe) throw Error(fmt::format("cannot open a UDP socket: {}", probe.error().text));
    warn_of_small_buffers(options, **probe);
    const std::uint32_t send_length = (*probe)->send_buffer_length();
    if (static_cast<std::uint32_t>(context.mtu_length) > send_length) {
        throw ConfigurationError(
            fmt::format("MTU greater than socket SO_SNDBUF, adjust AERON_SOCKET_SO_SNDBUF to match "
                        "MTU: mtuLength={}, SO_SNDBUF={}",
                        context.mtu_length, send_length));
    }
    const std::uint32_t receive_length = (*probe)->receive_buffer_length();
    if (static_cast<std::uint32_t>(context.initial_window_length) > receive_length) {
        throw ConfigurationError(
            fmt::format("Window length greater than socket SO_RCVBUF, increase "
                        "AERON_RCV_INITIAL_WINDOW_LENGTH to match window: windowLength={}, "
                        "SO_RCVBUF={}",
                        context.initial_window_length, receive_length));
    }
}

bool shares_one_thread(ThreadingMode mode) {
    return mode == ThreadingMode::shared || mode == ThreadingMode::invoker;
}

memory::SystemCounterLabels counter_labels(const DriverContext& context) {
    return {.resolver_name = context.name_resolution.name,
            .threading_mode = std::string(to_string(context.threading_mode)),
            .conductor_threshold_ns = context.conductor_cycle_threshold_ns,
            .sender_threshold_ns = context.sender_cycle_threshold_ns,
            .receiver_threshold_ns = context.receiver_cycle_threshold_ns,
            .name_resolver_threshold_ns = context.name_resolver_threshold_ns};
}

std::unique_ptr<LossNetwork> make_loss_network(const DriverContext& context,
                                               platform::Network& real) {
    if (context.incoming_loss.interceptors.empty()) return nullptr;
    return std::make_unique<LossNetwork>(real, context.incoming_loss);
}

platform::Platform with_network(const platform::Platform& platform, LossNetwork* network) {
    if (network == nullptr) return platform;
    return {platform.clock, *network, platform.storage, platform.random, platform.system};
}

/// An agent without a thread, for an owner that gives it turns. Closing is not its business.
class OwnerDriven final : public Agent {
  public:
    OwnerDriven(Agent& agent, ErrorHandler error_handler)
        : agent_(agent), invoker_(agent, std::move(error_handler)) {
        invoker_.start();
    }
    int do_work() override { return invoker_.invoke(); }
    [[nodiscard]] std::string_view role_name() const override { return agent_.role_name(); }
    void close() { invoker_.close(); }

  private:
    Agent& agent_;
    platform::AgentInvoker invoker_;
};

}  // namespace

/// Everything a driver consists of, in the order in which it is built up; taken down in reverse.
struct MediaDriver::Parts {
    Parts(DriverContext driver_context, const platform::Platform& driver_platform);

    void start();
    void stop_agents();
    void close();

    const DriverContext context;
    const std::unique_ptr<LossNetwork> loss_network;  // null unless losses are configured
    const platform::Platform platform;

    std::unique_ptr<platform::Mapping> cnc_mapping;
    std::unique_ptr<platform::Mapping> loss_report_mapping;
    memory::CncFile cnc;
    memory::ManyToOneRingBuffer to_driver;
    memory::CountersManager counters_manager;
    memory::SystemCounters system_counters;
    memory::DistinctErrorLog error_log;
    memory::LossReport loss_report;
    ErrorRecorder errors;
    ClientProxy client_proxy;
    LogStore logs;
    std::unique_ptr<NameResolver> names;
    DriverServices services;

    CommandQueue sender_commands;
    CommandQueue receiver_commands;
    AgentRequests requests;
    Sender sender;
    Receiver receiver;
    DriverConductor conductor;

    std::vector<std::unique_ptr<platform::CompositeAgent>> composites;
    std::vector<std::unique_ptr<platform::AgentRunner>> runners;  // closed first to last
    std::vector<std::unique_ptr<OwnerDriven>> owner_driven;       // closed first to last
    std::unique_ptr<platform::AgentInvoker> invoker;
    bool is_closed = false;

  private:
    Agent& combine(std::string_view role_name, std::vector<Agent*> agents);
    void run(Agent& agent, const IdleStrategyChoice& idle, int cpu);
    void signal_ready();
};

MediaDriver::Parts::Parts(DriverContext driver_context, const platform::Platform& driver_platform)
    : context(std::move(driver_context)),
      loss_network(make_loss_network(context, driver_platform.network)),
      platform(with_network(driver_platform, loss_network.get())),
      cnc_mapping(create_cnc(context, platform)),
      loss_report_mapping(create_loss_report(context, platform)),
      cnc(cnc_mapping->bytes()),
      to_driver(cnc.to_driver()),
      counters_manager(cnc.counters_metadata(), cnc.counters_values(), platform.clock,
                       context.counters_free_to_reuse_timeout_ns),
      system_counters(counters_manager, counter_labels(context)),
      error_log(cnc.error_log()),
      loss_report(loss_report_mapping->bytes()),
      errors(error_log, system_counters[SystemCounter::errors], platform.clock,
             context.error_handler),
      client_proxy(memory::BroadcastTransmitter(cnc.to_clients())),
      logs(context, platform.storage, system_counters, errors),
      names(make_name_resolver({context, platform, counters_manager, system_counters, errors})),
      services{.context = context,
               .platform = platform,
               .to_driver = to_driver,
               .counters_manager = counters_manager,
               .system_counters = system_counters,
               .client_proxy = client_proxy,
               .errors = errors,
               .logs = logs,
               .names = *names},
      sender_commands(shares_one_thread(context.threading_mode),
                      system_counters[SystemCounter::sender_proxy_fails]),
      receiver_commands(shares_one_thread(context.threading_mode),
                        system_counters[SystemCounter::receiver_proxy_fails]),
      requests(system_counters[SystemCounter::conductor_proxy_fails]),
      sender(context, platform, system_counters, sender_commands, requests),
      receiver(context, platform, system_counters, receiver_commands, requests),
      conductor(services, {sender, sender_commands, receiver, receiver_commands}, requests,
                loss_report) {
    system_counters[SystemCounter::bytes_currently_mapped].set(cnc_mapping->size() +
                                                               loss_report_mapping->size());
}

void MediaDriver::Parts::start() {
    // Every runner is there before the first agent runs, and clients come last.
    switch (context.threading_mode) {
        case ThreadingMode::dedicated:
            run(sender, context.sender_idle_strategy, context.sender_cpu_affinity);
            run(receiver, context.receiver_idle_strategy, context.receiver_cpu_affinity);
            run(conductor, context.conductor_idle_strategy, context.conductor_cpu_affinity);
            break;
        case ThreadingMode::shared_network:
            run(combine("[sender, receiver]", {&sender, &receiver}),
                context.shared_network_idle_strategy, context.sender_cpu_affinity);
            run(conductor, context.conductor_idle_strategy, context.conductor_cpu_affinity);
            break;
        case ThreadingMode::shared:
            run(combine("[conductor, sender, receiver]", {&sender, &receiver, &conductor}),
                context.shared_idle_strategy, context.conductor_cpu_affinity);
            break;
        case ThreadingMode::invoker:
            invoker = std::make_unique<platform::AgentInvoker>(
                combine("[conductor, sender, receiver]", {&sender, &receiver, &conductor}),
                errors.as_handler());
            invoker->start();
            break;
    }
    signal_ready();
}

Agent& MediaDriver::Parts::combine(std::string_view role_name, std::vector<Agent*> agents) {
    composites.push_back(std::make_unique<platform::CompositeAgent>(
        std::string(role_name), std::move(agents), errors.as_handler()));
    return *composites.back();
}

void MediaDriver::Parts::run(Agent& agent, const IdleStrategyChoice& idle, int cpu) {
    if (context.is_owner_driven) {
        owner_driven.push_back(std::make_unique<OwnerDriven>(agent, errors.as_handler()));
        return;
    }
    runners.push_back(std::make_unique<platform::AgentRunner>(
        agent, platform::make_idle_strategy(idle.name, idle.options), errors.as_handler()));
    runners.back()->start(cpu);
}

void MediaDriver::Parts::signal_ready() {
    static_cast<void>(to_driver.next_correlation_id());  // so that no client is ever given id 0
    to_driver.set_consumer_heartbeat_ms(platform.clock.epoch_ms());
    cnc.signal_ready();
}

void MediaDriver::Parts::stop_agents() {
    // Sender and receiver before the conductor, which then destroys what they used.
    for (const auto& runner : runners) runner->close();
    for (const auto& agent : owner_driven) agent->close();
    if (invoker) invoker->close();
}

void MediaDriver::Parts::close() {
    if (is_closed) return;
    is_closed = true;
    stop_agents();
    to_driver.set_consumer_heartbeat_ms(-1);
    try {
        cnc_mapping->sync();
    } catch (const std::exception& error) {
        errors.record(error);
    }
    try {
        if (context.delete_directory_on_shutdown) {
            platform.storage.remove_all(context.aeron_directory);
        }
    } catch (const std::exception& error) {
        errors.record(error);
    }
}

std::unique_ptr<MediaDriver> MediaDriver::launch(DriverContext context,
                                                 const platform::Platform& platform) {
    if (context.aeron_directory.empty()) {
        context.aeron_directory = default_aeron_directory(platform);
    }
    context.aeron_directory = platform.storage.absolute(context.aeron_directory);
    check_context(context);
    check_socket_buffers(context, platform.network);
    if (context.print_configuration) std::fputs(describe(context).c_str(), stdout);
    take_over_directory(context, platform);
    auto driver = std::unique_ptr<MediaDriver>(
        new MediaDriver(std::make_unique<Parts>(std::move(context), platform)));
    driver->parts_->start();
    return driver;
}

MediaDriver::MediaDriver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

MediaDriver::~MediaDriver() { close(); }

int MediaDriver::invoke() {
    TERN_ASSERT(parts_->invoker, "ThreadingMode::invoker");
    return parts_->invoker->invoke();
}

std::vector<Agent*> MediaDriver::agents() const {
    TERN_ASSERT(parts_->context.is_owner_driven, "DriverContext::is_owner_driven");
    std::vector<Agent*> agents;
    for (const auto& agent : parts_->owner_driven) agents.push_back(agent.get());
    return agents;
}

void MediaDriver::close() { parts_->close(); }

const DriverContext& MediaDriver::context() const noexcept { return parts_->context; }

const std::string& MediaDriver::aeron_directory() const noexcept {
    return parts_->context.aeron_directory;
}

const memory::CountersReader& MediaDriver::counters() const noexcept {
    return parts_->counters_manager;
}

}  // namespace tern::driver
