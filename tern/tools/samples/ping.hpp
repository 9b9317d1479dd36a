#pragma once
// Round trips through a peer that sends back what it gets: `tern pong`, or upstream's Pong.
//
// The first 8 bytes of a message are the monotonic time, in ns, from which its round trip counts,
// as in upstream's Ping. Without a rate that is when it was sent, one message at a time. With a
// rate it is when the message was due, whether or not those before have come back: a pause
// anywhere then shows in every message that it held up.

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tern/tools/samples/latency_histogram.hpp"
#include "tern/tools/samples/pace.hpp"
#include "tern/tools/samples/sample_session.hpp"

namespace tern::tools {

struct PingOptions {
    SampleOptions sample;
    std::string ping_channel{kPingChannel};
    std::string pong_channel{kPongChannel};
    std::int32_t ping_stream = kPingStream;
    std::int32_t pong_stream = kPongStream;
    std::size_t length = kSampleMessageLength;
    std::int64_t messages = 1'000'000;
    std::int64_t warm_up = 100'000;
    double rate = 0;  ///< messages a second; 0: each when the one before is back
};

class Ping {
  public:
    /// Adds publication and subscription. Throws as the client does, and Error when the message
    /// is too short for its time or too long for the publication.
    Ping(const PingOptions& options, SampleSession& session);

    /// Waits for the peer, warms up, and measures until all messages are back or it is asked to
    /// stop. Throws Error when the peer or the driver goes.
    void run();
    [[nodiscard]] const LatencyHistogram& round_trips() const noexcept { return histogram_; }

  private:
    void await_peer();
    void exchange(std::int64_t messages);
    bool try_send(const Pace& pace);
    void check_peer() const;

    const PingOptions& options_;
    SampleSession& session_;
    std::unique_ptr<client::Subscription> subscription_;
    std::unique_ptr<client::ExclusivePublication> publication_;
    LatencyHistogram histogram_;
    std::vector<std::byte> message_;
};

/// Percentiles of round trips in us, for people.
[[nodiscard]] std::string round_trips_text(const PingOptions& options,
                                           const LatencyHistogram& round_trips);
/// {"type":"summary","messages":0,"length":32,"rate":0.0,"min_us":...,"p50_us":...}
[[nodiscard]] nlohmann::ordered_json round_trips_json(const PingOptions& options,
                                                      const LatencyHistogram& round_trips);

}  // namespace tern::tools
