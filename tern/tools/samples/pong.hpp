#pragma once
// Sends back what it gets: the peer of `tern ping`, and of upstream's Ping.

#include <cstdint>
#include <string>

#include "tern/tools/samples/sample_session.hpp"

namespace tern::tools {

struct PongOptions {
    SampleOptions sample;
    std::string ping_channel{kPingChannel};
    std::string pong_channel{kPongChannel};
    std::int32_t ping_stream = kPingStream;
    std::int32_t pong_stream = kPongStream;
};

/// Until asked to stop; returns how many messages went back. Throws Error when the driver goes.
/// A message that cannot go back because nobody listens is dropped.
std::int64_t answer_pings(const PongOptions& options, SampleSession& session);

}  // namespace tern::tools
