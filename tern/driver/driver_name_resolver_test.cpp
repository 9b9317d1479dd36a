// Names between drivers (DRV-14.4), from a table (DRV-14.3), and names that move (DRV-14.5).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/error_recorder.hpp"
#include "tern/driver/name_resolver.hpp"
#include "tern/driver/testing/driver_world.hpp"
#include "tern/wire/resolution_frames.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;
using platform::SocketAddress;
using ::testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000 * kMs;

DriverContext named(std::string_view name, std::uint16_t port, std::string_view bootstraps = {}) {
    DriverContext context = DriverWorld::small_context();
    context.name_resolution.name = name;
    context.name_resolution.interface = fmt::format("127.0.0.1:{}", port);
    context.name_resolution.bootstrap_neighbors = bootstraps;
    return context;
}

class Gossip : public ::testing::Test {
  protected:
    bool knows(TestDriver& driver, std::string_view name) {
        const std::int64_t id = driver.add_publication(
            fmt::format("aeron:udp?endpoint={}:24600", name), next_stream_++);
        world_.pass(5 * kMs, kMs);
        return !driver.error_for(id);
    }
    std::int64_t value(TestDriver& driver, std::string_view label) {
        const auto id = driver.counter_labelled(label);
        EXPECT_TRUE(id) << label;
        return id ? driver.counters().value(*id) : INT64_MIN;
    }
    void send(ConstBytes datagram, std::uint16_t port) {
        SentDatagram sent;
        sent.from = SocketAddress::ipv4({127, 0, 0, 9}, 9999);
        sent.to = SocketAddress::ipv4({127, 0, 0, 1}, port);
        sent.bytes.assign(datagram.begin(), datagram.end());
        world_.network.deliver(std::move(sent));
    }

    DriverWorld world_;
    std::int32_t next_stream_ = 1;
};

TEST_F(Gossip, passes_names_on_to_drivers_that_never_met) {
    world_.network.hosts["bravo-host"] = SocketAddress::ipv4({127, 0, 0, 1}, 0);
    TestDriver& alpha = world_.start(named("alpha", 24420));
    TestDriver& bravo = world_.start(named("bravo", 24421, "localhost:24420"));
    TestDriver& charlie = world_.start(named("charlie", 24422, "bravo-host:24421"));
    EXPECT_FALSE(knows(alpha, "charlie"));
    world_.pass(4 * kSecond);
    for (TestDriver* const driver : {&alpha, &bravo, &charlie}) {
        for (const std::string_view name : {"alpha", "bravo", "charlie"}) {
            EXPECT_TRUE(knows(*driver, name)) << name;
        }
        EXPECT_FALSE(knows(*driver, "delta"));
    }
    EXPECT_EQ(value(alpha, "Resolver neighbors: bound 127.0.0.1:24420"), 2);
    EXPECT_EQ(value(alpha, "Resolver cache entries: name=alpha"), 2);
    EXPECT_EQ(value(charlie, "Bootstrap neighbor: name=bravo-host:24421 resolved=127.0.0.1:24421"),
              1);
    EXPECT_EQ(alpha[SystemCounter::invalid_packets], 0);
}

TEST_F(Gossip, forgets_who_is_silent_everywhere) {
    TestDriver& alpha = world_.start(named("alpha", 24420));
    world_.start(named("bravo", 24421, "localhost:24420"));
    world_.start(named("charlie", 24422, "localhost:24421"));
    world_.pass(4 * kSecond);
    ASSERT_TRUE(knows(alpha, "charlie"));
    world_.drivers.pop_back();  // charlie; the others go on telling each other of it for a while
    world_.pass(8 * kSecond);
    EXPECT_TRUE(knows(alpha, "charlie"));
    world_.pass(4 * kSecond);
    EXPECT_FALSE(knows(alpha, "charlie"));
    EXPECT_TRUE(knows(alpha, "bravo"));
    EXPECT_EQ(value(alpha, "Resolver neighbors: bound"), 1);
    EXPECT_EQ(value(alpha, "Resolver cache entries"), 1);
}

TEST_F(Gossip, bootstrap_neighbour_is_looked_up_until_it_is_there) {
    TestDriver& alpha = world_.start(named("alpha", 24420, "late:24421"));
    EXPECT_EQ(value(alpha, "Bootstrap neighbor: name=late:24421 resolved="), 0);
    EXPECT_THAT(alpha.error_log(), HasSubstr("bootstrap neighbor late:24421"));
    EXPECT_EQ(alpha[SystemCounter::errors], 0);
    TestDriver& bravo = world_.start(named("bravo", 24421));
    world_.network.hosts["late"] = SocketAddress::ipv4({127, 0, 0, 1}, 0);
    world_.pass(15 * kSecond);
    EXPECT_EQ(value(alpha, "Bootstrap neighbor: name=late:24421 resolved=127.0.0.1:24421"), 1);
    EXPECT_TRUE(knows(bravo, "alpha"));
}

