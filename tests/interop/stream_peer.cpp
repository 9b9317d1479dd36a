#include "stream_peer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "java_driver.hpp"
#include "tern/archive/checksum.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/duration.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/clock.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;
constexpr std::int32_t kMaxLength = 60'000;

const std::vector<std::byte>& pattern() {
    static const std::vector<std::byte> bytes = [] {
        std::vector<std::byte> table(kMaxLength + 256);
        for (std::size_t i = 0; i < table.size(); ++i) {
            table[i] = static_cast<std::byte>((i * 7 + i / 256) & 0xFF);
        }
        return table;
    }();
    return bytes;
}

std::size_t length_of(std::int64_t message, std::int32_t max_payload) {
    const std::uint64_t mixed = (static_cast<std::uint64_t>(message) * 0x9E3779B97F4A7C15U) >> 33;
    const std::int32_t limit = message % 3 == 1 ? std::min(max_payload, kMaxLength) : kMaxLength;
    return 8 + mixed % static_cast<std::uint64_t>(limit - 8 + 1);
}

void add(StreamSum& sum, ConstBytes message) {
    const auto crc =
        static_cast<std::uint32_t>(compute_checksum(archive::Checksum::crc32, message));
    sum.sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.sum) * 31 + crc);
    sum.bytes += static_cast<std::int64_t>(message.size());
    ++sum.messages;
}

std::int64_t send(client::Publication& publication, std::int64_t number, ConstBytes message) {
    switch (number % 3) {
        case 0:
            return publication.offer(message);
        case 1: {
            client::BufferClaim claim;
            const std::int64_t result =
                publication.try_claim(static_cast<std::int32_t>(message.size()), claim);
            if (result > 0) {
                std::ranges::copy(message, claim.payload().begin());
                claim.commit();
            }
            return result;
        }
        default: {
            const std::size_t first = message.size() / 3;
            const std::size_t second = message.size() / 2;
            const std::array<ConstBytes, 3> parts = {message.first(first),
                                                     message.subspan(first, second - first),
                                                     message.subspan(second)};
            return publication.offer(parts);
        }
    }
}

/// Idles until something has moved; fails when nothing does for long.
class Patience {
  public:
    [[nodiscard]] bool idle(int work, client::Aeron& aeron) {
        work += aeron.do_work();
        if (work > 0) deadline_ns_ = clock_.nano_time() + kPatienceNs;
        idle_->idle(work);
        return clock_.nano_time() < deadline_ns_;
    }

  private:
    const platform::posix::PosixClock clock_;
    const std::unique_ptr<platform::IdleStrategy> idle_ = platform::make_idle_strategy("backoff");
    std::int64_t deadline_ns_ = clock_.nano_time() + kPatienceNs;
};

}  // namespace

std::string StreamSum::text() const { return fmt::format("{} {} {}", messages, bytes, sum); }

StreamSum publish_stream(client::Aeron& aeron, const std::string& channel, std::int32_t stream_id,
                         std::int64_t bytes) {
    StreamSum sum;
    const auto publication = aeron.add_publication(channel, stream_id);
    Patience patience;
    while (!publication->is_connected()) {
        if (!patience.idle(0, aeron)) {
            ADD_FAILURE() << "waited in vain for a subscriber of " << channel;
            return sum;
        }
    }
    std::vector<std::byte> buffer(kMaxLength);
    while (sum.bytes < bytes) {
        const Bytes message =
            Bytes(buffer).first(length_of(sum.messages, publication->max_payload_length()));
        std::memcpy(message.data(), pattern().data() + (sum.messages & 0xFF), message.size());
        store(message.data(), sum.messages);
        std::int64_t result = 0;
        while ((result = send(*publication, sum.messages, message)) < 0) {
            if (result == client::kNotConnected) return sum;
            if (!patience.idle(0, aeron)) {
                ADD_FAILURE() << "no progress: " << client::offer_result_name(result)
                              << " at position " << publication->position();
                return sum;
            }
        }
        static_cast<void>(patience.idle(1, aeron));
        add(sum, message);
    }
    return sum;
}

StreamSum receive_stream(client::Aeron& aeron, client::Subscription& subscription) {
    StreamSum sum;
    Patience patience;
    std::shared_ptr<client::Image> image;
    while (!(image = subscription.image_at(0))) {
        if (!patience.idle(0, aeron)) {
            ADD_FAILURE() << "waited in vain for a publisher of " << subscription.channel();
            return sum;
        }
    }
    bool in_order = true;
    client::FragmentAssembler assembler([&](ConstBytes message, const client::Header&) {
        in_order =
            in_order && message.size() >= 8 && load<std::int64_t>(message.data()) == sum.messages;
        add(sum, message);
    });
    while (!image->is_end_of_stream() && in_order) {
        const int fragments = image->poll(assembler, 64);
        if (image->is_closed() || !patience.idle(fragments, aeron)) {
            ADD_FAILURE() << (image->is_closed() ? "image closed" : "no progress")
                          << " before the end of the stream, position " << image->position();
            return sum;
        }
    }
    return sum;
}

std::unique_ptr<platform::posix::Process> start_java_peer(const std::string& role,
                                                          const std::string& aeron_directory,
                                                          const std::string& channel,
                                                          std::int32_t stream_id,
                                                          std::int64_t bytes) {
    return start_java_program("StreamPeer", {role, aeron_directory, channel,
                                             std::to_string(stream_id), std::to_string(bytes)});
}

}  // namespace tern::interop
