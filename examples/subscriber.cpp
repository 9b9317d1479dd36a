// Prints the lines that publisher.cpp publishes, until the publisher is done.
//
//   example_subscriber AERON_DIR "aeron:udp?endpoint=localhost:40123" 1001

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"

namespace {

void run(const std::string& aeron_directory, const std::string& channel, std::int32_t stream_id) {
    tern::client::Context context;
    context.aeron_directory = aeron_directory;
    const auto aeron =
        tern::client::Aeron::connect(context, tern::platform::posix::make_platform());
    const auto subscription = aeron->add_subscription(channel, stream_id);
    const auto idle = tern::platform::make_idle_strategy("backoff");
    fmt::print("waiting on {} stream {}\n", channel, stream_id);
    std::fflush(stdout);

    // An assembler hands on whole messages, however many fragments they came in.
    tern::client::FragmentAssembler assembler(
        [](tern::ConstBytes line, const tern::client::Header&) {
            fmt::print("{}\n", tern::as_text(line));
            std::fflush(stdout);
        });
    std::shared_ptr<tern::client::Image> image;  // one for each publisher; here there is one
    while (!image || !image->is_end_of_stream()) {
        if (!image) image = subscription->image_at(0);
        idle->idle(subscription->poll(assembler, 10));
    }
    fmt::print("the publisher is done\n");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr, "usage: {} AERON_DIR CHANNEL STREAM_ID\n", argv[0]);
        return 2;
    }
    try {
        run(argv[1], argv[2], std::atoi(argv[3]));
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
