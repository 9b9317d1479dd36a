// Publishes lines of text; see subscriber.cpp.
//
//   tern driver &
//   example_publisher AERON_DIR "aeron:udp?endpoint=localhost:40123" 1001 hello world

#include <fmt/format.h>

#include <cstdlib>

#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"

namespace {

void run(const std::string& aeron_directory, const std::string& channel, std::int32_t stream_id,
         const std::vector<std::string>& lines) {
    tern::client::Context context;
    context.aeron_directory = aeron_directory;
    const auto aeron =
        tern::client::Aeron::connect(context, tern::platform::posix::make_platform());
    const auto publication = aeron->add_publication(channel, stream_id);
    const auto idle = tern::platform::make_idle_strategy("backoff");

    for (const std::string& line : lines) {
        // Negative: no subscriber yet, or it is behind. Its name says which.
        while (publication->offer(tern::as_bytes(line)) < 0) idle->idle(0);
    }
    fmt::print("published {} lines, up to position {}\n", lines.size(), publication->position());
    // Closing does not wait for subscribers: the driver sends what is left.
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        fmt::print(stderr, "usage: {} AERON_DIR CHANNEL STREAM_ID LINE...\n", argv[0]);
        return 2;
    }
    try {
        run(argv[1], argv[2], std::atoi(argv[3]), {argv + 4, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
