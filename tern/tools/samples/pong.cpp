#include "tern/tools/samples/pong.hpp"

namespace tern::tools {
namespace {

constexpr int kFragmentLimit = 10;

/// Whether it went out.
bool send_back(client::ExclusivePublication& publication, ConstBytes message,
               SampleSession& session) {
    std::int64_t result = 0;
    while ((result = publication.offer(message)) < 0) {
        const bool may_pass = result == client::kBackPressured || result == client::kAdminAction;
        if (!may_pass || !session.is_running()) return false;
        session.idle(0);
    }
    return true;
}

}  // namespace

std::int64_t answer_pings(const PongOptions& options, SampleSession& session) {
    session.note("Subscribing Ping at {} on stream id {}", options.ping_channel,
                 options.ping_stream);
    session.note("Publishing Pong at {} on stream id {}", options.pong_channel,
                 options.pong_stream);
    const auto publication =
        session.aeron().add_exclusive_publication(options.pong_channel, options.pong_stream);
    const auto subscription = session.aeron().add_subscription(
        options.ping_channel, options.ping_stream, session.image_notes(options.ping_channel));
    std::int64_t sent_back = 0;
    client::FragmentAssembler on_ping([&](ConstBytes message, const client::Header&) {
        if (send_back(*publication, message, session)) ++sent_back;
    });
    while (session.is_running()) session.idle(subscription->poll(on_ping, kFragmentLimit));
    session.note("Shutting down...");
    session.check_driver();
    return sent_back;
}

}  // namespace tern::tools
