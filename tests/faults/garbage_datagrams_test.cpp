// Garbage at the ports of a running node, as datagrams and as messages on proper streams: the node
// goes on serving its client, counts what it drops, and its error logs stay short.

#include <gmock/gmock.h>

#include <array>
#include <cstring>

#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/tools/cluster_mark_text.hpp"
#include "tern/tools/error_logs.hpp"
#include "tern/wire/archive_schema.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tests/support/test_node.hpp"

namespace tern::faults {
namespace {

constexpr std::int32_t kArchiveControlStreamId = 10;
constexpr int kDatagrams = 2'000;
constexpr int kMessages = 2'000;
/// Distinct errors that all this may leave in one log.
constexpr std::size_t kMaxDistinctErrors = 256;

class Garbage : public ::testing::Test {
  protected:
    Garbage() {
        std::string members = "0," + node_.ingress_endpoints().substr(2);
        for (int i = 0; i < 4; ++i) {
            const auto endpoint = support::free_endpoint(platform_);
            members += "," + endpoint;
            if (i == 0) consensus_ = endpoint;
        }
        node_.properties().set("aeron.cluster.members", members);
        node_.properties().set("aeron.archive.control.channel", "aeron:udp?endpoint=" + archive_);
        node_.start("counter");
        node_.await_leader();
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [this](const cluster::EgressMessage& message) {
            total_ = load<std::int64_t>(message.payload.data());
            ++answers_;
        };
        client_ = cluster::ClusterClient::connect(context, aeron_context(), platform_);
    }
    client::Context aeron_context() {
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.error_handler = [](const std::exception&) {};
        return aeron;
    }
    /// One more command; the node has answered it when this returns.
    void expect_served() {
        const std::int64_t one = 1;
        const auto before = answers_;
        client_->send(std::as_bytes(std::span(&one, 1)));
        client_->poll_until([&] { return answers_ == before + 1; }, "the answer");
        EXPECT_EQ(total_, answers_);
    }
    std::uint64_t random(std::uint64_t below) { return platform_.random.next_u64() % below; }
    std::vector<std::byte> random_bytes(std::size_t length) {
        std::vector<std::byte> bytes(length);
        for (auto& byte : bytes) byte = static_cast<std::byte>(random(256));
        return bytes;
    }
    /// Truncated, oversized, of any type, now and then with a plausible header.
    std::vector<std::byte> random_datagram() {
        constexpr std::array<std::size_t, 8> kLengths{0, 1, 7, 24, 32, 40, 1408, 60'000};
        auto bytes = random_bytes(kLengths[random(kLengths.size())]);
        if (bytes.size() >= 8 && random(2) == 0) {
            store(bytes.data(),
                  static_cast<std::int32_t>(random(2) == 0 ? bytes.size() : random(1U << 31)));
            store(bytes.data() + 4, std::uint16_t{0});                        // version, flags
            store(bytes.data() + 6, static_cast<std::uint16_t>(random(14)));  // type
        }
        return bytes;
    }
    /// A message header that may be right, and a body that is not.
    std::vector<std::byte> random_message(std::uint16_t schema_id, std::uint16_t version) {
        auto bytes = random_bytes(random(600));
        if (bytes.size() < wire::MessageHeader::kLength || random(8) == 0) return bytes;
        wire::MessageHeader header;
        header.block_length =
            static_cast<std::uint16_t>(random(4) == 0 ? random(65'536) : random(64));
        header.template_id = static_cast<std::uint16_t>(random(110));
        header.schema_id = random(8) == 0 ? static_cast<std::uint16_t>(random(65'536)) : schema_id;
        header.version = random(8) == 0 ? static_cast<std::uint16_t>(random(65'536)) : version;
        store(bytes.data(), header);
        return bytes;
    }
    void send_datagrams(const std::string& endpoint) {
        platform::UdpSocketOptions options;
        options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
        const auto socket = platform_.network.open(options);
        const auto destination = *platform::SocketAddress::parse(endpoint);
        for (int i = 0; i < kDatagrams; ++i) {
            const auto bytes = random_datagram();
            if (bytes.empty()) continue;
            const platform::Train train{.bytes = bytes,
                                        .segment_length = static_cast<std::uint32_t>(bytes.size()),
                                        .destination = &destination};
            (void)(*socket)->send(std::span(&train, 1));
            if (i % 200 == 0) expect_served();
        }
    }
    void send_messages(const std::string& channel, std::int32_t stream_id,
                       const wire::Schema& schema) {
        SCOPED_TRACE(channel);
        const auto aeron = client::Aeron::connect(aeron_context(), platform_);
        const auto publication = aeron->add_exclusive_publication(channel, stream_id);
        node_.await([&] { return publication->is_connected(); }, "the port's subscription");
        for (int i = 0; i < kMessages; ++i) {
            const auto bytes = random_message(schema.id, schema.version);
            node_.await([&] { return publication->offer(ConstBytes(bytes)) > 0; }, "room");
            if (i % 200 == 0) expect_served();
        }
    }
    void expect_short_error_logs() {
        for (const auto& directory :
             {node_.aeron_directory(), node_.cluster_directory(), node_.archive_directory()}) {
            for (const auto& log : tools::find_error_logs(platform_.storage, directory)) {
                EXPECT_LE(tools::errors_json(log.bytes).size(), kMaxDistinctErrors)
                    << log.path << tools::errors_text(log.bytes).substr(0, 4'000);
            }
        }
    }

    platform::Platform platform_ = platform::posix::make_platform();
    std::string archive_ = support::free_endpoint(platform_);
    std::string consensus_;
    support::TestNode node_{platform_, node::NodeThreading::shared};
    std::unique_ptr<cluster::ClusterClient> client_;
    std::int64_t answers_ = 0;
    std::int64_t total_ = 0;
};

TEST_F(Garbage, DatagramsAreDroppedAndCounted) {
    for (const auto& endpoint : {node_.ingress_endpoints().substr(2), consensus_, archive_}) {
        SCOPED_TRACE(endpoint);
        send_datagrams(endpoint);
        expect_served();
    }
    const auto invalid = static_cast<std::int32_t>(memory::SystemCounter::invalid_packets);
    EXPECT_GT(node_.node().driver()->counters().value(invalid), 100);
    EXPECT_FALSE(node_.node().ended()) << node_.node().failure();
    expect_short_error_logs();
    client_->close();
    node_.shut_down();
    node_.close();
}

TEST_F(Garbage, MessagesAreRefused) {
    const std::string udp = "aeron:udp?term-length=64k|endpoint=";
    send_messages(udp + node_.ingress_endpoints().substr(2), cluster::kIngressStreamId,
                  wire::cluster::kSchema);
    send_messages(udp + archive_, kArchiveControlStreamId, wire::archive::kSchema);
    expect_served();
    EXPECT_FALSE(node_.node().ended()) << node_.node().failure();
    expect_short_error_logs();
    client_->close();
    node_.shut_down();
    node_.close();
}

}  // namespace
}  // namespace tern::faults
