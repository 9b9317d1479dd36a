// Bad input at a driver process and at its clients: a CnC file that is none, commands from a client
// that misbehaves, datagrams from anybody.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern {
namespace {

using memory::SystemCounter;
using platform::posix::Process;
using support::await_line;
using support::expect_exit;

constexpr std::int32_t kStream = 1001;
constexpr std::size_t kMaxDatagram = 65'507;

class DriverGarbage : public ::testing::TestWithParam<std::string> {
  protected:
    void start_driver() {
        driver_ = support::start_tern(
            {"driver", "-Daeron.dir=" + directory(), "-Daeron.threading.mode=" + GetParam(),
             "-Daeron.term.buffer.length=256k", "-Daeron.ipc.term.buffer.length=256k",
             "-Daeron.driver.connect=false"});  // so that anybody reaches publications, too
        await_line(*driver_, "ready");
    }
    void stop_driver() {
        driver_->terminate();
        expect_exit(*driver_, 0);
    }
    [[nodiscard]] std::string directory() const { return scratch_.path() + "/aeron"; }
    [[nodiscard]] client::Context context(const std::string& directory) const {
        client::Context context;
        context.aeron_directory = directory;
        context.use_conductor_invoker = true;
        context.error_handler = [](const std::exception&) {};
        return context;
    }

    /// Sends `count` messages and receives them in order, doing `meanwhile` between any two.
    template <typename Meanwhile>
    void expect_stream(client::Aeron& aeron, const std::string& channel, std::int64_t count,
                       Meanwhile&& meanwhile) {
        const auto subscription = aeron.add_subscription(channel, kStream);
        const auto publication = aeron.add_publication(channel, kStream);
        std::vector<std::byte> message(3000);  // fragmented
        std::int64_t sent = 0;
        std::int64_t received = 0;
        client::FragmentAssembler assembler([&](ConstBytes bytes, const client::Header&) {
            ASSERT_EQ(bytes.size(), message.size());
            ASSERT_EQ(load<std::int64_t>(bytes.data()), received);
            ++received;
        });
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + support::kPatienceNs;
        while (received < count) {
            ASSERT_LT(platform_.clock.nano_time(), deadline_ns)
                << "sent " << sent << ", received " << received;
            store(message.data(), sent);
            int work = aeron.do_work();
            if (sent < count && publication->offer(message) > 0) ++sent, ++work;
            work += subscription->poll(assembler, 10);
            meanwhile(*publication);
            idle->idle(work);
        }
    }
    void expect_stream(client::Aeron& aeron, const std::string& channel) {
        expect_stream(aeron, channel, 100, [](client::Publication&) {});
    }
    std::vector<std::byte> random_bytes(std::size_t length) {
        std::vector<std::byte> bytes(length);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
        return bytes;
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
    std::mt19937_64 random_{20261128};  // the same garbage each time
    std::unique_ptr<Process> driver_;
};

TEST_P(DriverGarbage, AClientThatMeetsACncFileWhichIsNoneSaysSo) {
    start_driver();
    const std::string fake = scratch_.path() + "/fake";
    platform_.storage.create_directories(fake, platform::Visibility::shared);
    const std::string path = fake + "/cnc.dat";
    const auto real =
        platform_.storage.open_mapped(directory() + "/cnc.dat", platform::Access::read_only);
    const auto meet = [&](std::size_t length, const std::vector<std::byte>& head) {
        platform_.storage.remove(path);
        {
            const auto file = platform_.storage.create(path, {});
            file->write_at(0, real->bytes().first(length));
            if (!head.empty())
                file->write_at(0, ConstBytes(head).first(std::min(head.size(), length)));
        }
        client::Context impatient = context(fake);
        impatient.driver_timeout_ns = 20 * kNanosPerMilli;
        try {
            const auto aeron = client::Aeron::connect(impatient, platform_);
            return false;
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
            return true;
        }
    };
    const std::size_t whole = real->bytes().size();
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{127}, std::size_t{128},
          std::size_t{4096}, whole / 2, whole - 4096}) {
        EXPECT_TRUE(meet(length, {})) << "cut to " << length;
    }
    // Lengths, version, anything in the header; what it says is believed only where it fits.
    for (int round = 0; round < 40; ++round) {
        std::vector<std::byte> head(real->bytes().begin(), real->bytes().begin() + 24);
        for (int change = 0; change < 3; ++change) {
            head[random_() % head.size()] = static_cast<std::byte>(random_());
        }
        static_cast<void>(meet(whole, head));
    }
    EXPECT_TRUE(meet(whole, random_bytes(128)));
    const auto aeron = client::Aeron::connect(context(directory()), platform_);
    expect_stream(*aeron, "aeron:ipc");
    stop_driver();
}

