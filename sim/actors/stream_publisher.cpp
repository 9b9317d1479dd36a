#include "sim/actors/stream_publisher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tern/logbuffer/position.hpp"

namespace tern::sim {
namespace {

constexpr int kOffersPerTurn = 8;
constexpr std::int64_t kRetryNs = 200'000'000;
constexpr std::int64_t kLastBurstNs = 3'000'000'000;
constexpr std::int64_t kLongestPauseNs = 500'000'000;  // unless it is restless

}  // namespace

int StreamPublisher::do_work(client::Aeron& aeron) {
    const int work = inbox_.do_work(aeron);
    switch (state_) {
        case State::resting:
            if (program_.traffic.is_ending || program_.run.now_ns() < next_ns_) return work;
            return work + add(aeron);
        case State::adding:
            return work + find(aeron);
        case State::open:
            if (inbox_.newest() != answered_) return close(), 1;  // somebody else asks, or nobody
            return work + change_destinations(aeron) + send();
    }
    return work;
}

int StreamPublisher::add(client::Aeron& aeron) {
    std::string channel = options_.channel;
    answered_ = inbox_.newest();
    if (answered_) channel += fmt::format("|response-correlation-id={}", *answered_);
    if (!answered_ && !options_.requests.channel.empty()) return 0;
    id_ = options_.is_exclusive ? aeron.async_add_exclusive_publication(channel, options_.stream_id)
                                : aeron.async_add_publication(channel, options_.stream_id);
    state_ = State::adding;
    return 1;
}

/// It went, while the driver was asked to answer it.
bool StreamPublisher::has_lost_request(const std::exception& error) const {
    const std::string_view text = error.what();
    return answered_ && text.contains(fmt::format("image.correlationId={} not found", *answered_));
}

int StreamPublisher::find(client::Aeron& aeron) {
    try {
        if (options_.is_exclusive) return opened(aeron.find_exclusive_publication(id_));
        return opened(aeron.find_publication(id_));
    } catch (const client::RegistrationException& error) {
        // An endpoint that is still closing may be waited for; logs go with their driver.
        if (error.severity() != Severity::warn && program_.has_driver() &&
            !has_lost_request(error)) {
            program_.run.violation(fmt::format("{} stream {}: {}", options_.channel,
                                               options_.stream_id, error.what()));
        }
    } catch (const client::DriverTimeoutException& error) {
        program_.tell(error.what());  // the driver died, or was away for too long
    }
    state_ = State::resting;
    next_ns_ = program_.run.now_ns() + kRetryNs;
    return 1;
}

template <typename Handle>
int StreamPublisher::opened(Handle publication) {
    if (!publication) return 0;
    auto& run = program_.run;
    session_ = &program_.ledger.session(options_.key, publication->session_id());
    session_->host = program_.host;
    session_->initial_term_id = publication->initial_term_id();
    session_->has_driver = program_.has_driver;
    session_->closed_ns = -1;
    ++session_->handles;
    destinations_.begin();
    program_.tell(
        fmt::format("publishes stream {:#x} session {}", options_.key, publication->session_id()));
    publication_ = std::move(publication);
    state_ = State::open;
    to_send_ = 0;
    next_ns_ = run.now_ns();
    const std::int64_t life_ns = run.prng().between(options_.life_ns);
    end_ns_ = options_.life_ns.max > 0 ? run.now_ns() + life_ns : 0;
    return 1;
}

bool StreamPublisher::is_connected() const {
    if (const auto* shared = std::get_if<Shared>(&publication_)) return (*shared)->is_connected();
    const auto* exclusive = std::get_if<Exclusive>(&publication_);
    return exclusive != nullptr && (*exclusive)->is_connected();
}

int StreamPublisher::change_destinations(client::Aeron& aeron) {
    const auto work_on = [&](auto& publication) {
        return destinations_.do_work(aeron, *publication);
    };
    auto* shared = std::get_if<Shared>(&publication_);
    const int work =
        shared != nullptr ? work_on(*shared) : work_on(std::get<Exclusive>(publication_));
    session_->unreached_ns = std::max(session_->unreached_ns, destinations_.missing_ns());
    return work;
}

int StreamPublisher::send() {
    if (claim_) return hold();
    const auto& traffic = program_.traffic;
    const std::int64_t now_ns = program_.run.now_ns();
    if (traffic.is_ending && !std::exchange(has_begun_last_, true)) {
        plan_burst();
        end_ns_ = now_ns + kLastBurstNs;
    }
    if (to_send_ == 0) {
        const bool is_over = end_ns_ > 0 && now_ns >= end_ns_;
        if (has_begun_last_ || (is_over && traffic.is_restless)) return close(), 1;
        if (!traffic.is_restless) next_ns_ = std::min(next_ns_, now_ns + kLongestPauseNs);
        if (!traffic.is_sending || now_ns < next_ns_) return 0;
        plan_burst();
    }
    const int work = send_burst();
    // Nobody may be there any more to read the rest.
    if (end_ns_ > 0 && now_ns >= end_ns_ && (has_begun_last_ || traffic.is_restless)) to_send_ = 0;
    return work;
}

void StreamPublisher::plan_burst() {
    auto& prng = program_.run.prng();
    to_send_ = prng.between(options_.burst);
    next_ns_ = program_.run.now_ns() + prng.between(options_.pause_ns);
}

int StreamPublisher::send_burst() {
    int work = 0;
    while (to_send_ > 0 && work < kOffersPerTurn && !claim_) {
        if (length_ == 0) {
            length_ = static_cast<std::size_t>(program_.run.prng().between(options_.length));
        }
        const std::int64_t result = offer();
        if (result < 0) break;
        if (result == 0) continue;  // aborted
        length_ = 0;
        --to_send_;
        ++work;
    }
    return work;
}

/// 0: a claim was aborted.
std::int64_t StreamPublisher::offer() {
    if (!program_.is_alive()) return client::kPublicationClosed;  // the end of a last turn
    auto& prng = program_.run.prng();
    const bool is_claiming = prng.chance(options_.claim_ppm);
    const bool is_in_parts = prng.chance(100'000);
    const auto offer_to = [&](auto& publication) -> std::int64_t {
        const std::int32_t max_payload = publication->max_payload_length();
        if (is_claiming && static_cast<std::int32_t>(length_) <= max_payload) {
            return claim(publication);
        }
        const ConstBytes message = session_->writer.next(length_);
        const std::array parts{message.first(20), message.subspan(20)};
        const std::int64_t position = is_in_parts
                                          ? publication->offer(std::span<const ConstBytes>(parts))
                                          : publication->offer(message);
        if (position > 0) accepted(position, max_payload);
        return position;
    };
    if (auto* shared = std::get_if<Shared>(&publication_)) return offer_to(*shared);
    return offer_to(std::get<Exclusive>(publication_));
}

template <typename Handle>
std::int64_t StreamPublisher::claim(Handle& publication) {
    auto& prng = program_.run.prng();
    const auto length = static_cast<std::int32_t>(length_);
    const std::int64_t position = publication->try_claim(length, claim_);
    if (position < 0) return position;
    if (prng.chance(options_.abort_ppm)) {
        claim_.abort();
        return 0;
    }
    const ConstBytes message = session_->writer.next(length_);
    std::ranges::copy(message, claim_.payload().begin());
    claimed_ = session_->writer.sent();
    accepted(position, publication->max_payload_length());
    if (prng.chance(options_.hold_ppm)) {
        commit_ns_ = program_.run.now_ns() + prng.between(options_.hold_ns);
    } else {
        claim_.commit();
    }
    return position;
}

void StreamPublisher::accepted(std::int64_t position, std::int32_t max_payload) {
    const auto length = static_cast<std::int32_t>(length_);
    session_->writer.accepted(position - logbuffer::framed_length(length, max_payload), position);
}

int StreamPublisher::hold() {
    if (program_.run.now_ns() < commit_ns_) return 0;
    claim_.commit();
    return 1;
}

void StreamPublisher::close() {
    if (state_ != State::open) return;
    if (program_.is_alive()) {
        claim_.commit();
        --session_->handles;
    } else {
        if (claim_) session_->writer.abandon(claimed_);
        claim_ = {};
        ++session_->dead_handles;
    }
    auto& run = program_.run;
    program_.tell(fmt::format("ends stream {:#x} session {} after message {}, at {}", options_.key,
                              static_cast<std::int32_t>(session_->writer.session()),
                              session_->writer.sent(), session_->writer.position()));
    if (session_->handles == session_->dead_handles) session_->closed_ns = run.now_ns();
    auto* exclusive = std::get_if<Exclusive>(&publication_);
    if (exclusive != nullptr && options_.revoke_ppm > 0 && run.prng().chance(options_.revoke_ppm)) {
        session_->is_revoked = true;
        (*exclusive)->revoke_on_close();
    }
    publication_ = std::monostate();
    session_ = nullptr;
    state_ = State::resting;
    next_ns_ = run.now_ns() + run.prng().between(options_.rest_ns);
}

}  // namespace tern::sim
