#include "tern/tools/samples/publish.hpp"

#include <fmt/format.h>

#include "tern/tools/samples/verified_message.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::int64_t kMessagesBetweenLooks = 256;  // at the clock, when there is no rate
constexpr std::size_t kNumberLength = 8;

std::vector<std::byte> first_message(const PublishOptions& options) {
    if (!options.text.empty()) {
        const auto bytes = as_bytes(options.text);
        return {bytes.begin(), bytes.end()};
    }
    if (options.verify && options.length < kMinVerifiedLength) {
        throw ConfigurationError(fmt::format("--length {}: --verify needs at least {} bytes",
                                             options.length, kMinVerifiedLength));
    }
    return std::vector<std::byte>(options.length);
}

}  // namespace

Publisher::Publisher(const PublishOptions& options, SampleSession& session)
    : options_(options),
      session_(session),
      message_(first_message(options)),
      report_(options.sample.json) {
    publication_ = session_.aeron().add_exclusive_publication(options_.channel, options_.stream);
    check_length(message_.size(), *publication_);
}

void Publisher::await_subscriber() {
    if (publication_->is_connected()) return;
    session_.note("Waiting for a subscriber... (start one with `tern subscribe`)");
    while (session_.is_running() && !publication_->is_connected()) session_.idle(0);
}

void Publisher::run() {
    const std::string count =
        options_.messages == 0 ? "" : group_thousands(options_.messages) + " ";
    session_.note("Streaming {}messages of {} bytes to {} on stream id {}", count, message_.size(),
                  options_.channel, options_.stream);
    await_subscriber();
    send_all();
    session_.check_driver();
    const double linger_s =
        options_.linger_s >= 0 ? options_.linger_s : (session_.has_driver() ? 1.0 : 0.0);
    if (linger_s > 0) session_.linger(linger_s);
}

void Publisher::send_all() {
    Pace pace(options_.rate, session_.now_ns());
    const auto print_line = [&](std::int64_t now_ns) {
        if (const auto line = report_.line(now_ns)) say("{}", *line);
    };
    print_line(session_.now_ns());
    const auto all = options_.messages == 0 ? INT64_MAX : options_.messages;
    while (report_.messages() < all && session_.is_running()) {
        const bool is_sent = pace.is_due(pace.has_schedule() ? session_.now_ns() : 0) && try_send();
        if (is_sent) pace.sent();
        if (!is_sent || report_.messages() % kMessagesBetweenLooks == 0) {
            print_line(session_.now_ns());
        }
        session_.idle(is_sent ? 1 : 0);
    }
    print_line(session_.now_ns());
}

bool Publisher::try_send() {
    if (options_.verify) {
        write_verified(message_, report_.messages());
    } else if (options_.text.empty() && message_.size() >= kNumberLength) {
        store(message_.data(), report_.messages());
    }
    if (publication_->offer(message_) > 0) {
        report_.add(message_.size());
        return true;
    }
    ++turned_down_;
    return false;
}

double Publisher::back_pressure_ratio() const noexcept {
    const std::int64_t offers = turned_down_ + report_.messages();
    return offers == 0 ? 0 : static_cast<double>(turned_down_) / static_cast<double>(offers);
}

}  // namespace tern::tools
