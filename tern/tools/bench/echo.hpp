#pragma once
// Round trips of one client with a cluster's echo service: a message is sent when the answer to
// the one before has come. The client is the same program whatever node it talks to.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/platform/platform.hpp"

namespace tern::tools::bench {

struct EchoOptions {
    std::int64_t warm_up_messages = 20'000;
    std::int64_t messages = 20'000;
    std::size_t message_length = 32;  ///< bytes
};

/// Round trips in ns, ascending, without those of the warm-up. Throws Error when an answer is not
/// what was sent, or none comes.
[[nodiscard]] std::vector<std::int64_t> measure_echo(const std::string& aeron_directory,
                                                     const std::string& ingress_endpoints,
                                                     const EchoOptions& options,
                                                     platform::Platform platform);

/// Of ascending values; `fraction` in [0, 1].
[[nodiscard]] std::int64_t percentile(const std::vector<std::int64_t>& ascending, double fraction);

}  // namespace tern::tools::bench
