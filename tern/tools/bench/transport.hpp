#pragma once
// What a stream of messages through a media driver costs: one client thread sends and receives, so
// that with a driver of one thread there are two, a core each. The program is the same whatever
// driver it talks to.
//
// Thread safety: none. Errors: Error when a message is lost, a connection goes or does not come.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/platform/platform.hpp"
#include "tern/tools/samples/latency_histogram.hpp"

namespace tern::tools::bench {

/// Sends as many messages as the publication takes, up to this many, between two polls of as many
/// fragments. tests/interop/java/TransportBench.java does the same.
inline constexpr int kBurst = 64;

struct MeasuredTime {
    std::int64_t warm_up_ns;
    std::int64_t measured_ns;
};

struct Throughput {
    std::int64_t messages = 0;  ///< received, whole
    std::int64_t bytes = 0;     ///< of them, without headers
    std::int64_t duration_ns = 0;

    [[nodiscard]] double megabytes_per_second() const noexcept {
        return static_cast<double>(bytes) * 1e3 / static_cast<double>(duration_ns);
    }
    [[nodiscard]] double million_messages_per_second() const noexcept {
        return static_cast<double>(messages) * 1e3 / static_cast<double>(duration_ns);
    }
};

/// Lengths of messages, bytes, spread evenly from the least to the most; always the same ones.
[[nodiscard]] std::vector<std::size_t> mixed_lengths(std::size_t least, std::size_t most);

/// Messages of these lengths in turn, over and over, as fast as the driver takes them. At the end
/// all that was sent has to come.
[[nodiscard]] Throughput measure_throughput(const std::string& aeron_directory,
                                            const std::string& channel,
                                            const std::vector<std::size_t>& lengths,
                                            const MeasuredTime& time, platform::Platform platform);

/// A message goes out on one channel and comes back on the other, one at a time.
[[nodiscard]] LatencyHistogram measure_round_trips(const std::string& aeron_directory,
                                                   const std::string& ping_channel,
                                                   const std::string& pong_channel,
                                                   std::size_t length, const MeasuredTime& time,
                                                   platform::Platform platform);

}  // namespace tern::tools::bench
