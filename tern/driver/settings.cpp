#include "tern/driver/settings.hpp"

#include <fmt/format.h>

#include <array>

namespace tern::driver {
namespace {

constexpr std::int64_t kMaxI32 = INT32_MAX;
constexpr std::int64_t kNever = INT64_MAX;
constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;

/// The visitor, with fields of every width.
class Fields {
  public:
    explicit Fields(SettingVisitor& visitor) : visitor_(visitor) {}

    void flag(std::string_view name, bool& field) { field = visitor_.flag(name, field); }
    void text(std::string_view name, std::string& field) { field = visitor_.text(name, field); }
    template <typename T>
    void size(std::string_view name, T& field, std::int64_t min = 0, std::int64_t max = kMaxI32) {
        field = static_cast<T>(*visitor_.integer({name}, Unit::bytes, {min, max}, field));
    }
    template <typename T>
    void number(std::string_view name, T& field, std::int64_t min, std::int64_t max) {
        field = static_cast<T>(*visitor_.integer({name}, Unit::count, {min, max}, field));
    }
    void number(std::string_view name, std::optional<std::int64_t>& field) {
        field = visitor_.integer({name}, Unit::count, {INT64_MIN, INT64_MAX}, field);
    }
    void duration(SettingNames names, std::int64_t& field_ns, std::int64_t min_ns = 0) {
        field_ns = *visitor_.integer(names, Unit::nanoseconds, {min_ns, kNever}, field_ns);
    }
    void duration(std::string_view name, std::int64_t& field_ns, std::int64_t min_ns = 0) {
        duration(SettingNames{name}, field_ns, min_ns);
    }
    [[nodiscard]] std::string_view word(SettingNames names, std::span<const SettingWord> words,
                                        std::string_view value) {
        return visitor_.word(names, words, value);
    }
    void ports(std::string_view name, WildcardPortRange& field) {
        field = visitor_.port_range(name, field);
    }