TEST_P(DriverGarbage, CommandsOfAMisbehavingClientHarmNobodyElse) {
    start_driver();
    const auto aeron = client::Aeron::connect(context(directory()), platform_);
    const auto cnc_mapping =
        platform_.storage.open_mapped(directory() + "/cnc.dat", platform::Access::read_write);
    const memory::CncFile cnc(cnc_mapping->bytes());
    memory::ManyToOneRingBuffer ring(cnc.to_driver());
    const std::int64_t errors_before =
        aeron->counters_reader().value(static_cast<std::int32_t>(SystemCounter::errors));
    const auto idle = platform::make_idle_strategy("backoff");
    for (int i = 0; i < 5000; ++i) {
        const auto type = static_cast<std::int32_t>(1 + random_() % 0x20);
        std::vector<std::byte> payload = random_bytes(random_() % 300);
        // Half of them with small numbers where lengths are: further into the decoders.
        if (i % 2 == 0) {
            for (std::size_t at = 16; at + 4 <= payload.size(); at += 4) {
                store(payload.data() + at, static_cast<std::int32_t>(random_() % 400) - 100);
            }
        }
        while (!ring.write(type, payload)) {
            aeron->do_work();
            idle->idle(0);
        }
    }
    expect_stream(*aeron, "aeron:ipc");
    expect_stream(*aeron, "aeron:udp?endpoint=" + support::free_endpoint(platform_));
    EXPECT_GT(aeron->counters_reader().value(static_cast<std::int32_t>(SystemCounter::errors)),
              errors_before);
    EXPECT_TRUE(driver_->is_running());
    stop_driver();
}

TEST_P(DriverGarbage, ARingOverwrittenByAClientDoesNotBringTheDriverDown) {
    start_driver();
    {
        const auto cnc_mapping =
            platform_.storage.open_mapped(directory() + "/cnc.dat", platform::Access::read_write);
        const memory::CncFile cnc(cnc_mapping->bytes());
        const Bytes ring = cnc.to_driver();
        const auto garbage = random_bytes(ring.size() - 768);  // all records, not the trailer
        std::ranges::copy(garbage, ring.begin());
        // A record at last, so that there is something to read.
        static_cast<void>(
            memory::ManyToOneRingBuffer(ring).write(1, ConstBytes(garbage).first(64)));
    }
    // Whether it still serves depends on what was overwritten; it lives, and closes when asked.
    EXPECT_FALSE(driver_->wait(200 * kNanosPerMilli));
    stop_driver();
}

TEST_P(DriverGarbage, DatagramsFromAnybodyDoNoHarmToAStream) {
    start_driver();
    const auto aeron = client::Aeron::connect(context(directory()), platform_);
    const std::string endpoint = support::free_endpoint(platform_);
    platform::UdpSocketOptions options;
    options.bind_address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 0);
    const auto attacker = *platform_.network.open(options);
    const auto receiver = *platform::SocketAddress::parse(endpoint);
    std::int64_t datagrams = 0;
    expect_stream(*aeron, "aeron:udp?endpoint=" + endpoint, 3000, [&](client::Publication& pub) {
        std::vector<std::byte> bytes =
            random_bytes(datagrams % 50 == 0 ? kMaxDatagram : random_() % 200);
        // Half of them begin as a frame does: length, version, flags, a type that exists.
        if (datagrams % 2 == 0 && bytes.size() >= 8) {
            store(bytes.data(), static_cast<std::int32_t>(random_() % 300) - 50);
            bytes[4] = std::byte{0};
            store(bytes.data() + 6, static_cast<std::uint16_t>(random_() % 12));
        }
        std::vector<platform::SocketAddress> targets = {receiver};
        for (const std::string& sender : pub.local_socket_addresses()) {
            targets.push_back(*platform::SocketAddress::parse(sender));
        }
        for (const platform::SocketAddress& target : targets) {
            const platform::Train train{.bytes = bytes,
                                        .segment_length = static_cast<std::uint32_t>(bytes.size()),
                                        .destination = &target};
            if (!bytes.empty()) static_cast<void>(attacker->send({&train, 1}));
        }
        ++datagrams;
    });
    EXPECT_GT(
        aeron->counters_reader().value(static_cast<std::int32_t>(SystemCounter::invalid_packets)),
        datagrams / 4);
    EXPECT_EQ(support::driver_error_log(platform_, directory()), "");
    stop_driver();
}

INSTANTIATE_TEST_SUITE_P(Driver, DriverGarbage, ::testing::Values("SHARED", "DEDICATED"),
                         [](const auto& threading) { return threading.param; });

}  // namespace
}  // namespace tern
