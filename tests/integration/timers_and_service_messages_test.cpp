// What a service asks of its cluster: timers and messages to the log. Each happens once, in log
// order, across snapshot, shutdown, restart and replay; and nothing happens while suspended.

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tern/client/exclusive_publication.hpp"
#include "tern/client/image.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tests/support/test_node.hpp"

namespace tern {
namespace {

using support::TestNode;

enum class Order : std::uint8_t { schedule, cancel, offer, report };

/// What a client sends to the service.
struct Command {
    Order order{};
    std::int64_t id = 0;
    std::int64_t delay_ms = 0;
};

/// Its state: how often each timer has fired, and how many of its own messages it has met.
class AlarmService final : public cluster::ClusteredService {
  public:
    void on_start(cluster::Cluster& cluster, client::Image* snapshot) override {
        cluster_ = &cluster;
        bool done = snapshot == nullptr;
        while (!done) {
            cluster.idle(snapshot->poll(
                [&](ConstBytes message, const client::Header&) {
                    if (message.size() == sizeof(std::int64_t)) {
                        messages_ = load<std::int64_t>(message.data());
                        done = true;
                    } else {
                        fired_[load<std::int64_t>(message.data())] =
                            load<std::int64_t>(message.data() + 8);
                    }
                },
                1));
        }
    }
    void on_session_open(cluster::ClientSession&, std::int64_t) override {}
    void on_session_close(cluster::ClientSession&, std::int64_t, cluster::CloseReason) override {}
    void on_role_change(cluster::Role) override {}
    void on_terminate(cluster::Cluster&) override {}

    void on_session_message(cluster::ClientSession* session, std::int64_t, ConstBytes message,
                            const client::Header&) override {
        if (session == nullptr) {
            EXPECT_EQ(load<std::int64_t>(message.data()), messages_ + 1) << "a message of its own";
            tell(fmt::format("message {}", ++messages_));
            return;
        }
        Command command;
        std::memcpy(&command, message.data(), sizeof(command));
        switch (command.order) {
            case Order::schedule:
                while (!cluster_->schedule_timer(command.id, cluster_->time() + command.delay_ms)) {
                    cluster_->idle();
                }
                due_[command.id] = cluster_->time() + command.delay_ms;
                break;
            case Order::cancel:
                while (!cluster_->cancel_timer(command.id)) cluster_->idle();
                break;
            case Order::offer:
                store(buffer_.data(), command.id);
                while (cluster_->offer(buffer_) < 0) cluster_->idle();
                break;
            case Order::report:
                break;
        }
        tell(report());
    }
    void on_timer_event(std::int64_t id, std::int64_t timestamp) override {
        if (due_.contains(id)) {
            EXPECT_GE(timestamp, due_[id]) << "timer " << id;
        }
        ++fired_[id];
        tell(fmt::format("timer {}", id));
    }
    void on_take_snapshot(client::ExclusivePublication& snapshot) override {
        for (const auto& [id, count] : fired_) {
            std::array<std::byte, 16> entry;
            store(entry.data(), id);
            store(entry.data() + 8, count);
            while (snapshot.offer(entry) < 0) cluster_->idle();
        }
        store(buffer_.data(), messages_);
        while (snapshot.offer(buffer_) < 0) cluster_->idle();
    }

  private:
    [[nodiscard]] std::string report() const {
        std::string text = fmt::format("messages {}", messages_);
        for (const auto& [id, count] : fired_) text += fmt::format(" {}x{}", id, count);
        return text;
    }
    void tell(const std::string& text) {
        cluster_->for_each_session([&](cluster::ClientSession& session) {
            while (true) {
                const auto result = session.offer(as_bytes(text));
                if (result != client::kBackPressured && result != client::kAdminAction) break;
                cluster_->idle();
            }
        });
    }

    cluster::Cluster* cluster_ = nullptr;
    std::map<std::int64_t, std::int64_t> fired_;
    std::map<std::int64_t, std::int64_t> due_;
    std::int64_t messages_ = 0;
    std::array<std::byte, sizeof(std::int64_t)> buffer_{};
};

class TimersAndServiceMessages : public ::testing::TestWithParam<node::NodeThreading> {
  protected:
    void start() {
        node_.on_start = [](node::NodeContext& context) {
            context.container->service = std::make_unique<AlarmService>();
        };
        node_.start();
        node_.await_leader();
        connect();
    }
    void connect() {
        heard_.clear();
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [this](const cluster::EgressMessage& message) {
            heard_.emplace_back(as_text(message.payload));
        };
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.await_idle = [this] { node_.invoke(); };
        std::shared_ptr<platform::IdleStrategy> backoff = platform::make_idle_strategy("backoff");
        client_ = cluster::ClusterClient::connect(
            context, aeron, platform_,
            [this, backoff](int work) { backoff->idle(work + node_.invoke()); });
    }
    void send(const Command& command) { client_->send(bytes_of(command)); }
    static ConstBytes bytes_of(const Command& command) {
        return std::as_bytes(std::span(&command, 1));
    }
    [[nodiscard]] std::ptrdiff_t times_heard(const std::string& text) const {
        return std::ranges::count(heard_, text);
    }
    void await_heard(const std::string& text) {
        client_->poll_until([&] { return times_heard(text) > 0; }, text.c_str());
    }
    void await_report(const std::string& text) {
        client_->poll_until(
            [&] {
                if (times_heard(text) > 0) return true;
                send({.order = Order::report});
                return false;
            },
            text.c_str());
    }
    void shut_down() {
        client_->close();
        client_.reset();
        node_.shut_down();
        node_.close_and_expect_no_errors();
    }
    void close_without_snapshot() {
        client_->close();
        client_.reset();
        node_.close_and_expect_no_errors();
    }