std::vector<std::byte> frame_of(const wire::ResolutionEntry& entry) {
    std::vector<std::byte> bytes(1408);
    wire::ResolutionWriter writer(bytes);
    EXPECT_TRUE(writer.append(entry));
    const ConstBytes frame = writer.finish();
    return {frame.begin(), frame.end()};
}

TEST_F(Gossip, source_address_takes_the_place_of_the_wildcard) {
    TestDriver& alpha = world_.start(named("alpha", 24420));
    const std::byte any[4] = {};
    send(frame_of({.self = true, .udp_port = 7000, .age_ms = 0, .address = any, .name = "nat"}),
         24420);
    world_.pass(kSecond);
    ASSERT_TRUE(knows(alpha, "nat"));
    EXPECT_EQ(value(alpha, "Resolver neighbors: bound"), 1);
    world_.network.keep_sent = true;
    world_.pass(2 * kSecond);
    EXPECT_TRUE(std::ranges::any_of(world_.network.sent, [](const SentDatagram& sent) {
        return sent.to == SocketAddress::ipv4({127, 0, 0, 9}, 7000);
    })) << "the neighbour is where the datagram came from, at the port it named";
}

TEST_F(Gossip, garbage_is_counted_and_changes_nothing) {
    TestDriver& alpha = world_.start(named("alpha", 24420));
    const std::byte address[4] = {std::byte{127}, {}, {}, std::byte{1}};
    const auto good = frame_of(
        {.self = true, .udp_port = 7000, .age_ms = 0, .address = address, .name = "bravo"});
    std::int64_t expected = 0;
    for (std::size_t length = 0; length < good.size(); ++length) {  // cut at every byte
        send(ConstBytes(good).first(length), 24420);
        ++expected;
        world_.pass(20 * kMs);
    }
    for (const int type : {0, 3, 255}) {
        auto bad = good;
        bad[8] = static_cast<std::byte>(type);
        send(bad, 24420);
        ++expected;
    }
    std::uint32_t seed = 1;
    for (int i = 0; i < 1'000; ++i) {
        auto bad = good;
        for (int flips = 0; flips < 4; ++flips) {
            seed = seed * 1664525 + 1013904223;
            bad[(seed >> 8) % bad.size()] ^= static_cast<std::byte>(seed >> 24);
        }
        send(bad, 24420);
        if (i % 16 == 15) world_.pass(20 * kMs);
    }
    world_.pass(kSecond);
    EXPECT_GE(alpha[SystemCounter::invalid_packets], expected);
    EXPECT_EQ(alpha[SystemCounter::errors], 0);
}

