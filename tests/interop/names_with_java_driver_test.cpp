// Names that our driver and upstream's tell each other (DRV-14.4).

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/client/errors.hpp"
#include "tern/driver/configuration.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 120 * kNanosPerSecond;
constexpr std::int32_t kStream = 1001;

class NamesWithJavaDriver : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }

    using Settings = std::vector<std::pair<std::string, std::string>>;

    static Settings settings(const std::string& name, const std::string& interface,
                             const std::string& bootstrap) {
        Settings settings = {{"aeron.driver.resolver.name", name},
                             {"aeron.driver.resolver.interface", interface},
                             {"aeron.driver.resolver.self.resolution.interval", "200ms"},
                             {"aeron.driver.resolver.neighbor.resolution.interval", "300ms"}};
        if (!bootstrap.empty()) {
            settings.emplace_back("aeron.driver.resolver.bootstrap.neighbor", bootstrap);
        }
        return settings;
    }
    static std::vector<std::string> properties(const Settings& settings) {
        std::vector<std::string> defines;
        for (const auto& [name, value] : settings) defines.push_back(name + "=" + value);
        return defines;
    }

    std::unique_ptr<client::Aeron> connect(const std::string& directory) {
        client::Context context;
        context.aeron_directory = directory;
        context.driver_timeout_ns = kPatienceNs;  // a JVM may take its time to start
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
        const std::string endpoint = support::free_endpoint(platform_);
        const std::string port = endpoint.substr(endpoint.find(':'));
        const auto subscription =
            receiver->add_subscription("aeron:udp?endpoint=" + endpoint, kStream);
        std::shared_ptr<client::Publication> publication;
        await(
            [&] {
                try {
                    publication =
                        sender->add_publication("aeron:udp?endpoint=" + name + port, kStream);
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
    const std::string java_interface = support::free_endpoint(platform_);
    const std::string tern_interface = support::free_endpoint(platform_);
    const std::string far_interface = support::free_endpoint(platform_);
    JavaDriver java(platform_, properties(settings("java-driver", java_interface, "")));
    const ScratchDirectory scratch(platform_);
    const std::string directory = scratch.path() + "/aeron";
    Properties tern_properties;
    for (const auto& [name, value] : settings("tern-driver", tern_interface, java_interface)) {
        tern_properties.set(name, value);
    }
    driver::DriverContext context = driver::driver_context_from(tern_properties, platform_);
    context.aeron_directory = directory;
    context.threading_mode = driver::ThreadingMode::shared;
    context.term_buffer_length = 64 * 1024;
    const auto tern = driver::MediaDriver::launch(context, platform_);
    JavaDriver far(platform_, properties(settings("far-driver", far_interface, tern_interface)));

    send_by_name(directory, java.aeron_directory(), "java-driver");
    send_by_name(java.aeron_directory(), directory, "tern-driver");
    send_by_name(directory, far.aeron_directory(), "far-driver");
    send_by_name(java.aeron_directory(), far.aeron_directory(), "far-driver");
    send_by_name(far.aeron_directory(), java.aeron_directory(), "java-driver");
}

}  // namespace
}  // namespace tern::interop
