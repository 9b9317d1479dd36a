#include "tern/tools/bench/transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tern/base/bytes.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/split_mix.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::int32_t kStream = 1001;
constexpr std::int32_t kPongStream = 1002;
constexpr std::size_t kMixedLengths = 4096;
constexpr std::int64_t kPatienceNs = 10 * kNanosPerSecond;

/// One thread's client, which looks for work all the time but lets others run where cores are few.
class Client {
  public:
    Client(const std::string& aeron_directory, platform::Platform platform)
        : platform_(platform), idle_(platform::make_idle_strategy("yield")) {
        client::Context context;
        context.aeron_directory = aeron_directory;
        context.error_handler = [this](const std::exception& error) { error_ = error.what(); };
        aeron_ = client::Aeron::connect(std::move(context), platform);
    }

    [[nodiscard]] client::Aeron& aeron() noexcept { return *aeron_; }
    [[nodiscard]] std::int64_t now_ns() const noexcept { return platform_.clock.nano_time(); }
    void idle(int work) { idle_->idle(work); }

    /// Repeats `cycle`, which returns work done, until `is_done`.
    template <typename IsDone, typename Cycle>
    void repeat(IsDone&& is_done, Cycle&& cycle, const char* what) {
        std::optional<std::int64_t> deadline_ns;  // while there is nothing to do
        while (!is_done()) {
            const int work = cycle();
            if (aeron_->is_closed()) throw Error("the driver is gone: " + error_);
            if (work > 0) {
                deadline_ns.reset();
            } else if (!deadline_ns) {
                deadline_ns = now_ns() + kPatienceNs;
            } else if (now_ns() > *deadline_ns) {
                throw Error(fmt::format("no {} within 10 s", what));
            }
            idle(work);
        }
    }

  private:
    platform::Platform platform_;
    std::unique_ptr<platform::IdleStrategy> idle_;
    std::string error_;
    std::unique_ptr<client::Aeron> aeron_;
};

/// A publication and its subscription.
struct Stream {
    Stream(Client& client, const std::string& channel, std::int32_t stream_id)
        : subscription(client.aeron().add_subscription(channel, stream_id)),
          publication(client.aeron().add_exclusive_publication(channel, stream_id)) {
        client.repeat([&] { return publication->is_connected() && subscription->is_connected(); },
                      [] { return 0; }, "connection");
    }

    std::unique_ptr<client::Subscription> subscription;
    std::unique_ptr<client::ExclusivePublication> publication;
};

class Traffic {
  public:
    Traffic(Stream& stream, const std::vector<std::size_t>& lengths)
        : stream_(stream),
          lengths_(lengths),
          message_(std::ranges::max(lengths)),
          needs_assembly_(std::ranges::max(lengths) >
                          static_cast<std::size_t>(stream.publication->max_payload_length())) {}

    /// Sends a burst and polls as much; returns messages and fragments.
    int cycle() {
        const int sent = send();
        return sent + receive();
    }
    int receive() {
        if (needs_assembly_) return stream_.subscription->poll(assembler_, kBurst);
        return stream_.subscription->poll(
            [this](ConstBytes message, const client::Header&) { count(message); }, kBurst);
    }
    [[nodiscard]] bool is_all_received() const noexcept {
        return received_.messages == sent_.messages && received_.bytes == sent_.bytes;
    }
    [[nodiscard]] const Throughput& received() const noexcept { return received_; }

  private:
    void count(ConstBytes message) noexcept {
        ++received_.messages;
        received_.bytes += std::ssize(message);
    }

    int send() {
        client::ExclusivePublication& publication = *stream_.publication;
        std::size_t next = next_length_;
        std::size_t bytes = 0;
        int count = 0;
        for (; count < kBurst; ++count) {
            const std::size_t length = lengths_[next];
            if (publication.offer(ConstBytes(message_.data(), length)) < 0) break;
            if (++next == lengths_.size()) next = 0;
            bytes += length;
        }
        next_length_ = next;
        sent_.messages += count;
        sent_.bytes += static_cast<std::int64_t>(bytes);
        return count;
    }

