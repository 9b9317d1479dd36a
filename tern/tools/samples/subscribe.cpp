#include "tern/tools/samples/subscribe.hpp"

#include <fmt/format.h>

#include "tern/tools/json.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

/// Whether the subscriber has missed the beginning of the stream.
bool has_joined_late(const client::Header& header) {
    const auto* image = header.context();
    return image != nullptr && image->join_position() != 0;
}

}  // namespace

Subscriber::Subscriber(const SubscribeOptions& options, SampleSession& session)
    : options_(options), session_(session), report_(options.sample.json) {
    session_.note("Subscribing to {} on stream id {}", options_.channel, options_.stream);
    subscription_ = session_.aeron().add_subscription(options_.channel, options_.stream,
                                                      session_.image_notes(options_.channel));
}

void Subscriber::print(ConstBytes message, const client::Header& header) const {
    const std::string text = printable(as_text(message));
    if (!options_.sample.json) {
        say("Message to stream {} from session {} ({}@{}) <<{}>>", header.stream_id(),
            header.session_id(), message.size(), header.term_offset(), text);
        return;
    }
    say("{}", to_line({{"type", "message"},
                       {"stream_id", header.stream_id()},
                       {"session_id", header.session_id()},
                       {"position", header.position()},
                       {"length", message.size()},
                       {"text", text}}));
}

void Subscriber::on_message(ConstBytes message, const client::Header& header) {
    report_.add(message.size());
    if (options_.verify) {
        verifier_.check(header.session_id(), message, has_joined_late(header));
    }
    if (options_.print) print(message, header);
}

bool Subscriber::is_done() {
    if (options_.messages > 0 && report_.messages() >= options_.messages) return true;
    if (!options_.until_end) return false;
    if (!followed_) followed_ = subscription_->image_at(0);
    return followed_ && (followed_->is_closed() || followed_->is_end_of_stream());
}

void Subscriber::run() {
    client::FragmentAssembler assembler(
        [this](ConstBytes message, const client::Header& header) { on_message(message, header); });
    while (session_.is_running() && !is_done()) {
        const int fragments = subscription_->poll(assembler, options_.fragment_limit);
        // Before the first message there is no rate to speak of.
        if (report_.messages() > 0) {
            if (const auto line = report_.line(session_.now_ns())) say("{}", *line);
        }
        session_.idle(fragments);
    }
    session_.check_driver();
}

}  // namespace tern::tools
