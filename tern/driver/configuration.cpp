#include "tern/driver/configuration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::driver {
namespace {

constexpr std::int64_t kMaxI32 = INT32_MAX;
constexpr std::int64_t kMinTimeoutNs = 1'000;

/// Reads properties into fields, keeping what a field holds as the default.
class Reader {
  public:
    explicit Reader(const Properties& properties) : properties_(properties) {}

    void flag(std::string_view name, bool& field) const {
        field = properties_.get_bool(name, field);
    }
    void size(std::string_view name, std::int32_t& field, std::int64_t min = 0,
              std::int64_t max = kMaxI32) const {
        field = static_cast<std::int32_t>(properties_.get_size(name, field, min, max));
    }
    void duration(std::string_view name, std::int64_t& field_ns, std::int64_t min_ns = 0) const {
        field_ns = properties_.get_duration_ns(name, field_ns, min_ns);
    }
    template <typename T>
    void number(std::string_view name, T& field, std::int64_t min, std::int64_t max) const {
        field = static_cast<T>(properties_.get_int(name, field, min, max));
    }
    void text(std::string_view name, std::string& field) const {
        field = properties_.get(name, field);
    }
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const {
        return properties_.find(name);
    }

  private:
    const Properties& properties_;
};

template <typename T>
using Names = std::initializer_list<std::pair<std::string_view, T>>;

/// The value that the property names, or `fallback` when it is not set.
template <typename T>
T choose(const Reader& read, std::string_view name, Names<T> names, T fallback) {
    const auto value = read.find(name);
    if (!value) return fallback;
    std::string known;
    for (const auto& [text, meaning] : names) {
        if (*value == text) return meaning;
        known += known.empty() ? "" : ", ";
        known += text;
    }
    throw ConfigurationError(fmt::format("{}={}: expected one of {}", name, *value, known));
}

void read_process(const Reader& read, DriverContext& context) {
    read.text("aeron.dir", context.aeron_directory);
    read.flag("aeron.dir.warn.if.exists", context.warn_if_directory_exists);
    read.flag("aeron.dir.delete.on.start", context.delete_directory_on_start);
    read.flag("aeron.dir.delete.on.shutdown", context.delete_directory_on_shutdown);
    read.number("aeron.driver.timeout", context.driver_timeout_ms, 0, INT64_MAX);
    read.flag("aeron.print.configuration", context.print_configuration);
    const bool may_terminate =
        choose<bool>(read, "aeron.driver.termination.validator",
                     {{"allow", true},
                      {"deny", false},
                      {"aeron_driver_termination_validator_default_allow", true},
                      {"aeron_driver_termination_validator_default_deny", false},
                      {"io.aeron.driver.DefaultAllowTerminationValidator", true},
                      {"io.aeron.driver.DefaultDenyTerminationValidator", false}},
                     false);
    if (may_terminate) context.termination_validator = [](ConstBytes) { return true; };
}

void read_threads(const Reader& read, DriverContext& context) {
    context.threading_mode =
        choose<ThreadingMode>(read, "aeron.threading.mode",
                              {{"DEDICATED", ThreadingMode::dedicated},
                               {"SHARED_NETWORK", ThreadingMode::shared_network},
                               {"SHARED", ThreadingMode::shared},
                               {"INVOKER", ThreadingMode::invoker}},
                              context.threading_mode);
    const auto strategy = [&](std::string_view agent, IdleStrategyChoice& choice) {
        read.text(fmt::format("aeron.{}.idle.strategy", agent), choice.name);
        read.text(fmt::format("aeron.{}.idle.strategy.init.args", agent), choice.options);
    };
    strategy("conductor", context.conductor_idle_strategy);
    strategy("sender", context.sender_idle_strategy);
    strategy("receiver", context.receiver_idle_strategy);
    strategy("sharednetwork", context.shared_network_idle_strategy);
    strategy("shared", context.shared_idle_strategy);
    read.number("aeron.conductor.cpu.affinity", context.conductor_cpu_affinity, -1, 255);
    read.number("aeron.sender.cpu.affinity", context.sender_cpu_affinity, -1, 255);
    read.number("aeron.receiver.cpu.affinity", context.receiver_cpu_affinity, -1, 255);
    read.duration("aeron.driver.conductor.cycle.threshold", context.conductor_cycle_threshold_ns);
    read.duration("aeron.driver.sender.cycle.threshold", context.sender_cycle_threshold_ns);
    read.duration("aeron.driver.receiver.cycle.threshold", context.receiver_cycle_threshold_ns);
    read.duration("aeron.name.resolver.threshold", context.name_resolver_threshold_ns);
    read.duration("aeron.driver.name.resolver.threshold", context.name_resolver_threshold_ns);
}

void read_files(const Reader& read, DriverContext& context) {
    read.size("aeron.conductor.buffer.length", context.to_driver_buffer_length);
    read.size("aeron.clients.buffer.length", context.to_clients_buffer_length);
    read.size("aeron.counters.buffer.length", context.counters_values_buffer_length);
    read.size("aeron.error.buffer.length", context.error_buffer_length);
    read.size("aeron.loss.report.buffer.length", context.loss_report_buffer_length);
    read.size("aeron.file.page.size", context.file_page_size);
    read.flag("aeron.term.buffer.sparse.file", context.term_buffer_sparse_file);
    read.flag("aeron.perform.storage.checks", context.perform_storage_checks);
    std::int32_t threshold = static_cast<std::int32_t>(context.low_file_store_warning_threshold);
    read.size("aeron.low.file.store.warning.threshold", threshold);
    context.low_file_store_warning_threshold = threshold;
}

void read_timing(const Reader& read, DriverContext& context) {
    read.duration("aeron.timer.interval", context.timer_interval_ns, kMinTimeoutNs);
    read.duration("aeron.client.liveness.timeout", context.client_liveness_timeout_ns,
                  kMinTimeoutNs);
    read.duration("aeron.publication.unblock.timeout", context.publication_unblock_timeout_ns,
                  kMinTimeoutNs);
    read.duration("aeron.publication.connection.timeout", context.publication_connection_timeout_ns,
                  kMinTimeoutNs);
    read.duration("aeron.publication.linger.timeout", context.publication_linger_timeout_ns);
    read.duration("aeron.image.liveness.timeout", context.image_liveness_timeout_ns, kMinTimeoutNs);
    read.duration("aeron.untethered.window.limit.timeout",
                  context.untethered_window_limit_timeout_ns);
    if (read.find("aeron.untethered.linger.timeout")) {
        context.untethered_linger_timeout_ns = 0;
        read.duration("aeron.untethered.linger.timeout", context.untethered_linger_timeout_ns);
    }
    read.duration("aeron.untethered.resting.timeout", context.untethered_resting_timeout_ns);
    read.duration("aeron.counters.free.to.reuse.timeout",
                  context.counters_free_to_reuse_timeout_ns);
}

void read_streams(const Reader& read, DriverContext& context) {
    read.size("aeron.term.buffer.length", context.term_buffer_length);
    read.size("aeron.ipc.term.buffer.length", context.ipc_term_buffer_length);
    read.size("aeron.mtu.length", context.mtu_length);
    read.size("aeron.ipc.mtu.length", context.ipc_mtu_length);
    read.size("aeron.publication.term.window.length", context.publication_window_length);
    read.size("aeron.ipc.publication.term.window.length", context.ipc_publication_window_length);
    read.number("aeron.publication.reserved.session.id.low", context.reserved_session_id_low,
                INT32_MIN, kMaxI32);
    read.number("aeron.publication.reserved.session.id.high", context.reserved_session_id_high,
                INT32_MIN, kMaxI32);
    read.flag("aeron.spies.simulate.connection", context.spies_simulate_connection);
    read.flag("aeron.reliable.stream", context.reliable_stream);
    read.flag("aeron.tether.subscriptions", context.tether_subscriptions);
    read.flag("aeron.rejoin.stream", context.rejoin_stream);
    context.receiver_group_consideration =
        choose<GroupConsideration>(read, "aeron.receiver.group.consideration",
                                   {{"infer", GroupConsideration::infer},
                                    {"INFER", GroupConsideration::infer},
                                    {"true", GroupConsideration::yes},
                                    {"FORCE_TRUE", GroupConsideration::yes},
                                    {"false", GroupConsideration::no},
                                    {"FORCE_FALSE", GroupConsideration::no}},
                                   context.receiver_group_consideration);
    read.number("aeron.driver.stream.session.limit", context.stream_session_limit, 1, kMaxI32);
}

void read_congestion_control(const Reader& read, DriverContext& context) {
    const Names<std::string> names = {
        {"default", "static"},
        {"static", "static"},
        {"cubic", "cubic"},
        {"aeron_congestion_control_default_strategy_supplier", "static"},
        {"aeron_static_window_congestion_control_strategy_supplier", "static"},
        {"aeron_cubic_congestion_control_strategy_supplier", "cubic"},
        {"io.aeron.driver.DefaultCongestionControlSupplier", "static"},
        {"io.aeron.driver.ext.CubicCongestionControlSupplier", "cubic"}};
    context.congestion_control =
        choose(read, "aeron.CongestionControl.supplier", names, context.congestion_control);
    read.flag("aeron.CubicCongestionControl.measureRtt", context.cubic.measure_rtt);
    read.duration("aeron.CubicCongestionControl.initialRtt", context.cubic.initial_rtt_ns, 1);
    read.flag("aeron.CubicCongestionControl.tcpMode", context.cubic.tcp_mode);
}

/// Upstream's symbols and class names for flow control, as the URI names them.
void read_flow_control(const Reader& read, DriverContext& context) {
    const Names<std::string> names = {
        {"aeron_unicast_flow_control_strategy_supplier", "max"},
        {"aeron_max_multicast_flow_control_strategy_supplier", "max"},
        {"aeron_min_flow_control_strategy_supplier", "min"},
        {"aeron_tagged_flow_control_strategy_supplier", "tagged"},
        {"unicast_max", "max"},
        {"multicast_max", "max"},
        {"multicast_min", "min"},
        {"multicast_tagged", "tagged"},
        {"io.aeron.driver.DefaultUnicastFlowControlSupplier", "max"},
        {"io.aeron.driver.DefaultMulticastFlowControlSupplier", "max"},
        {"io.aeron.driver.MaxMulticastFlowControlSupplier", "max"},
        {"io.aeron.driver.MinMulticastFlowControlSupplier", "min"},
        {"io.aeron.driver.TaggedMulticastFlowControlSupplier", "tagged"}};
    for (const std::string_view name :
         {"aeron.unicast.FlowControl.supplier", "aeron.unicast.flow.control.supplier"}) {
        context.unicast_flow_control = choose(read, name, names, context.unicast_flow_control);
    }
    for (const std::string_view name :
         {"aeron.multicast.FlowControl.supplier", "aeron.multicast.flow.control.supplier"}) {
        context.multicast_flow_control = choose(read, name, names, context.multicast_flow_control);
    }
    read_congestion_control(read, context);
    read.duration("aeron.flow.control.receiver.timeout", context.flow_control_receiver_timeout_ns);
    read.number("aeron.flow.control.group.tag", context.flow_control_group_tag, INT64_MIN,
                INT64_MAX);
    read.number("aeron.flow.control.group.min.size", context.flow_control_group_min_size, 0,
                kMaxI32);
    read.number("aeron.unicast.flow.control.rrwm", context.unicast_retransmit_window_multiple, 1,
                kMaxI32);
    read.number("aeron.multicast.flow.control.rrwm", context.multicast_retransmit_window_multiple,
                1, kMaxI32);
    if (read.find("aeron.receiver.group.tag")) {
        std::int64_t tag = 0;
        read.number("aeron.receiver.group.tag", tag, INT64_MIN, INT64_MAX);
        context.receiver_group_tag = tag;
    }
}

WildcardPortRange parse_port_range(std::string_view name, std::string_view text) {
    const auto refuse = [&](std::string_view reason) -> WildcardPortRange {
        throw ConfigurationError(fmt::format("{} \"{}\" is invalid: {}", name, text, reason));
    };
    const auto port = [](std::string_view part, std::uint16_t& value) {
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        return error == std::errc{} && end == part.data() + part.size();
    };
    const std::size_t blank = text.find(' ');
    WildcardPortRange range;
    if (!port(text.substr(0, blank), range.low)) {
        return refuse("failed to parse first part of port range");
    }
    if (blank == std::string_view::npos || !port(text.substr(blank + 1), range.high)) {
        return refuse("failed to parse second part of port range");
    }
    if (range.low > range.high) return refuse("low port should be less than or equal to high port");
    return range;
}

void read_network(const Reader& read, DriverContext& context) {
    read.size("aeron.socket.so_rcvbuf", context.socket_rcvbuf_length);
    read.size("aeron.socket.so_sndbuf", context.socket_sndbuf_length);
    read.number("aeron.socket.multicast.ttl", context.multicast_ttl, 0, 255);
    read.size("aeron.rcv.initial.window.length", context.initial_window_length, 256);
    read.duration("aeron.rcv.status.message.timeout", context.status_message_timeout_ns,
                  kMinTimeoutNs);
    read.number("aeron.send.to.status.poll.ratio", context.send_to_status_poll_ratio, 1, kMaxI32);
    read.number("aeron.nak.multicast.group.size", context.nak_multicast_group_size, 1, kMaxI32);
    read.duration("aeron.nak.multicast.max.backoff", context.nak_multicast_max_backoff_ns);
    read.duration("aeron.nak.unicast.delay", context.nak_unicast_delay_ns);
    read.number("aeron.nak.unicast.retry.delay.ratio", context.nak_unicast_retry_delay_ratio, 1,
                INT64_MAX);
    read.number("aeron.max.resend", context.max_resend, 1, 256);
    read.duration("aeron.retransmit.unicast.delay", context.retransmit_unicast_delay_ns);
    read.duration("aeron.retransmit.unicast.linger", context.retransmit_unicast_linger_ns);
    read.flag("aeron.driver.connect", context.connect_enabled);
    read.number("aeron.receiver.io.vector.capacity", context.receiver_io_vector_capacity, 1, 16);
    read.number("aeron.sender.io.vector.capacity", context.sender_io_vector_capacity, 1, 16);
    read.number("aeron.network.publication.max.messages.per.send", context.max_messages_per_send, 1,
                16);
    if (const auto range = read.find("aeron.sender.wildcard.port.range")) {
        context.sender_wildcard_port_range = parse_port_range("sender wildcard port range", *range);
    }
    if (const auto range = read.find("aeron.receiver.wildcard.port.range")) {
        context.receiver_wildcard_port_range =
            parse_port_range("receiver wildcard port range", *range);
    }
    read.text("aeron.udp.channel.incoming.interceptors", context.incoming_loss.interceptors);
    read.text("aeron.udp.channel.transport.bindings.loss.args", context.incoming_loss.loss_args);
    read.text("aeron.udp.channel.transport.bindings.fixed.loss.args",
              context.incoming_loss.fixed_loss_args);
    read.text("aeron.udp.channel.transport.bindings.multi.gap.loss.args",
              context.incoming_loss.multi_gap_loss_args);
    read.duration("aeron.driver.reresolution.check.interval",
                  context.re_resolution_check_interval_ns);
    read.text("aeron.driver.resolver.name", context.resolver_name);
}

}  // namespace

