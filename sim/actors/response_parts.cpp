#include "sim/actors/response_parts.hpp"

#include <fmt/format.h>

namespace tern::sim {
namespace {

constexpr std::int64_t kRetryNs = 200'000'000;
constexpr std::int64_t kAnswerTimeoutNs = 5'000'000'000;

/// Of `find`, which asks for what was added; nothing when it has failed.
template <typename Find>
auto try_find(const StreamProgramView& program, const RequestOptions& options, Find&& find)
    -> std::optional<decltype(find())> {
    try {
        return find();
    } catch (const client::RegistrationException& error) {
        // An endpoint that is still closing may be waited for; logs go with their driver.
        if (error.severity() != Severity::warn && program.has_driver()) {
            program.run.violation(fmt::format("requests on {} stream {}: {}", options.channel,
                                              options.stream_id, error.what()));
        }
    } catch (const client::DriverTimeoutException& error) {
        program.tell(error.what());  // the driver died, or was away for too long
    }
    return std::nullopt;
}

}  // namespace

int Request::do_work(client::Aeron& aeron, const client::Subscription& responses) {
    if (options_.channel.empty()) return 0;
    const std::int64_t now_ns = program_.run.now_ns();
    if (is_adding_) return find(aeron);
    if (publication_) {
        const bool has_image = responses.is_connected();
        is_in_vain_ = !has_image && (is_answered_ || now_ns >= since_ns_ + kAnswerTimeoutNs);
        is_answered_ = is_answered_ || has_image;
        return 0;
    }
    if (now_ns < next_ns_) return 0;
    id_ = aeron.async_add_exclusive_publication(
        fmt::format("{}|response-correlation-id={}", options_.channel, responses.registration_id()),
        options_.stream_id);
    is_adding_ = true;
    return 1;
}

int Request::find(client::Aeron& aeron) {
    auto found =
        try_find(program_, options_, [&] { return aeron.find_exclusive_publication(id_); });
    if (found && !*found) return 0;
    is_adding_ = false;
    since_ns_ = program_.run.now_ns();
    next_ns_ = since_ns_ + kRetryNs;
    if (found) publication_ = std::move(*found);
    return 1;
}

void Request::end() noexcept {
    publication_.reset();
    is_adding_ = is_answered_ = is_in_vain_ = false;
    next_ns_ = 0;
}

int RequestInbox::do_work(client::Aeron& aeron) {
    if (options_.channel.empty()) return 0;
    if (subscription_) return subscription_->poll([](ConstBytes, const client::Header&) {}, 1);
    if (is_adding_) return find(aeron);
    if (program_.run.now_ns() < next_ns_) return 0;
    id_ = aeron.async_add_subscription(options_.channel, options_.stream_id);
    is_adding_ = true;
    return 1;
}

int RequestInbox::find(client::Aeron& aeron) {
    auto found = try_find(program_, options_, [&] { return aeron.find_subscription(id_); });
    if (found && !*found) return 0;
    is_adding_ = false;
    next_ns_ = program_.run.now_ns() + kRetryNs;
    if (found) subscription_ = std::move(*found);
    return 1;
}

std::optional<std::int64_t> RequestInbox::newest() const {
    if (!subscription_ || subscription_->has_no_images()) return std::nullopt;
    return subscription_->images().back()->correlation_id();
}

}  // namespace tern::sim