TEST_F(Gossip, tables_are_bounded) {
    TestDriver& alpha = world_.start(named("alpha", 24420));
    const std::byte address[4] = {std::byte{10}, {}, {}, std::byte{1}};
    for (int i = 0; i < 2'000; ++i) {
        const std::string name = fmt::format("name-{}", i);
        send(frame_of({.self = true,
                       .udp_port = static_cast<std::uint16_t>(10'000 + i),
                       .age_ms = 0,
                       .address = address,
                       .name = name}),
             24420);
        if (i % 16 == 15) world_.cycle(10 * kMs);
    }
    world_.cycle(10 * kMs);
    EXPECT_EQ(value(alpha, "Resolver cache entries"), 1'024);
    EXPECT_EQ(value(alpha, "Resolver neighbors: bound"), 256);
    world_.pass(kSecond);  // many frames to many neighbours, and back to nothing
    world_.pass(12 * kSecond, 100 * kMs);
    EXPECT_EQ(value(alpha, "Resolver cache entries"), 0);
    EXPECT_EQ(value(alpha, "Resolver neighbors: bound"), 0);
}

// --- Table -----------------------------------------------------------------------------------

class Table : public ::testing::Test {
  protected:
    TestDriver& start(std::string_view table) {
        DriverContext context = DriverWorld::small_context();
        context.name_resolution.supplier = "csv_table";
        context.name_resolution.csv_table = table;
        return world_.start(std::move(context));
    }

    DriverWorld world_;
};

TEST_F(Table, counters_decide_what_a_name_is) {
    TestDriver& driver = start("server,127.0.0.1,127.0.0.2|other,localhost,nowhere");
    const auto row = driver.counter_labelled(
        "NameEntry{name='server', initialResolutionHost='127.0.0.1', "
        "reResolutionHost='127.0.0.2'}");
    ASSERT_TRUE(row);
    EXPECT_EQ(driver.counters().type_id(*row), 2001);
    driver.add_publication("aeron:udp?endpoint=server:24601");
    world_.pass(5 * kMs, kMs);
    driver.set_counter(*row, -1);
    const std::int64_t refused = driver.add_publication("aeron:udp?endpoint=server:24602");
    world_.pass(5 * kMs, kMs);
    EXPECT_EQ(driver.count(wire::ResponseId::on_publication_ready), 1U);
    const auto error = driver.error_for(refused);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->error_code, 9);
    EXPECT_THAT(std::string(error->message),
                HasSubstr("Unable to resolve host=(server): (forced)"));
}

TEST_F(Table, publication_follows_a_name_that_moves_and_comes_back) {
    TestDriver& driver = start("server,127.0.0.1,127.0.0.2");
    const auto row = driver.counter_labelled("NameEntry").value();
    driver.add_publication("aeron:udp?endpoint=server:24601");
    const auto sends_to = [&](std::uint8_t last) {
        world_.network.sent.clear();
        world_.network.keep_sent = true;
        world_.pass(kSecond);
        world_.network.keep_sent = false;
        return !world_.network.sent.empty() &&
               world_.network.sent.back().to == SocketAddress::ipv4({127, 0, 0, last}, 24601);
    };
    EXPECT_TRUE(sends_to(1));
    driver.set_counter(row, 1);
    world_.pass(7 * kSecond);
    EXPECT_TRUE(sends_to(2));
    EXPECT_EQ(driver[SystemCounter::resolution_changes], 1);
    world_.pass(20 * kSecond);
    EXPECT_EQ(driver[SystemCounter::resolution_changes], 1) << "it has not moved again";
    driver.set_counter(row, 0);
    world_.pass(7 * kSecond);
    EXPECT_TRUE(sends_to(1));
    EXPECT_EQ(driver[SystemCounter::resolution_changes], 2);

    driver.set_counter(row, -1);
    world_.pass(7 * kSecond);
    EXPECT_TRUE(sends_to(1));
    EXPECT_THAT(driver.error_log(), HasSubstr("Unresolved - endpoint=server:24601"));
    EXPECT_THAT(driver.error_log(), HasSubstr("address re-resolution failed"));
    EXPECT_GT(driver[SystemCounter::errors], 0);
}

TEST_F(Table, manual_destination_is_taken_in_before_it_has_an_address) {
    TestDriver& driver = start("server,127.0.0.1,127.0.0.2");
    const auto row = driver.counter_labelled("NameEntry").value();
    const std::int64_t id = driver.add_publication("aeron:udp?control-mode=manual");
    driver.set_counter(row, -1);
    const std::int64_t destination = driver.change_destination(wire::CommandId::add_destination, id,
                                                               "aeron:udp?endpoint=server:24601");
    world_.pass(kSecond);
    EXPECT_FALSE(driver.error_for(destination));
    driver.set_counter(row, 1);
    world_.pass(8 * kSecond);
    world_.network.keep_sent = true;
    world_.pass(kSecond);
    ASSERT_FALSE(world_.network.sent.empty());
    EXPECT_EQ(world_.network.sent.back().to, SocketAddress::ipv4({127, 0, 0, 2}, 24601));
    EXPECT_EQ(driver[SystemCounter::resolution_changes], 1);

    driver.set_counter(row, -1);  // removed by its name when that has no address
    driver.change_destination(wire::CommandId::remove_destination, id,
                              "aeron:udp?endpoint=server:24601");
    world_.pass(100 * kMs);
    world_.network.sent.clear();
    world_.pass(kSecond);
    EXPECT_TRUE(world_.network.sent.empty());
}

TEST_F(Table, slow_lookup_is_told_by_the_counters) {
    class SlowNames final : public NameResolver {
      public:
        explicit SlowNames(ManualClock& clock) : clock_(clock) {}
        Result resolve(std::string_view, std::uint16_t port) override {
            clock_.now_ns += 6 * kSecond;
            return SocketAddress::ipv4({127, 0, 0, 1}, port);
        }

      private:
        ManualClock& clock_;
    };
    ManualClock clock;
    Counters counters(clock);
    const DriverContext context;
    DriverWorld world;
    AlignedMemory log_bytes(64 * 1024);
    memory::DistinctErrorLog log(log_bytes.bytes());
    ErrorRecorder errors(log, counters.system[SystemCounter::errors], clock, {});
    platform::Platform platform{clock, world.network, world.real.storage, world.real.random,
                                world.real.system};
    TimedNames names(std::make_unique<SlowNames>(clock),
                     {context, platform, counters.manager, counters.system, errors});
    EXPECT_TRUE(names.resolve("10.0.0.1", 1));
    EXPECT_EQ(counters[SystemCounter::name_resolver_max_time], 0) << "numeric";
    EXPECT_TRUE(names.resolve("host", 1));
    EXPECT_EQ(counters[SystemCounter::name_resolver_max_time], 6 * kSecond);
    EXPECT_EQ(counters[SystemCounter::name_resolver_time_threshold_exceeded], 1);
}

}  // namespace
}  // namespace tern::driver::testing
