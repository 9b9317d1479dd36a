#pragma once
// A driver and a client of it, in the test's process and on the test's thread: several of them
// exchange streams over the machine's real sockets.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::data_path {

inline constexpr std::int32_t kStream = 1001;
inline constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;

/// The driver's defaults, with what makes tests short.
[[nodiscard]] inline driver::DriverContext quick_driver() {
    driver::DriverContext context;
    context.term_buffer_length = 256 << 10;
    context.ipc_term_buffer_length = 256 << 10;
    context.timer_interval_ns = 50 * kNanosPerMilli;
    context.status_message_timeout_ns = 20 * kNanosPerMilli;
    context.image_liveness_timeout_ns = kNanosPerSecond;
    context.publication_connection_timeout_ns = kNanosPerSecond;
    context.publication_linger_timeout_ns = kNanosPerSecond;
    context.perform_storage_checks = false;
    return context;
}

class Host {
  public:
    Host(const platform::Platform& platform, driver::DriverContext context)
        : scratch_(platform), driver_(launch(std::move(context), platform)) {
        client::Context client;
        client.aeron_directory = driver_->aeron_directory();
        client.use_conductor_invoker = true;
        client.await_idle = [this] { driver_->invoke(); };
        client.error_handler = [this](const std::exception& error) {
            errors.emplace_back(error.what());
        };
        client.publication_error_frame_handler =
            [this](const client::PublicationErrorFrame& frame) {
                rejections.emplace_back(frame.message);
            };
        aeron_ = client::Aeron::connect(std::move(client), platform);
    }
    int work() { return driver_->invoke() + aeron_->do_work(); }

    [[nodiscard]] client::Aeron& aeron() { return *aeron_; }
    [[nodiscard]] driver::MediaDriver& driver() { return *driver_; }
    [[nodiscard]] std::int64_t operator[](memory::SystemCounter counter) const {
        return driver_->counters().value(static_cast<std::int32_t>(counter));
    }
    /// Of the counter of that type whose label begins so; -1 when there is none.
    [[nodiscard]] std::int64_t counter(std::int32_t type_id, std::string_view label = {}) const {
        const memory::CountersReader& counters = driver_->counters();
        std::int64_t value = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == type_id && counters.label(id).starts_with(label)) {
                value = counters.value(id);
            }
        });
        return value;
    }

    std::vector<std::string> errors;      ///< the client's
    std::vector<std::string> rejections;  ///< why receivers refused this host's publications

  private:
    std::unique_ptr<driver::MediaDriver> launch(driver::DriverContext context,
                                                const platform::Platform& platform) {
        context.aeron_directory = scratch_.path() + "/aeron";
        context.threading_mode = driver::ThreadingMode::invoker;
        return driver::MediaDriver::launch(std::move(context), platform);
    }

    support::ScratchDirectory scratch_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<client::Aeron> aeron_;
};

/// Message `number`: the number, and bytes that follow from it.
[[nodiscard]] inline std::vector<std::byte> message_of(std::int64_t number) {
    std::vector<std::byte> message(static_cast<std::size_t>(16 + (number * 997) % 4000));
    for (std::size_t i = 0; i < message.size(); ++i) {
        message[i] = static_cast<std::byte>(static_cast<std::size_t>(number) * 31 + i);
    }
    store(message.data(), number);
    return message;
}

/// Reads a subscription and checks that messages come whole and in order, from the first read on.
class Reader {
  public:
    explicit Reader(std::unique_ptr<client::Subscription> subscription)
        : subscription_(std::move(subscription)) {}

    int poll() { return subscription_->poll(assembler_, 20); }
    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] client::Subscription& subscription() { return *subscription_; }
    [[nodiscard]] std::shared_ptr<client::Image> image() { return subscription_->image_at(0); }
    void close() { subscription_->close(); }

  private:
    void take(ConstBytes bytes) {
        const auto number = load<std::int64_t>(bytes.data());
        ASSERT_TRUE(count_ == 0 || number == last_ + 1) << number << " behind " << last_;
        last_ = number;
        const auto expected = message_of(number);
        ASSERT_TRUE(std::ranges::equal(bytes, expected)) << "message " << number;
        ++count_;
    }

    std::unique_ptr<client::Subscription> subscription_;
    client::FragmentAssembler<std::function<void(ConstBytes, const client::Header&)>> assembler_{
        [this](ConstBytes bytes, const client::Header&) { take(bytes); }};
    std::int64_t count_ = 0;
    std::int64_t last_ = -1;
};

/// Fixture: hosts, and what drives them.
class Hosts : public ::testing::Test {
  protected:
    Host& start(driver::DriverContext context = quick_driver()) {
        return *hosts_.emplace_back(std::make_unique<Host>(platform_, std::move(context)));
    }
    Reader& subscribe(Host& host, const std::string& channel) {
        return *readers_.emplace_back(
            std::make_unique<Reader>(host.aeron().add_subscription(channel, kStream)));
    }
    int work() {
        int done = 0;
        for (const auto& host : hosts_) done += host->work();
        return done;
    }
    /// Drives the hosts until the condition holds.
    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline_ns) << "waited for " << what;
            idle->idle(work());
        }
    }
    /// Drives them for that long.
    void pass(std::int64_t duration_ns) {
        const std::int64_t end_ns = platform_.clock.nano_time() + duration_ns;
        await([&] { return platform_.clock.nano_time() >= end_ns; }, "the time to pass");
    }
    /// Offers further messages of the stream until each of the readers has had `count` of them.
    void flow(client::ExclusivePublication& publication, std::vector<Reader*> readers,
              std::int64_t count = 200) {
        std::vector<std::int64_t> goals;
        for (Reader* const reader : readers) goals.push_back(reader->count() + count);
        std::int64_t offered = 0;
        await(
            [&] {
                if (offered < count && publication.offer(message_of(next_)) > 0) ++next_, ++offered;
                bool all = offered == count;
                for (std::size_t i = 0; i < readers.size(); ++i) {
                    readers[i]->poll();
                    all = all && readers[i]->count() >= goals[i];
                }
                return all;
            },
            "the messages");
    }
    void await_connected(client::ExclusivePublication& publication, std::vector<Reader*> readers) {
        await(
            [&] {
                return publication.is_connected() &&
                       std::ranges::all_of(readers, [](Reader* reader) {
                           return reader->subscription().is_connected();
                       });
            },
            "a connection");
    }
    [[nodiscard]] std::string free_endpoint() { return support::free_endpoint(platform_); }
    [[nodiscard]] std::string free_port() {
        const std::string endpoint = free_endpoint();
        return endpoint.substr(endpoint.rfind(':') + 1);
    }

    platform::Platform platform_ = platform::posix::make_platform();

  private:
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<std::unique_ptr<Reader>> readers_;
    std::int64_t next_ = 0;
};

}  // namespace tern::data_path