std::string default_aeron_directory(const platform::Platform& platform) {
    const std::string name = "aeron-" + platform.system.user_name();
    return platform::join_path(platform.storage.is_directory("/dev/shm")
                                   ? "/dev/shm"
                                   : platform.system.temporary_directory(),
                               name);
}

DriverContext driver_context_from(const Properties& properties,
                                  const platform::Platform& platform) {
    const Reader read(properties);
    DriverContext context;
    context.aeron_directory = default_aeron_directory(platform);
    context.threading_mode = ThreadingMode::dedicated;  // upstream's default for a driver process
    read_process(read, context);
    read_threads(read, context);
    read_files(read, context);
    read_timing(read, context);
    read_streams(read, context);
    read_flow_control(read, context);
    read_network(read, context);
    return context;
}

std::string describe(const DriverContext& context) {
    std::string text = "driver {\n";
    const auto line = [&text](std::string_view name, const auto& value) {
        text += fmt::format("    {}={}\n", name, value);
    };
    line("aeron.dir", context.aeron_directory);
    line("aeron.threading.mode", to_string(context.threading_mode));
    line("aeron.driver.timeout", context.driver_timeout_ms);
    line("aeron.timer.interval", format_duration_ns(context.timer_interval_ns));
    line("aeron.client.liveness.timeout", format_duration_ns(context.client_liveness_timeout_ns));
    line("aeron.image.liveness.timeout", format_duration_ns(context.image_liveness_timeout_ns));
    line("aeron.publication.linger.timeout",
         format_duration_ns(context.publication_linger_timeout_ns));
    line("aeron.publication.unblock.timeout",
         format_duration_ns(context.publication_unblock_timeout_ns));
    line("aeron.term.buffer.length", format_size(context.term_buffer_length));
    line("aeron.ipc.term.buffer.length", format_size(context.ipc_term_buffer_length));
    line("aeron.term.buffer.sparse.file", context.term_buffer_sparse_file);
    line("aeron.mtu.length", context.mtu_length);
    line("aeron.ipc.mtu.length", context.ipc_mtu_length);
    line("aeron.rcv.initial.window.length", format_size(context.initial_window_length));
    line("aeron.socket.so_rcvbuf", format_size(context.socket_rcvbuf_length));
    line("aeron.socket.so_sndbuf", format_size(context.socket_sndbuf_length));
    return text + "}\n";
}

}  // namespace tern::driver