    Stream& stream_;
    const std::vector<std::size_t>& lengths_;
    std::vector<std::byte> message_;
    bool needs_assembly_;
    std::size_t next_length_ = 0;
    Throughput sent_;
    Throughput received_;
    client::FragmentAssembler<client::FragmentHandler> assembler_{
        [this](ConstBytes message, const client::Header&) { count(message); }};
};

/// Pings and answers them.
class Echo {
  public:
    Echo(Client& client, Stream& ping, Stream& pong, std::size_t length)
        : client_(client), ping_(ping), pong_(pong), message_(length) {}

    /// Sends the next message when the one before is back, polls both streams.
    int cycle() {
        int work = 0;
        if (is_back_) {
            store(message_.data(), client_.now_ns());
            if (ping_.publication->offer(message_) < 0) return 0;
            is_back_ = false;
            ++work;
        }
        work += ping_.subscription->poll(
            [this](ConstBytes message, const client::Header&) {
                while (pong_.publication->offer(message) < 0) client_.idle(0);
            },
            1);
        work += pong_.subscription->poll(
            [this](ConstBytes message, const client::Header&) {
                round_trips.record(client_.now_ns() - load<std::int64_t>(message.data()));
                is_back_ = true;
            },
            1);
        return work;
    }

    LatencyHistogram round_trips;

  private:
    Client& client_;
    Stream& ping_;
    Stream& pong_;
    std::vector<std::byte> message_;
    bool is_back_ = true;
};

}  // namespace

std::vector<std::size_t> mixed_lengths(std::size_t least, std::size_t most) {
    std::vector<std::size_t> lengths;
    for (std::size_t i = 1; i <= kMixedLengths; ++i) {
        const std::uint64_t random = platform::split_mix(i * platform::kSplitMixIncrement);
        lengths.push_back(least + static_cast<std::size_t>(random % (most - least + 1)));
    }
    return lengths;
}

Throughput measure_throughput(const std::string& aeron_directory, const std::string& channel,
                              const std::vector<std::size_t>& lengths, const MeasuredTime& time,
                              platform::Platform platform) {
    Client client(aeron_directory, platform);
    Stream stream(client, channel, kStream);
    Traffic traffic(stream, lengths);
    const auto run_for = [&](std::int64_t duration_ns) {
        const std::int64_t end_ns = client.now_ns() + duration_ns;
        client.repeat([&] { return client.now_ns() >= end_ns; }, [&] { return traffic.cycle(); },
                      "progress");
    };
    run_for(time.warm_up_ns);
    const Throughput before = traffic.received();
    const std::int64_t start_ns = client.now_ns();
    run_for(time.measured_ns);
    const Throughput after = traffic.received();
    const std::int64_t duration_ns = client.now_ns() - start_ns;
    client.repeat([&] { return traffic.is_all_received(); }, [&] { return traffic.receive(); },
                  "end of the stream");
    return {.messages = after.messages - before.messages,
            .bytes = after.bytes - before.bytes,
            .duration_ns = duration_ns};
}

LatencyHistogram measure_round_trips(const std::string& aeron_directory,
                                     const std::string& ping_channel,
                                     const std::string& pong_channel, std::size_t length,
                                     const MeasuredTime& time, platform::Platform platform) {
    Client client(aeron_directory, platform);
    Stream ping(client, ping_channel, kStream);
    Stream pong(client, pong_channel, kPongStream);
    Echo echo(client, ping, pong, length);
    for (const std::int64_t duration_ns : {time.warm_up_ns, time.measured_ns}) {
        echo.round_trips.reset();
        const std::int64_t end_ns = client.now_ns() + duration_ns;
        client.repeat([&] { return client.now_ns() >= end_ns; }, [&] { return echo.cycle(); },
                      "answer");
    }
    return echo.round_trips;
}

}  // namespace tern::tools::bench