    platform::Platform platform_ = platform::posix::make_platform();
    TestNode node_{platform_, GetParam()};
    std::unique_ptr<cluster::ClusterClient> client_;
    std::vector<std::string> heard_;
};

TEST_P(TimersAndServiceMessages, TimersFireOnceInOrderAndNotBeforeTheyAreDue) {
    start();
    send({.order = Order::schedule, .id = 1, .delay_ms = 150});
    send({.order = Order::schedule, .id = 2, .delay_ms = 50});
    send({.order = Order::schedule, .id = 3, .delay_ms = 80});
    send({.order = Order::cancel, .id = 3});
    send({.order = Order::schedule, .id = 4, .delay_ms = 5'000'000});
    send({.order = Order::schedule, .id = 4, .delay_ms = 100});  // moved
    await_heard("timer 1");
    const auto position = [&](const char* text) { return std::ranges::find(heard_, text); };
    EXPECT_LT(position("timer 2"), position("timer 4"));
    EXPECT_LT(position("timer 4"), position("timer 1"));
    await_report("messages 0 1x1 2x1 4x1");
    close_without_snapshot();
}

TEST_P(TimersAndServiceMessages, MessagesOfAServiceReachItOnceAndInOrder) {
    constexpr std::int64_t kMessages = 300;
    start();
    for (std::int64_t i = 1; i <= kMessages; ++i) {
        send({.order = Order::offer, .id = i});
        if (i % 20 == 0) await_heard(fmt::format("message {}", i));
    }
    await_report(fmt::format("messages {}", kMessages));
    for (std::int64_t i = 1; i <= kMessages; ++i) {
        EXPECT_EQ(times_heard(fmt::format("message {}", i)), 1);
    }
    shut_down();

    start();  // from the snapshot
    await_report(fmt::format("messages {}", kMessages));
    send({.order = Order::offer, .id = kMessages + 1});
    await_heard(fmt::format("message {}", kMessages + 1));
    close_without_snapshot();

    start();  // and from snapshot and log
    await_report(fmt::format("messages {}", kMessages + 1));
    EXPECT_EQ(times_heard(fmt::format("message {}", kMessages + 1)), 0) << "again after a replay";
    close_without_snapshot();
}

TEST_P(TimersAndServiceMessages, TimersSurviveSnapshotShutdownAndReplay) {
    start();
    send({.order = Order::schedule, .id = 1, .delay_ms = 20});
    send({.order = Order::schedule, .id = 2, .delay_ms = 400});
    send({.order = Order::schedule, .id = 3, .delay_ms = 700});
    await_heard("timer 1");
    shut_down();  // timers 2 and 3 are in the module's snapshot

    start();
    await_report("messages 0 1x1 2x1");
    close_without_snapshot();  // timer 2 is in the log now, timer 3 still ahead

    start();
    await_report("messages 0 1x1 2x1 3x1");
    EXPECT_EQ(times_heard("timer 1"), 0);
    EXPECT_EQ(times_heard("timer 2"), 0) << "again after a replay";
    close_without_snapshot();
}

TEST_P(TimersAndServiceMessages, NothingHappensWhileTheClusterIsSuspended) {
    const auto state = [this] {
        return node_.counter(memory::counter_type::kConsensusModuleState);
    };
    start();
    send({.order = Order::schedule, .id = 1, .delay_ms = 30});
    node_.toggle(cluster::ControlToggle::suspend);
    node_.await([&] { return state() == static_cast<int>(cluster::ModuleState::suspended); },
                "the suspension");
    const bool has_fired_before = times_heard("timer 1") > 0;
    const auto due_ns = platform_.clock.nano_time() + 100 * kNanosPerMilli;
    node_.await(
        [&] {
            client_->poll();
            return platform_.clock.nano_time() > due_ns;
        },
        "the timer to be due");
    EXPECT_EQ(times_heard("timer 1") > 0, has_fired_before);
    node_.toggle(cluster::ControlToggle::resume);
    await_heard("timer 1");
    await_report("messages 0 1x1");
    close_without_snapshot();
}

std::string threading_name(const ::testing::TestParamInfo<node::NodeThreading>& threading) {
    constexpr std::array<const char*, 3> names{"Single", "Shared", "Dedicated"};
    return names[static_cast<std::size_t>(threading.param)];
}

INSTANTIATE_TEST_SUITE_P(Threading, TimersAndServiceMessages,
                         ::testing::Values(node::NodeThreading::single, node::NodeThreading::shared,
                                           node::NodeThreading::dedicated),
                         threading_name);

}  // namespace
}  // namespace tern
