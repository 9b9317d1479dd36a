// A seed is a run: chattering agents under faults, twice the same and never twice the same.

#include "tern/platform/sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/base/bytes.hpp"

namespace tern::platform::sim {
namespace {

/// Sends numbers to a peer now and then, writes what it receives to a file, and counts.
class Chatter final : public Agent {
  public:
    Chatter(Process& process, SocketAddress peer)
        : platform_(process.platform()), peer_(peer), next_send_ns_(platform_.clock.nano_time()) {
        UdpSocketOptions options;
        options.bind_address = *SocketAddress::parse("0.0.0.0:9000");
        socket_ = std::move(*platform_.network.open(options));
        file_ = platform_.storage.create("/tmp/received", {.exclusive = false});
    }
    int do_work() override {
        int work_count = 0;
        std::array<platform::Datagram, 4> batch;
        const std::size_t count = socket_->receive(batch);
        for (std::size_t i = 0; i < count; ++i, ++received_, ++work_count) {
            file_->write_at(8 * received_, batch[i].bytes);
        }
        const std::int64_t now_ns = platform_.clock.nano_time();
        if (now_ns >= next_send_ns_) {
            next_send_ns_ =
                now_ns + static_cast<std::int64_t>(platform_.random.next_u64() % 100'000);
            const std::uint64_t number = platform_.random.next_u64();
            std::array<std::byte, 8> bytes;
            store(bytes.data(), number);
            const Train train{bytes, 8, &peer_};
            socket_->send({&train, 1});
            ++work_count;
        }
        return work_count;
    }
    void on_close() override { ++closed_; }
    std::string_view role_name() const override { return "chatter"; }

    Platform platform_;
    SocketAddress peer_;
    std::int64_t next_send_ns_;
    std::unique_ptr<UdpSocket> socket_;
    std::unique_ptr<File> file_;
    std::int64_t received_ = 0;
    int closed_ = 0;
};

void ignore(const std::exception& /*error*/) {}

std::uint64_t hash_of_run(std::uint64_t seed, std::uint32_t loss_ppm = 10'000) {
    WorldOptions options;
    options.network.link.loss_ppm = loss_ppm;
    options.network.link.reorder_ppm = 10'000;
    options.network.link.duplicate_ppm = 10'000;
    World world(seed, options);
    Host& alpha = world.add_host("alpha");
    Host& beta = world.add_host("beta");
    auto first = std::make_unique<Chatter>(alpha.start("a"), beta.address().with_port(9000));
    auto second = std::make_unique<Chatter>(beta.start("b"), alpha.address().with_port(9000));
    Scheduler& scheduler = world.scheduler();
    scheduler.add(alpha.start("x"), *first, ignore);
    scheduler.add(beta.start("y"), *second, ignore);
    EXPECT_TRUE(scheduler.run_until([&] { return second->received_ >= 200; }, 1'000'000'000));
    beta.crash();
    second = std::make_unique<Chatter>(beta.start("b again"), alpha.address().with_port(9000));
    scheduler.run_for(5'000'000);
    EXPECT_GT(world.timeline().event_count(), 1000U);
    return world.timeline().hash();
}

TEST(World, TheSameSeedIsTheSameRun) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) EXPECT_EQ(hash_of_run(seed), hash_of_run(seed));
}

TEST(World, AnotherSeedOrOptionIsAnotherRun) {
    EXPECT_NE(hash_of_run(1), hash_of_run(2));
    EXPECT_NE(hash_of_run(1), hash_of_run(1, 20'000));
}

TEST(World, ClocksDifferBetweenHostsAndMoveTogether) {
    World world(3);
    Host& alpha = world.add_host("alpha");
    Host& beta = world.add_host("beta");
    const Clock& first = alpha.start("a").platform().clock;
    const Clock& second = beta.start("b").platform().clock;
    EXPECT_NE(first.nano_time(), second.nano_time());
    EXPECT_NEAR(static_cast<double>(first.epoch_ns() - second.epoch_ns()), 0, 4e6);
    const std::int64_t before_ns = first.nano_time();
    const std::int64_t difference_ns = first.nano_time() - second.nano_time();
    world.scheduler().run_for(1'000'000);
    EXPECT_GE(first.nano_time(), before_ns + 1'000'000);
    EXPECT_EQ(first.nano_time() - second.nano_time(), difference_ns);
}

TEST(World, ProcessesHaveIdsAndEnvironmentsOfTheirOwn) {
    World world(3);
    Host& alpha = world.add_host("alpha");
    Process& first = alpha.start("a");
    Process& second = alpha.start("b");
    Process& elsewhere = world.add_host("beta").start("c");
    first.system().variables["AERON_DIR"] = "/dev/shm/x";
    const System& system = first.platform().system;
    EXPECT_EQ(system.environment("AERON_DIR"), "/dev/shm/x");
    EXPECT_EQ(second.platform().system.environment("AERON_DIR"), std::nullopt);
    EXPECT_EQ(system.host_name(), "alpha");
    EXPECT_TRUE(system.process_alive(second.id()));
    EXPECT_FALSE(system.process_alive(elsewhere.id()));
    second.kill();
    EXPECT_FALSE(system.process_alive(second.id()));
    EXPECT_NE(first.platform().random.next_u64(), elsewhere.platform().random.next_u64());
}

class Scripted final : public Agent {
  public:
    explicit Scripted(std::function<int()> work) : work_(std::move(work)) {}
    void on_start() override { ++started_; }
    int do_work() override { return ++turns_, work_(); }
    void on_close() override { ++closed_; }
    std::string_view role_name() const override { return "scripted"; }
    std::function<int()> work_;
    int started_ = 0;
    int turns_ = 0;
    int closed_ = 0;
};

class Scheduled : public testing::Test {
  protected:
    World world_{5};
    Host& host_ = world_.add_host("alpha");
    Process& process_ = host_.start("p");
    Scheduler& scheduler_ = world_.scheduler();
    std::vector<std::string> errors_;
    ErrorHandler handler_ = [this](const std::exception& error) {
        errors_.emplace_back(error.what());
    };
};

TEST_F(Scheduled, OrderVariesAndEveryoneGetsTurns) {
    std::string order;
    Scripted a([&] { return order += 'a', 1; });
    Scripted b([&] { return order += 'b', 1; });
    scheduler_.add(process_, a, handler_);
    scheduler_.add(process_, b, handler_);
    for (int i = 0; i < 200; ++i) scheduler_.run_round();
    EXPECT_EQ(a.started_, 1);
    EXPECT_GT(a.turns_, 80);
    EXPECT_GT(b.turns_, 80);
    EXPECT_NE(order.find("abba"), std::string::npos);
    scheduler_.close(a);
    scheduler_.close(a);
    EXPECT_EQ(a.closed_, 1);
    EXPECT_FALSE(scheduler_.has(a));
}

TEST_F(Scheduled, IdleTimePassesFasterThanBusyTime) {
    bool busy = true;
    Scripted agent([&] { return busy ? 1 : 0; });
    scheduler_.add(process_, agent, handler_);
    scheduler_.options().skip_turn_ppm = 0;
    scheduler_.run_for(10'000'000);
    const auto busy_rounds = scheduler_.rounds();
    busy = false;
    scheduler_.run_for(10'000'000);
    EXPECT_LT(scheduler_.rounds() - busy_rounds, busy_rounds / 2);
}

TEST_F(Scheduled, RunUntilEndsAtItsVirtualDeadline) {
    const std::int64_t before_ns = world_.timeline().now_ns();
    EXPECT_FALSE(scheduler_.run_until([] { return false; }, 3'000'000'000));
    EXPECT_GE(world_.timeline().now_ns() - before_ns, 3'000'000'000);
    EXPECT_TRUE(scheduler_.run_until([] { return true; }, 0));
}

TEST_F(Scheduled, APausedProcessGetsNoTurnsAndAKilledOneIsNotClosed) {
    Scripted agent([] { return 1; });
    scheduler_.add(process_, agent, handler_);
    process_.pause();
    scheduler_.run_for(1'000'000);
    EXPECT_EQ(agent.turns_, 0);
    process_.resume();
    scheduler_.run_for(1'000'000);
    EXPECT_GT(agent.turns_, 0);
    process_.kill();
    const int turns = agent.turns_;
    scheduler_.run_for(1'000'000);
    scheduler_.close(agent);
    EXPECT_EQ(agent.turns_, turns);
    EXPECT_EQ(agent.closed_, 0);
}

TEST_F(Scheduled, ErrorsAreHandledAndTerminationsCloseTheAgent) {
    int failures = 0;
    Scripted agent([&]() -> int {
        if (++failures == 1) throw Error("first");
        throw AgentTermination("end", failures == 2);
    });
    scheduler_.add(process_, agent, handler_);
    scheduler_.run_for(1'000'000);
    EXPECT_THAT(errors_, testing::ElementsAre("first"));
    EXPECT_EQ(agent.closed_, 1);
    EXPECT_EQ(agent.turns_, 2);
}

TEST_F(Scheduled, AnAgentThatWaitsLetsTheOthersRun) {
    Scripted other([] { return 1; });
    int depth = 0;
    Scripted agent([&] {
        EXPECT_EQ(++depth, 1);
        const int before = other.turns_;
        while (other.turns_ < before + 3) scheduler_.run_round();
        --depth;
        return 1;
    });
    scheduler_.add(process_, agent, handler_);
    scheduler_.add(process_, other, handler_);
    ASSERT_TRUE(scheduler_.run_until([&] { return agent.turns_ == 10; }, 100'000'000));
    scheduler_.remove(agent);
    EXPECT_EQ(depth, 0);
    EXPECT_EQ(agent.turns_, 10);
}

TEST_F(Scheduled, ATurnIsInterruptedWhereItLooksAtTheClock) {
    scheduler_.options().preempt_ppm = kPpm / 2;
    const Clock& clock = process_.platform().clock;
    bool is_inside = false;
    int seen_inside = 0;
    Scripted agent([&] {
        is_inside = true;
        try {
            throw Error("on the way");
        } catch (const Error& error) {
            (void)clock.nano_time();
            EXPECT_STREQ(error.what(), "on the way");
            is_inside = false;
        }
        return 1;
    });
    Scripted other([&] {
        if (is_inside) ++seen_inside;
        try {
            throw Error("another");
        } catch (const Error& error) {
            (void)clock.nano_time();
            EXPECT_STREQ(error.what(), "another");
        }
        return 1;
    });
    scheduler_.add(process_, agent, handler_);
    scheduler_.add(process_, other, handler_);
    scheduler_.run_for(20'000'000);
    EXPECT_GT(seen_inside, 10);
    EXPECT_GT(scheduler_.preemptions(), 20U);
    scheduler_.finish_turns(process_);
    EXPECT_FALSE(is_inside);
    scheduler_.remove(agent);
    scheduler_.remove(other);
}

TEST_F(Scheduled, OneThatMustNotBeInterruptedIsNot) {
    scheduler_.options().preempt_ppm = kPpm;
    const Clock& clock = process_.platform().clock;
    Scripted agent([&] { return static_cast<int>(clock.nano_time() & 1) + 1; });
    scheduler_.add(process_, agent, handler_, Preemption::never);
    scheduler_.run_for(1'000'000);
    EXPECT_GT(agent.turns_, 10);
    EXPECT_EQ(scheduler_.preemptions(), 0U);
    scheduler_.remove(agent);
}

TEST_F(Scheduled, AMainProgramWaitsAndEnds) {
    int steps = 0;
    const auto number = scheduler_.spawn(
        process_,
        [&] {
            for (; steps < 5; ++steps) scheduler_.run_round();
            throw Error("at the end");
        },
        handler_);
    EXPECT_TRUE(scheduler_.is_running(number));
    scheduler_.run_for(1'000'000);
    EXPECT_EQ(steps, 5);
    EXPECT_THAT(errors_, testing::ElementsAre("at the end"));
}

TEST_F(Scheduled, AKillEndsWhatWasUnderWayByItsDeadlines) {
    const Clock& clock = process_.platform().clock;
    auto held = std::make_shared<int>(1);
    int ends = 0;
    const auto wait = [&, held = held] {
        const std::int64_t deadline_ns = clock.nano_time() + 10'000'000'000;
        while (clock.nano_time() < deadline_ns) scheduler_.run_round();
        ++ends;
    };
    Scripted agent([&] { return wait(), 1; });
    const auto number = scheduler_.spawn(process_, wait, handler_);
    scheduler_.add(process_, agent, handler_);
    scheduler_.run_for(1'000'000);
    const std::int64_t before_ns = world_.timeline().now_ns();
    process_.kill();
    EXPECT_EQ(ends, 2);
    EXPECT_FALSE(scheduler_.is_running(number));
    EXPECT_EQ(agent.closed_, 0);
    EXPECT_EQ(world_.timeline().now_ns(), before_ns);
}

TEST_F(Scheduled, WhatWaitsForASyncWhenThePowerFailsIsNotDurable) {
    auto& options = host_.disk().options();
    options.crash.lose_page_ppm = kPpm;
    options.crash.lose_size_ppm = kPpm;
    options.crash.lose_directory_changes_ppm = kPpm;
    auto& storage = process_.platform().storage;
    const auto file = storage.create("/data", {});
    storage.sync_directory("/");
    options.sync_latency_ns = {1'000'000, 1'000'000};
    Scripted writer([&] {
        file->write_at(0, as_bytes("x"));
        file->sync(true);
        return 1;
    });
    Scripted maker([&] {
        (void)storage.create("/other", {});
        storage.sync_directory("/");
        return 1;
    });
    scheduler_.add(process_, writer, handler_);
    scheduler_.add(process_, maker, handler_);
    scheduler_.run_until([&] { return storage.exists("/other") && file->size() > 0; }, 500'000);
    host_.crash();
    EXPECT_EQ(host_.disk().find("/data")->size(), 0);
    EXPECT_EQ(host_.disk().find("/other"), nullptr);
}

TEST_F(Scheduled, OthersRunWhileTheDiskWorks) {
    host_.disk().options().write_latency_ns = {1'000'000, 1'000'000};
    const auto file = process_.platform().storage.create("/data", {});
    const auto bytes = as_bytes("x");
    bool is_writing = false;
    int seen_writing = 0;
    Scripted writer([&] {
        is_writing = true;
        const std::int64_t before_ns = world_.timeline().now_ns();
        file->write_at(0, bytes);
        EXPECT_GE(world_.timeline().now_ns(), before_ns + 1'000'000);
        is_writing = false;
        return 1;
    });
    Scripted other([&] { return seen_writing += is_writing ? 1 : 0, 1; });
    scheduler_.add(process_, writer, handler_);
    scheduler_.add(process_, other, handler_);
    scheduler_.run_for(20'000'000);
    EXPECT_GT(seen_writing, 100);
    scheduler_.finish_turns(process_);
    scheduler_.remove(writer);
    scheduler_.remove(other);
}

TEST_F(Scheduled, ClocksDriftAndJump) {
    HostClock& clock = host_.clock();
    const Clock& other = world_.add_host("beta").clock();
    const auto apart_ns = [&] { return clock.nano_time() - other.nano_time(); };
    const std::int64_t before_ns = apart_ns();
    clock.set_drift(1'000);
    EXPECT_EQ(apart_ns(), before_ns);
    scheduler_.run_for(1'000'000'000);
    EXPECT_NEAR(static_cast<double>(apart_ns() - before_ns), 1e6, 2e3);
    clock.set_drift(0);
    const std::int64_t after_ns = apart_ns();
    scheduler_.run_for(1'000'000'000);
    EXPECT_EQ(apart_ns(), after_ns);
    const std::int64_t epoch_ns = clock.epoch_ns();
    const std::int64_t nano_ns = clock.nano_time();
    clock.jump(-5'000'000'000);
    EXPECT_EQ(clock.epoch_ns(), epoch_ns - 5'000'000'000);
    EXPECT_EQ(clock.nano_time(), nano_ns);
}

}  // namespace
}  // namespace tern::platform::sim
