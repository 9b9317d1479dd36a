#pragma once
// One end of a checked stream of numbered messages; the other may be this or upstream's, as
// java/StreamPeer.java.
//
// Message i (from 0) is its number as int64, then a pattern that begins at byte i mod 256 of a
// fixed table; its length follows from i. It goes out by offer, try_claim or vectored offer in
// turn. Both ends sum up: sum = sum * 31 + CRC-32 of the message.

#include <cstdint>
#include <string>

#include "tern/client/aeron.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::interop {

struct StreamSum {
    std::int64_t messages = 0;
    std::int64_t bytes = 0;
    std::int64_t sum = 0;

    [[nodiscard]] std::string text() const;  ///< "<messages> <bytes> <sum>", as both ends print it
    friend bool operator==(const StreamSum&, const StreamSum&) = default;
};

/// Sends messages until `bytes` have been sent; waits for a subscriber first. Ends early when the
/// subscriber goes. Fails the test when nothing moves for long.
StreamSum publish_stream(client::Aeron& aeron, const std::string& channel, std::int32_t stream_id,
                         std::int64_t bytes);

/// Receives from the first image until its end of stream. Fails the test on any message that is
/// not the next one, and when nothing moves for long.
StreamSum receive_stream(client::Aeron& aeron, client::Subscription& subscription);

/// java StreamPeer ROLE DIRECTORY CHANNEL STREAM BYTES, output to a pipe.
[[nodiscard]] std::unique_ptr<platform::posix::Process> start_java_peer(
    const std::string& role, const std::string& aeron_directory, const std::string& channel,
    std::int32_t stream_id, std::int64_t bytes);

}  // namespace tern::interop