  private:
    SettingVisitor& visitor_;
};

void visit_termination(Fields& fields, DriverContext& context) {
    static constexpr std::array kWords{
        SettingWord{"allow", "allow"},
        SettingWord{"deny", "deny"},
        SettingWord{"aeron_driver_termination_validator_default_allow", "allow"},
        SettingWord{"aeron_driver_termination_validator_default_deny", "deny"},
        SettingWord{"io.aeron.driver.DefaultAllowTerminationValidator", "allow"},
        SettingWord{"io.aeron.driver.DefaultDenyTerminationValidator", "deny"}};
    const std::string_view decision = fields.word({"aeron.driver.termination.validator"}, kWords,
                                                  context.termination_validator ? "allow" : "deny");
    if (decision == "deny") {
        context.termination_validator = {};
    } else if (!context.termination_validator) {
        context.termination_validator = [](ConstBytes) { return true; };
    }
}

void visit_process(Fields& fields, DriverContext& context) {
    fields.text("aeron.dir", context.aeron_directory);
    fields.flag("aeron.dir.warn.if.exists", context.warn_if_directory_exists);
    fields.flag("aeron.dir.delete.on.start", context.delete_directory_on_start);
    fields.flag("aeron.dir.delete.on.shutdown", context.delete_directory_on_shutdown);
    fields.number("aeron.driver.timeout", context.driver_timeout_ms, 0, INT64_MAX);
    fields.flag("aeron.print.configuration", context.print_configuration);
    visit_termination(fields, context);
}

ThreadingMode threading_mode_of(std::string_view name) {
    for (const ThreadingMode mode :
         {ThreadingMode::dedicated, ThreadingMode::shared_network, ThreadingMode::shared}) {
        if (to_string(mode) == name) return mode;
    }
    return ThreadingMode::invoker;
}

void visit_threads(Fields& fields, DriverContext& context) {
    static constexpr std::array kModes{
        SettingWord{"DEDICATED", "DEDICATED"}, SettingWord{"SHARED_NETWORK", "SHARED_NETWORK"},
        SettingWord{"SHARED", "SHARED"}, SettingWord{"INVOKER", "INVOKER"}};
    context.threading_mode = threading_mode_of(
        fields.word({"aeron.threading.mode"}, kModes, to_string(context.threading_mode)));
    const auto strategy = [&](std::string_view agent, IdleStrategyChoice& choice) {
        fields.text(fmt::format("aeron.{}.idle.strategy", agent), choice.name);
        fields.text(fmt::format("aeron.{}.idle.strategy.init.args", agent), choice.options);
    };
    strategy("conductor", context.conductor_idle_strategy);
    strategy("sender", context.sender_idle_strategy);
    strategy("receiver", context.receiver_idle_strategy);
    strategy("sharednetwork", context.shared_network_idle_strategy);
    strategy("shared", context.shared_idle_strategy);
    fields.number("aeron.conductor.cpu.affinity", context.conductor_cpu_affinity, -1, 255);
    fields.number("aeron.sender.cpu.affinity", context.sender_cpu_affinity, -1, 255);
    fields.number("aeron.receiver.cpu.affinity", context.receiver_cpu_affinity, -1, 255);
    fields.duration("aeron.driver.conductor.cycle.threshold", context.conductor_cycle_threshold_ns);
    fields.duration("aeron.driver.sender.cycle.threshold", context.sender_cycle_threshold_ns);
    fields.duration("aeron.driver.receiver.cycle.threshold", context.receiver_cycle_threshold_ns);
    fields.duration({"aeron.driver.name.resolver.threshold", "aeron.name.resolver.threshold"},
                    context.name_resolver_threshold_ns);
}

void visit_files(Fields& fields, DriverContext& context) {
    fields.size("aeron.conductor.buffer.length", context.to_driver_buffer_length);
    fields.size("aeron.clients.buffer.length", context.to_clients_buffer_length);
    fields.size("aeron.counters.buffer.length", context.counters_values_buffer_length);
    fields.size("aeron.error.buffer.length", context.error_buffer_length);
    fields.size("aeron.loss.report.buffer.length", context.loss_report_buffer_length);
    fields.size("aeron.file.page.size", context.file_page_size);
    fields.flag("aeron.term.buffer.sparse.file", context.term_buffer_sparse_file);
    fields.flag("aeron.perform.storage.checks", context.perform_storage_checks);
    fields.size("aeron.low.file.store.warning.threshold", context.low_file_store_warning_threshold,
                0, INT64_MAX);
    fields.number("aeron.driver.resource.free.limit", context.resource_free_limit, 1, kMaxI32);
}

void visit_timing(Fields& fields, DriverContext& context) {
    const std::int64_t min = kMicrosecond;
    fields.duration("aeron.timer.interval", context.timer_interval_ns, min);
    fields.duration("aeron.client.liveness.timeout", context.client_liveness_timeout_ns, min);
    fields.duration("aeron.publication.unblock.timeout", context.publication_unblock_timeout_ns,
                    min);
    fields.duration("aeron.publication.connection.timeout",
                    context.publication_connection_timeout_ns, min);
    fields.duration("aeron.publication.linger.timeout", context.publication_linger_timeout_ns);
    fields.duration("aeron.image.liveness.timeout", context.image_liveness_timeout_ns, min);
    fields.duration("aeron.untethered.window.limit.timeout",
                    context.untethered_window_limit_timeout_ns);
    fields.duration("aeron.untethered.linger.timeout", context.untethered_linger_timeout_ns);
    fields.duration("aeron.untethered.resting.timeout", context.untethered_resting_timeout_ns);
    fields.duration("aeron.counters.free.to.reuse.timeout",
                    context.counters_free_to_reuse_timeout_ns);
}

void visit_group_consideration(Fields& fields, DriverContext& context) {
    static constexpr std::array kWords{
        SettingWord{"infer", "infer"}, SettingWord{"INFER", "infer"},
        SettingWord{"true", "true"},   SettingWord{"FORCE_TRUE", "true"},
        SettingWord{"false", "false"}, SettingWord{"FORCE_FALSE", "false"}};
    const auto text_of = [](GroupConsideration group) {
        return group == GroupConsideration::infer ? "infer"
               : group == GroupConsideration::yes ? "true"
                                                  : "false";
    };
    const std::string_view chosen = fields.word({"aeron.receiver.group.consideration"}, kWords,
                                                text_of(context.receiver_group_consideration));
    for (const auto group :
         {GroupConsideration::infer, GroupConsideration::yes, GroupConsideration::no}) {
        if (text_of(group) == chosen) context.receiver_group_consideration = group;
    }
}

void visit_streams(Fields& fields, DriverContext& context) {
    fields.size("aeron.term.buffer.length", context.term_buffer_length);
    fields.size("aeron.ipc.term.buffer.length", context.ipc_term_buffer_length);
    fields.size("aeron.mtu.length", context.mtu_length);
    fields.size("aeron.ipc.mtu.length", context.ipc_mtu_length);
    fields.size("aeron.publication.term.window.length", context.publication_window_length);
    fields.size("aeron.ipc.publication.term.window.length", context.ipc_publication_window_length);
    fields.number("aeron.publication.reserved.session.id.low", context.reserved_session_id_low,
                  INT32_MIN, kMaxI32);
    fields.number("aeron.publication.reserved.session.id.high", context.reserved_session_id_high,
                  INT32_MIN, kMaxI32);
    fields.flag("aeron.spies.simulate.connection", context.spies_simulate_connection);
    fields.flag("aeron.reliable.stream", context.reliable_stream);
    fields.flag("aeron.tether.subscriptions", context.tether_subscriptions);
    fields.flag("aeron.rejoin.stream", context.rejoin_stream);
    visit_group_consideration(fields, context);
    fields.number("aeron.driver.stream.session.limit", context.stream_session_limit, 1, kMaxI32);
}

/// Upstream's symbols and class names for flow control, as the URI names them.
constexpr std::array kFlowControlWords{
    SettingWord{"unicast_max", "max"},
    SettingWord{"multicast_max", "max"},
    SettingWord{"multicast_min", "min"},
    SettingWord{"multicast_tagged", "tagged"},
    SettingWord{"aeron_unicast_flow_control_strategy_supplier", "max"},
    SettingWord{"aeron_max_multicast_flow_control_strategy_supplier", "max"},
    SettingWord{"aeron_min_flow_control_strategy_supplier", "min"},
    SettingWord{"aeron_tagged_flow_control_strategy_supplier", "tagged"},
    SettingWord{"io.aeron.driver.DefaultUnicastFlowControlSupplier", "max"},
    SettingWord{"io.aeron.driver.DefaultMulticastFlowControlSupplier", "max"},
    SettingWord{"io.aeron.driver.MaxMulticastFlowControlSupplier", "max"},
    SettingWord{"io.aeron.driver.MinMulticastFlowControlSupplier", "min"},
    SettingWord{"io.aeron.driver.TaggedMulticastFlowControlSupplier", "tagged"},
    SettingWord{"io.aeron.driver.UnicastFlowControl", "max"},
    SettingWord{"io.aeron.driver.MaxMulticastFlowControl", "max"},
    SettingWord{"io.aeron.driver.MinMulticastFlowControl", "min"},
    SettingWord{"io.aeron.driver.TaggedMulticastFlowControl", "tagged"}};

void visit_flow_control(Fields& fields, DriverContext& context) {
    context.unicast_flow_control =
        fields.word({"aeron.unicast.FlowControl.supplier", "aeron.unicast.flow.control.strategy",
                     "aeron.unicast.flow.control.supplier"},
                    kFlowControlWords, context.unicast_flow_control);
    context.multicast_flow_control = fields.word(
        {"aeron.multicast.FlowControl.supplier", "aeron.multicast.flow.control.strategy",
         "aeron.multicast.flow.control.supplier"},
        kFlowControlWords, context.multicast_flow_control);
    fields.duration("aeron.flow.control.receiver.timeout",
                    context.flow_control_receiver_timeout_ns);
    fields.number("aeron.flow.control.group.tag", context.flow_control_group_tag, INT64_MIN,
                  INT64_MAX);
    fields.number("aeron.flow.control.group.min.size", context.flow_control_group_min_size, 0,
                  kMaxI32);
    fields.number("aeron.unicast.flow.control.rrwm", context.unicast_retransmit_window_multiple, 1,
                  kMaxI32);
    fields.number("aeron.multicast.flow.control.rrwm", context.multicast_retransmit_window_multiple,
                  1, kMaxI32);
    fields.number("aeron.receiver.group.tag", context.receiver_group_tag);
}

void visit_congestion_control(Fields& fields, DriverContext& context) {
    static constexpr std::array kWords{
        SettingWord{"default", "static"},
        SettingWord{"static", "static"},
        SettingWord{"cubic", "cubic"},
        SettingWord{"aeron_congestion_control_default_strategy_supplier", "static"},
        SettingWord{"aeron_static_window_congestion_control_strategy_supplier", "static"},
        SettingWord{"aeron_cubic_congestion_control_strategy_supplier", "cubic"},
        SettingWord{"io.aeron.driver.DefaultCongestionControlSupplier", "static"},
        SettingWord{"io.aeron.driver.ext.CubicCongestionControlSupplier", "cubic"}};
    context.congestion_control =
        fields.word({"aeron.CongestionControl.supplier"}, kWords, context.congestion_control);
    fields.flag("aeron.CubicCongestionControl.measureRtt", context.cubic.measure_rtt);
    fields.duration("aeron.CubicCongestionControl.initialRtt", context.cubic.initial_rtt_ns, 1);
    fields.flag("aeron.CubicCongestionControl.tcpMode", context.cubic.tcp_mode);
}

void visit_losses(Fields& fields, LossConfig& losses) {
    fields.text("aeron.udp.channel.incoming.interceptors", losses.interceptors);
    fields.text("aeron.udp.channel.transport.bindings.loss.args", losses.loss_args);
    fields.text("aeron.udp.channel.transport.bindings.fixed.loss.args", losses.fixed_loss_args);
    fields.text("aeron.udp.channel.transport.bindings.multi.gap.loss.args",
                losses.multi_gap_loss_args);
}

void visit_network(Fields& fields, DriverContext& context) {
    fields.size("aeron.socket.so_rcvbuf", context.socket_rcvbuf_length);
    fields.size("aeron.socket.so_sndbuf", context.socket_sndbuf_length);
    fields.number("aeron.socket.multicast.ttl", context.multicast_ttl, 0, 255);
    fields.size("aeron.rcv.initial.window.length", context.initial_window_length, 256);
    fields.duration("aeron.rcv.status.message.timeout", context.status_message_timeout_ns,
                    kMicrosecond);
    fields.number("aeron.send.to.status.poll.ratio", context.send_to_status_poll_ratio, 1, kMaxI32);
    fields.number("aeron.nak.multicast.group.size", context.nak_multicast_group_size, 1, kMaxI32);
    fields.duration("aeron.nak.multicast.max.backoff", context.nak_multicast_max_backoff_ns);
    fields.duration("aeron.nak.unicast.delay", context.nak_unicast_delay_ns);
    fields.number("aeron.nak.unicast.retry.delay.ratio", context.nak_unicast_retry_delay_ratio, 1,
                  INT64_MAX);
    fields.number("aeron.max.resend", context.max_resend, 1, 256);
    fields.duration("aeron.retransmit.unicast.delay", context.retransmit_unicast_delay_ns);
    fields.duration("aeron.retransmit.unicast.linger", context.retransmit_unicast_linger_ns);
    fields.flag("aeron.driver.connect", context.connect_enabled);
    fields.number("aeron.receiver.io.vector.capacity", context.receiver_io_vector_capacity, 1, 16);
    fields.number("aeron.sender.io.vector.capacity", context.sender_io_vector_capacity, 1, 16);
    fields.number("aeron.network.publication.max.messages.per.send", context.max_messages_per_send,
                  1, 16);
    fields.ports("aeron.sender.wildcard.port.range", context.sender_wildcard_port_range);
    fields.ports("aeron.receiver.wildcard.port.range", context.receiver_wildcard_port_range);
}

void visit_names(Fields& fields, DriverContext& context) {
    static constexpr std::array kResolvers{SettingWord{"default", "default"},
                                           SettingWord{"csv_table", "csv_table"},
                                           SettingWord{"driver", "driver"}};
    NameResolution& names = context.name_resolution;
    names.supplier = fields.word({"aeron.name.resolver.supplier"}, kResolvers, names.supplier);
    fields.text("aeron.name.resolver.init.args", names.csv_table);
    fields.text("aeron.driver.resolver.name", names.name);
    fields.text("aeron.driver.resolver.interface", names.interface);
    fields.text("aeron.driver.resolver.bootstrap.neighbor", names.bootstrap_neighbors);
    fields.duration("aeron.driver.resolver.neighbor.timeout", names.neighbor_timeout_ns,
                    kMillisecond);
    fields.duration("aeron.driver.resolver.self.resolution.interval", names.self_interval_ns,
                    kMillisecond);
    fields.duration("aeron.driver.resolver.neighbor.resolution.interval",
                    names.neighbor_interval_ns, kMillisecond);
    fields.duration("aeron.driver.resolver.bootstrap.neighbor.resolution.interval",
                    names.bootstrap_interval_ns, kMillisecond);
    fields.duration("aeron.driver.reresolution.check.interval",
                    context.re_resolution_check_interval_ns);
}

}  // namespace

void visit_settings(DriverContext& context, SettingVisitor& visitor) {
    Fields fields(visitor);
    visit_process(fields, context);
    visit_threads(fields, context);
    visit_files(fields, context);
    visit_timing(fields, context);
    visit_streams(fields, context);
    visit_flow_control(fields, context);
    visit_congestion_control(fields, context);
    visit_network(fields, context);
    visit_losses(fields, context.incoming_loss);
    visit_names(fields, context);
}

}  // namespace tern::driver
