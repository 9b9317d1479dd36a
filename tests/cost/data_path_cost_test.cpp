// What a steady stream costs the driver: no allocation, one system call to send a train, and
// datagrams received many at a time.
#include "tests/cost/counted_calls.hpp"
#include "tests/data_path/host.hpp"

namespace tern::data_path {
namespace {

using cost::counted;

constexpr std::int64_t kFrame = 1'056;  // of 1 KiB with its header

class Cost : public Hosts {
  protected:
    /// Streams 1 KiB messages; what is done meanwhile is counted. All that the window takes has
    /// been offered whenever the driver gets its turn.
    void stream(const std::string& parameters, std::int64_t cycles) {
        Host& host = start();
        const std::string channel = "aeron:udp?endpoint=" + free_endpoint() + parameters;
        const auto subscription = host.aeron().add_subscription(channel, kStream);
        const auto publication = host.aeron().add_exclusive_publication(channel, kStream);
        await([&] { return publication->is_connected() && subscription->is_connected(); },
              "a connection");
        const std::vector<std::byte> message(1'024);
        const auto cycle = [&] {
            while (publication->offer(message) > 0) continue;
            host.driver().invoke();
            subscription->poll([](ConstBytes, const client::Header&) {}, 1'000);
        };
        for (int i = 0; i < 2'000; ++i) cycle();  // what is made once has been made
        counted = {};
        counted.is_counting = true;
        for (std::int64_t i = 0; i < cycles; ++i) cycle();
        counted.is_counting = false;
        std::printf("%ld bytes sent in %ld calls, %ld received in %ld\n", counted.sends.bytes,
                    counted.sends.calls, counted.receives.bytes, counted.receives.calls);
    }
};

TEST_F(Cost, NoAllocationAndOneSystemCallATrain) {
    constexpr std::int64_t kCycles = 5'000;
    stream("", kCycles);
    EXPECT_EQ(counted.allocations, 0);
    EXPECT_GT(counted.sends.bytes, 20 << 20) << "it flowed";
    EXPECT_LE(counted.sends.calls, kCycles) << "a train a cycle, a call a train";
    EXPECT_GE(counted.sends.bytes, 8 * kFrame * counted.sends.calls) << "not single datagrams";
    EXPECT_GE(counted.receives.bytes, 8 * kFrame * counted.receives.calls);
}

TEST_F(Cost, ACubicWindowAllocatesNothingEither) {
    stream("|cc=cubic", 5'000);
    EXPECT_EQ(counted.allocations, 0);
    EXPECT_GT(counted.sends.bytes, 20 << 20);
}

}  // namespace
}  // namespace tern::data_path
