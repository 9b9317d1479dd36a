// Names that our driver and upstream's tell each other (DRV-14.4).

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/client/errors.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using support::ScratchDirectory;

constexpr std::int64_t kPatienceNs = 40 * kNanosPerSecond;
constexpr std::int32_t kStream = 1001;

/// A port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port(platform::Network& network) {
    platform::UdpSocketOptions options;
    options.bind_address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 0);
    return network.open(options).value()->local_address().port();
}

class NamesWithJavaDriver : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }

    static support::Settings settings(const std::string& name, std::uint16_t port,
                                      std::uint16_t bootstrap_port) {
        support::Settings settings = {
            {"aeron.driver.resolver.name", name},
            {"aeron.driver.resolver.interface", fmt::format("127.0.0.1:{}", port)},
            {"aeron.driver.resolver.self.resolution.interval", "200ms"},
            {"aeron.driver.resolver.neighbor.resolution.interval", "300ms"}};
        if (bootstrap_port != 0) {
            settings.emplace_back("aeron.driver.resolver.bootstrap.neighbor",
                                  fmt::format("localhost:{}", bootstrap_port));
        }
        return settings;
    }
    static std::vector<std::string> properties(const support::Settings& settings) {
        std::vector<std::string> defines;
        for (const auto& [name, value] : settings) defines.push_back(name + "=" + value);
        return defines;
    }

    std::unique_ptr<client::Aeron> connect(const std::string& directory) {
        client::Context context;
        context.aeron_directory = directory;
        context.error_handler = [](const std::exception& error) {
            ADD_FAILURE() << "client: " << error.what();
        };
        return client::Aeron::connect(context, platform_);
    }

    template <typename Condition>
    void await(Condition&& condition, const std::string& what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline_ns) << "awaiting " << what;
            idle->idle(0);
        }
    }

    /// Sends a message from one driver to the other, by the name that the other has.
    void send_by_name(const std::string& from, const std::string& to, const std::string& name) {
        SCOPED_TRACE(name);
        const auto receiver = connect(to);
        const auto sender = connect(from);
        const std::uint16_t port = free_port(platform_.network);
        const auto subscription = receiver->add_subscription(
            fmt::format("aeron:udp?endpoint=127.0.0.1:{}", port), kStream);
        std::shared_ptr<client::Publication> publication;
        await(
            [&] {
                try {
                    publication = sender->add_publication(
                        fmt::format("aeron:udp?endpoint={}:{}", name, port), kStream);
                } catch (const client::RegistrationException&) {  // not heard of yet
                }
                return publication != nullptr;
            },
            "the name");
        ASSERT_NE(publication, nullptr);
        const std::string_view text = "by name";
        await([&] { return publication->offer(as_bytes(text)) > 0; }, "connection");
        std::string received;
        await(
            [&] {
                subscription->poll(
                    [&](ConstBytes message, const client::Header&) { received = as_text(message); },
                    1);
                return !received.empty();
            },
            "the message");
        EXPECT_EQ(received, text);
    }

    platform::Platform platform_ = platform::posix::make_platform();
};

// Java's first driver knows nobody; Tern's driver is told of it, Java's second one of Tern's. So
// the two of Java's learn of each other from Tern's only.
TEST_F(NamesWithJavaDriver, are_told_both_ways_and_passed_on) {
    const std::uint16_t java_port = free_port(platform_.network);
    const std::uint16_t tern_port = free_port(platform_.network);
    const std::uint16_t far_port = free_port(platform_.network);
    JavaDriver java(platform_, properties(settings("java-driver", java_port, 0)));
    const ScratchDirectory scratch(platform_);
    const std::string directory = scratch.path() + "/aeron";
    support::Settings tern_settings = settings("tern-driver", tern_port, java_port);
    tern_settings.emplace_back("aeron.dir", directory);
    tern_settings.emplace_back("aeron.threading.mode", "SHARED");
    tern_settings.emplace_back("aeron.term.buffer.length", "64k");
    std::vector<std::string> arguments = {"driver"};
    for (std::string& define : support::as_defines(tern_settings)) {
        arguments.push_back(std::move(define));
    }
    const auto tern = support::start_tern(arguments);
    support::await_line(*tern, "ready");
    JavaDriver far(platform_, properties(settings("far-driver", far_port, tern_port)));

    send_by_name(directory, java.aeron_directory(), "java-driver");
    send_by_name(java.aeron_directory(), directory, "tern-driver");
    send_by_name(directory, far.aeron_directory(), "far-driver");
    send_by_name(java.aeron_directory(), far.aeron_directory(), "far-driver");
    send_by_name(far.aeron_directory(), java.aeron_directory(), "java-driver");

    tern->signal(SIGTERM);
    support::expect_exit(*tern, 0);
}

}  // namespace
}  // namespace tern::interop
