// Every setting of DRV-4.3, as data: none may be ignored.

#include "tern/driver/configuration.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/platform/posix/platform.hpp"

namespace tern::driver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Setting {
    std::string_view name;
    std::string_view good;        ///< empty: refused, whatever the value
    std::string_view bad = {};    ///< empty: every text is a value
    std::string_view needs = {};  ///< another setting without which the good value is refused
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

constexpr Setting kSettings[] = {
    // Directory, process.
    {"aeron.dir", "/tmp/some-directory"},
    {"aeron.dir.warn.if.exists", "true", "maybe"},
    {"aeron.dir.delete.on.start", "1", "yes"},
    {"aeron.dir.delete.on.shutdown", "on", "2"},
    {"aeron.driver.timeout", "5000", "-1"},
    {"aeron.print.configuration", "true", "x"},
    {"aeron.driver.termination.validator", "allow", "ask"},
    {"aeron.agent.on.start.function", "", "on_start"},
    {"aeron.driver.dynamic.libraries", "", "libsecurity.so"},
    {"aeron.enable.experimental.features", "true", "perhaps"},
    // Threads.
    {"aeron.threading.mode", "SHARED_NETWORK", "shared"},
    {"aeron.conductor.idle.strategy", "yield", "dance"},
    {"aeron.sender.idle.strategy", "noop", "dance"},
    {"aeron.receiver.idle.strategy", "spin", "dance"},
    {"aeron.sharednetwork.idle.strategy", "sleep-ns", "dance"},
    {"aeron.shared.idle.strategy", "aeron_idle_strategy_sleeping", "dance"},
    {"aeron.conductor.idle.strategy.init.args", "10-20-1us-1ms", "10-20"},
    {"aeron.sender.idle.strategy.init.args", "1-2-2us-4ms", "1-2-4ms-2us"},
    {"aeron.receiver.idle.strategy.init.args", "0-0-1us-1us", "many"},
    {"aeron.sharednetwork.idle.strategy.init.args", "10-20-1us-1ms", "10-20"},
    {"aeron.shared.idle.strategy.init.args", "10-20-1us-1ms", "10-20"},
    {"aeron.driver.native.resource.agent.idle.strategy", "", "yield"},
    {"aeron.driver.native.resource.agent.idle.strategy.init.args", "", "1ms"},
    {"aeron.driver.native.resource.agent.cpu.affinity", "-1", "1"},
    {"aeron.conductor.cpu.affinity", "0", "256"},
    {"aeron.sender.cpu.affinity", "0", "-2"},
    {"aeron.receiver.cpu.affinity", "0", "first"},
    {"aeron.driver.cpuset.affinity", "false", "true"},
    {"aeron.driver.cpuset.warnings.as.errors", "0", "true"},
    {"aeron.driver.conductor.cycle.threshold", "50ms", "-1"},
    {"aeron.driver.sender.cycle.threshold", "50ms", "50m"},
    {"aeron.driver.receiver.cycle.threshold", "1000000", "fast"},
    {"aeron.driver.name.resolver.threshold", "2s", "2h"},
    {"aeron.name.resolver.threshold", "2s", "2h"},
    // CnC and files.
    {"aeron.conductor.buffer.length", "2097920", "2m"},
    {"aeron.clients.buffer.length", "2097280", "1m"},
    {"aeron.counters.buffer.length", "1m", "501m"},
    {"aeron.error.buffer.length", "8m", "1m"},
    {"aeron.loss.report.buffer.length", "2m", "1023"},
    {"aeron.file.page.size", "2m", "6k"},
    {"aeron.term.buffer.sparse.file", "false", "sparse"},
    {"aeron.perform.storage.checks", "off", "no"},
    {"aeron.low.file.store.warning.threshold", "10g", "-1"},
    {"aeron.driver.resource.free.limit", "10", "0"},
    // Timing of resources.
    {"aeron.timer.interval", "100ms", "999"},
    {"aeron.client.liveness.timeout", "8s", "1us"},
    {"aeron.publication.unblock.timeout", "20s", "1s"},
    {"aeron.publication.connection.timeout", "2s", "0"},
    {"aeron.publication.linger.timeout", "0", "-1s"},
    {"aeron.image.liveness.timeout", "3s", "0"},
    {"aeron.untethered.window.limit.timeout", "2s", "10ms"},
    {"aeron.untethered.linger.timeout", "2s", "10ms"},
    {"aeron.untethered.resting.timeout", "2s", "10ms"},
    {"aeron.counters.free.to.reuse.timeout", "0", "soon"},
    // Publications and subscriptions.
    {"aeron.term.buffer.length", "64k", "63k"},
    {"aeron.ipc.term.buffer.length", "1g", "96k"},
    {"aeron.mtu.length", "8k", "1400"},
    {"aeron.ipc.mtu.length", "65504", "65536"},
    {"aeron.publication.term.window.length", "32k", "1025m"},
    {"aeron.ipc.publication.term.window.length", "32k", "2g"},
    {"aeron.publication.reserved.session.id.low", "-100", "1001"},
    {"aeron.publication.reserved.session.id.high", "5", "2147483648"},
    {"aeron.spies.simulate.connection", "true", "ssc"},
    {"aeron.reliable.stream", "false", "no"},
    {"aeron.tether.subscriptions", "false", "no"},
    {"aeron.rejoin.stream", "false", "no"},
    {"aeron.receiver.group.consideration", "false", "some"},
    {"aeron.driver.stream.session.limit", "10", "0"},
    // Network.
    {"aeron.socket.so_rcvbuf", "200k", "lots"},
    {"aeron.socket.so_sndbuf", "64k", "-1"},
    {"aeron.socket.multicast.ttl", "255", "256"},
    {"aeron.rcv.initial.window.length", "64k", "255"},
    {"aeron.rcv.status.message.timeout", "100ms", "0"},
    {"aeron.send.to.status.poll.ratio", "3", "0"},
    {"aeron.nak.multicast.group.size", "5", "0"},
    {"aeron.nak.multicast.max.backoff", "20ms", "-1"},
    {"aeron.nak.unicast.delay", "0", "9223372036854775807"},
    {"aeron.nak.unicast.retry.delay.ratio", "10", "9223372036854775807"},
    {"aeron.max.resend", "256", "257"},
    {"aeron.retransmit.unicast.delay", "0", "x"},
    {"aeron.retransmit.unicast.linger", "20ms", "x"},
    {"aeron.unicast.FlowControl.supplier", "aeron_unicast_flow_control_strategy_supplier", "none"},
    {"aeron.multicast.FlowControl.supplier", "multicast_min", "none"},
    {"aeron.CongestionControl.supplier", "cubic", "guess"},
    {"aeron.CubicCongestionControl.measureRtt", "true", "x"},
    {"aeron.CubicCongestionControl.initialRtt", "1ms", "0"},
    {"aeron.CubicCongestionControl.tcpMode", "true", "x"},
    {"aeron.flow.control.receiver.timeout", "2s", "x"},
    {"aeron.flow.control.group.tag", "-7", "tag"},
    {"aeron.flow.control.group.min.size", "3", "-1"},
    {"aeron.receiver.group.tag", "101", "tag"},
    {"aeron.unicast.flow.control.rrwm", "8", "0"},
    {"aeron.multicast.flow.control.rrwm", "8", "0"},
    {"aeron.driver.connect", "false", "no"},
    {"aeron.receiver.io.vector.capacity", "16", "17"},
    {"aeron.sender.io.vector.capacity", "16", "0"},
    {"aeron.network.publication.max.messages.per.send", "16", "17"},
    {"aeron.sender.wildcard.port.range", "20700 20710", "20710 20700"},
    {"aeron.receiver.wildcard.port.range", "20700 20710", "20700"},
    {"aeron.udp.channel.transport.bindings.media", "default", "dpdk"},
    {"aeron.conductor.udp.channel.transport.bindings.media", "default", "dpdk"},
    {"aeron.udp.channel.outgoing.interceptors", "", "loss"},
    {"aeron.udp.channel.incoming.interceptors", "loss", "gain",
     "aeron.udp.channel.transport.bindings.loss.args=rate=0.1|seed=1|recv-msg-mask=2"},
    {"aeron.udp.channel.transport.bindings.loss.args", "rate=0.1"},
    {"aeron.udp.channel.transport.bindings.fixed.loss.args", "term-id=1"},
    {"aeron.udp.channel.transport.bindings.multi.gap.loss.args", "term-id=1"},
    // Name resolution.
    {"aeron.name.resolver.supplier", "default", "dns"},
    {"aeron.name.resolver.supplier", "csv_table", "", "aeron.name.resolver.init.args=a,b,c"},
    {"aeron.name.resolver.init.args", "alpha,127.0.0.1,127.0.0.2"},
    {"aeron.driver.resolver.name", "alpha"},
    {"aeron.driver.resolver.interface", "127.0.0.1:0", "127.0.0.1:0",
     "aeron.driver.resolver.name=alpha"},
    {"aeron.driver.resolver.bootstrap.neighbor", "localhost:24400"},
    {"aeron.driver.resolver.neighbor.timeout", "5s", "999us"},
    {"aeron.driver.resolver.self.resolution.interval", "5s", "0"},
    {"aeron.driver.resolver.neighbor.resolution.interval", "5s", "0"},
    {"aeron.driver.resolver.bootstrap.neighbor.resolution.interval", "5s", "0"},
    {"aeron.driver.reresolution.check.interval", "0", "x"},
    // Event logging.
    {"aeron.event.log", "", "admin"},
    {"aeron.event.log.disable", "", "admin"},
    {"aeron.event.log.filename", "", "log"},
    {"aeron.event.log.file.max.length", "", "1m"},
    // Upstream's Java driver only.
    {"aeron.use.windows.high.res.timer", "true", "x"},
    {"aeron.SendChannelEndpoint.supplier", "io.aeron.driver.DefaultSendChannelEndpointSupplier",
     "org.me.Mine"},
    {"aeron.ReceiveChannelEndpoint.supplier",
     "io.aeron.driver.DefaultReceiveChannelEndpointSupplier", "org.me.Mine"},
    {"aeron.unicast.flow.control.strategy", "io.aeron.driver.UnicastFlowControl", "org.me.Mine"},
    {"aeron.multicast.flow.control.strategy", "io.aeron.driver.MinMulticastFlowControl", "Mine"},
    {"aeron.flow.control.sm.applicationSpecificFeedback", "", "01020304"},
    // Debugging of upstream's native driver.
    {"aeron.debug.send.data.loss.rate", "", "0.1"},
    {"aeron.debug.send.data.loss.seed", "", "1"},
    {"aeron.debug.send.control.loss.rate", "", "0.1"},
    {"aeron.debug.send.control.loss.seed", "", "1"},
    {"aeron.debug.receive.data.loss.rate", "", "0.1"},
    {"aeron.debug.receive.data.loss.seed", "", "1"},
    {"aeron.debug.receive.control.loss.rate", "", "0.1"},
    {"aeron.debug.receive.control.loss.seed", "", "1"},
};

/// What becomes of a driver that is configured so, as far as one can tell without starting it.
DriverContext configured(const Properties& properties) {
    const platform::Platform platform = platform::posix::make_platform();
    DriverContext context = driver_context_from(properties, platform);
    check_context(context);
    return context;
}

Properties properties_of(const Setting& setting, std::string_view value, bool as_variable) {
    Properties properties;
    if (!setting.needs.empty()) properties.set_from_define(setting.needs);
    properties.set(as_variable ? Properties::fold(setting.name) : std::string(setting.name), value);
    return properties;
}

class EverySetting : public ::testing::TestWithParam<Setting> {};

TEST_P(EverySetting, is_honoured_or_refused_by_name) {
    const Setting& setting = GetParam();
    for (const bool as_variable : {false, true}) {
        if (!setting.good.empty()) {
            const Properties good = properties_of(setting, setting.good, as_variable);
            EXPECT_NO_THROW(static_cast<void>(configured(good)));
            EXPECT_THAT(good.unused(), IsEmpty()) << "nobody asked for it";
        }
        if (setting.bad.empty()) continue;
        Properties bad = properties_of(setting, setting.bad, as_variable);
        if (setting.bad == setting.good) bad.set_from_define("aeron.driver.resolver.name=");
        EXPECT_THROW(static_cast<void>(configured(bad)), ConfigurationError) << setting.bad;
    }
}

INSTANTIATE_TEST_SUITE_P(DRV_4_3, EverySetting, ::testing::ValuesIn(kSettings));

/// What a good value does can be seen in the printed configuration, but for those whose only use is
/// to be refused or to ask for nothing.
TEST_P(EverySetting, that_is_honoured_is_printed) {
    const Setting& setting = GetParam();
    constexpr std::string_view kNotPrinted[] = {
        "aeron.enable.experimental.features",
        "aeron.driver.native.resource.agent.cpu.affinity",
        "aeron.driver.cpuset.affinity",
        "aeron.driver.cpuset.warnings.as.errors",
        "aeron.udp.channel.transport.bindings.media",
        "aeron.conductor.udp.channel.transport.bindings.media",
        "aeron.use.windows.high.res.timer",
        "aeron.SendChannelEndpoint.supplier",
        "aeron.ReceiveChannelEndpoint.supplier",
    };
    if (setting.good.empty() ||
        std::ranges::find(kNotPrinted, setting.name) != std::end(kNotPrinted)) {
        return;
    }
    const std::string text = describe(configured(properties_of(setting, setting.good, false)));
    const bool is_default = describe(configured({})) == text;
    if (setting.name.find(".flow.control.strategy") == std::string_view::npos &&
        setting.name != "aeron.name.resolver.threshold") {
        EXPECT_THAT(text, HasSubstr(fmt::format("    {}=", setting.name)));
    }
    constexpr std::string_view kDefaults[] = {
        "default", "static", "io.aeron.driver.UnicastFlowControl",
        "aeron_unicast_flow_control_strategy_supplier", "10-20-1us-1ms"};
    const bool may_be_default =
        std::ranges::find(kDefaults, setting.good) != std::end(kDefaults) || setting.good == "0";
    EXPECT_TRUE(may_be_default || !is_default) << "the value has gone nowhere";
}

TEST(Configuration, refusal_names_the_setting_and_the_reason) {
    Properties properties;
    properties.set("AERON_EVENT_LOG", "admin");
    try {
        static_cast<void>(configured(properties));
        FAIL();
    } catch (const ConfigurationError& error) {
        EXPECT_STREQ(error.what(),
                     "aeron.event.log=admin is not supported: this driver writes no event log; "
                     "unset it");
    }
}

TEST(Configuration, transport_security_is_refused_under_any_name) {
    Properties properties;
    properties.set("aeron.transport.security.conf.dir", "/etc");
    EXPECT_THROW(static_cast<void>(configured(properties)), ConfigurationError);
}

TEST(Configuration, unknown_names_are_told_but_not_those_of_other_components) {
    Properties properties;
    properties.set("AERON_TERM_BUFER_LENGTH", "64k");
    properties.set("aeron.archive.dir", "/archive");
    properties.set("AERON_CLUSTER_MEMBER_ID", "0");
    properties.set("aeron.client.name", "me");
    properties.set("tern.node.threading", "shared");
    properties.set("AERON_NATIVE_RESOURCE_AGENT_IDLE_STRATEGY", "yield");  // of upstream's tests
    static_cast<void>(configured(properties));
    EXPECT_THAT(unknown_driver_settings(properties), ElementsAre("AERON_TERM_BUFER_LENGTH"));
}

struct CrossCheck {
    std::vector<std::string_view> defines;
    std::string_view text;
};

TEST(Configuration, settings_that_contradict_each_other) {
    const CrossCheck checks[] = {
        {{"aeron.publication.unblock.timeout=10s"},
         "publication_unblock_timeout_ns=10000000000 <= client_liveness_timeout_ns=10000000000"},
        {{"aeron.client.liveness.timeout=1s"},
         "client_liveness_timeout_ns=1000000000 <= timer_interval_ns=1000000000"},
        {{"aeron.untethered.window.limit.timeout=1s"},
         "untethered_window_limit_timeout_ns=1000000000 <= timer_interval_ns=1000000000"},
        {{"aeron.untethered.linger.timeout=1s"},
         "untethered_linger_timeout_ns=1000000000 <= timer_interval_ns=1000000000"},
        {{"aeron.untethered.resting.timeout=1s"},
         "untethered_resting_timeout_ns=1000000000 <= timer_interval_ns=1000000000"},
        {{"aeron.mtu.length=8k", "aeron.rcv.initial.window.length=4k"},
         "mtuLength=8192 > initialWindowLength=4096"},
        {{"aeron.nak.unicast.delay=1s", "aeron.nak.unicast.retry.delay.ratio=10000000000"},
         "nak_unicast_delay_ns (1000000000) * nak_unicast_retry_delay_ratio (10000000000) exceeds "
         "9223372036854775807"},
        {{"aeron.publication.reserved.session.id.low=7",
          "aeron.publication.reserved.session.id.high=6"},
         "publication_reserved_session_id_low=7 > publication_reserved_session_id_high=6"},
        {{"aeron.publication.reserved.session.id.low=-2147483648",
          "aeron.publication.reserved.session.id.high=2147483647"},
         "reserved range of session ids too long: -2147483648 to 2147483647"},
        {{"aeron.driver.resolver.interface=127.0.0.1:0"},
         "`resolverName` is required when `resolverInterface` is set"},
        {{"aeron.name.resolver.supplier=driver"},
         "`resolverInterface` is required by name resolver `driver`"},
        {{"aeron.name.resolver.supplier=csv_table"},
         "No CSV configuration, please specify: AERON_NAME_RESOLVER_INIT_ARGS"},
    };
    for (const CrossCheck& check : checks) {
        Properties properties;
        for (const std::string_view define : check.defines) properties.set_from_define(define);
        try {
            static_cast<void>(configured(properties));
            ADD_FAILURE() << check.text;
        } catch (const ConfigurationError& error) {
            EXPECT_EQ(error.what(), check.text);
        }
    }
}

}  // namespace
}  // namespace tern::driver
