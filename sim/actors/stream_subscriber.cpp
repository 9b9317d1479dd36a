#include "sim/actors/stream_subscriber.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::sim {
namespace {

using client::ControlledAction;
using client::Header;

constexpr std::int64_t kRetryNs = 200'000'000;

// Silences that may have consequences. Drivers give an image up after 10 s; a stream that has ended
// is repaired for 5 s. A group does not wait for who joins it without being heard.
constexpr std::int64_t kImageSilenceNs = 8'000'000'000;
constexpr std::int64_t kMemberSilenceNs = 500'000'000;
constexpr std::int64_t kRepairSilenceNs = 2'500'000'000;
constexpr std::int64_t kImageTimeoutNs = 10'000'000'000;

constexpr std::int64_t kWindowLength = 32 * 1024;  // half of the shortest terms, as drivers have it

// A member that was so near for so long was heard: status messages are a quarter of a window late
// at most, there is one every 200 ms, and slow links take up to 500 ms.
constexpr std::int64_t kNearLength = kWindowLength - kWindowLength / 4;
constexpr std::int64_t kHeardNs = 1'500'000'000;

}  // namespace

StreamSubscriber::StreamSubscriber(const StreamProgramView& program,
                                   const SubscriberOptions& options)
    : program_(program),
      options_(options),
      destinations_(program, options.destinations),
      request_(program, options.request),
      assembler_([this](ConstBytes message, const Header& header) { on_message(message, header); }),
      controlled_assembler_([this](ConstBytes message, const Header& header) {
          return on_controlled(message, header);
      }) {}

int StreamSubscriber::do_work(client::Aeron& aeron) {
    const std::int64_t now_ns = program_.run.now_ns();
    if (is_adding_) return find(aeron);
    if (!subscription_) {
        if (now_ns < next_ns_) return 0;
        add(aeron);
        return 1;
    }
    if (program_.traffic.is_restless && end_ns_ > 0 && now_ns >= end_ns_) {
        close();
        return 1;
    }
    if (request_.is_in_vain()) return close(), 1;
    return destinations_.do_work(aeron, *subscription_) + request_.do_work(aeron, *subscription_) +
           poll();
}

void StreamSubscriber::add(client::Aeron& aeron) {
    client::ImageHandlers handlers;
    handlers.available = [this](const std::shared_ptr<client::Image>& image) { on_image(*image); };
    handlers.unavailable = [this](const std::shared_ptr<client::Image>& image) {
        on_image_gone(*image);
    };
    id_ = aeron.async_add_subscription(options_.channel, options_.stream_id, std::move(handlers));
    is_adding_ = true;
}

int StreamSubscriber::find(client::Aeron& aeron) {
    auto& run = program_.run;
    try {
        subscription_ = aeron.find_subscription(id_);
        if (!subscription_) return 0;
        is_adding_ = false;
        destinations_.begin();
        program_.tell(fmt::format("subscribes to stream {:#x}{}", options_.key,
                                  options_.is_untethered ? " (untethered)" : ""));
        const std::int64_t life_ns = run.prng().between(options_.life_ns);
        end_ns_ = options_.life_ns.max > 0 ? run.now_ns() + life_ns : 0;
        return 1;
    } catch (const client::RegistrationException& error) {
        // An endpoint that is still closing may be waited for; logs go with their driver.
        if (error.severity() != Severity::warn && program_.has_driver()) {
            run.violation(fmt::format("{} stream {}: {}", options_.channel, options_.stream_id,
                                      error.what()));
        }
    } catch (const client::DriverTimeoutException& error) {
        program_.tell(error.what());  // the driver died, or was away for too long
    }
    is_adding_ = false;
    next_ns_ = run.now_ns() + kRetryNs;
    return 1;
}

int StreamSubscriber::poll() {
    auto& prng = program_.run.prng();
    if (options_.is_group) look_who_is_heard();
    const bool is_paused = program_.traffic.is_restless && program_.run.now_ns() < poll_ns_;
    if (is_paused || (options_.is_stuck && !program_.traffic.is_ending)) return 0;
    const int fragments =
        options_.is_controlled
            ? subscription_->controlled_poll(controlled_assembler_, options_.fragment_limit)
            : subscription_->poll(assembler_, options_.fragment_limit);
    if (fragments > 0 && prng.chance(options_.pause_ppm)) {
        poll_ns_ = program_.run.now_ns() + prng.between(options_.pause_ns);
    }
    return fragments;
}

void StreamSubscriber::look_who_is_heard() {
    const std::int64_t now_ns = program_.run.now_ns();
    for (const auto& image : subscription_->images()) {
        Source& source = source_of(image->session_id());
        const std::int64_t behind = source.session->writer.reached() - image->position();
        if (behind > kNearLength) source.far_ns = now_ns;
        if (now_ns >= source.far_ns + kHeardNs) source.is_heard = true;
    }
}

bool StreamSubscriber::has_images() const noexcept {
    return std::ranges::any_of(sources_, [](const auto& entry) { return entry.second.has_image; });
}

bool StreamSubscriber::has_read(std::int32_t session_id, std::uint64_t up_to) const {
    const auto found = sources_.find(session_id);
    if (found == sources_.end()) return false;
    return found->second.has_image && !found->second.reader.finish(up_to);
}

bool StreamSubscriber::is_left_behind(std::int32_t session_id) const {
    const auto found = sources_.find(session_id);
    if (found == sources_.end() || !subscription_) return false;
    if (options_.gaps != Gaps::none || options_.is_untethered || options_.may_be_late) return true;
    const auto image = subscription_->image_by_session_id(session_id);
    return may_have_been_left_behind(found->second,
                                     image ? image->position() : found->second.left_at);
}

// What arrives ----------------------------------------------------------------------------------

StreamSubscriber::Source& StreamSubscriber::source_of(std::int32_t session_id) {
    const auto found = sources_.find(session_id);
    if (found != sources_.end()) return found->second;
    StreamSession& session = program_.ledger.session(options_.key, session_id);
    return sources_
        .emplace(session_id, Source{&session, StreamReader(session.writer, options_.gaps)})
        .first->second;
}

void StreamSubscriber::report(const std::optional<std::string>& finding) const {
    if (finding) program_.run.violation(fmt::format("{}: {}", options_.channel, *finding));
}

void StreamSubscriber::on_message(ConstBytes message, const Header& header) {
    if (program_.is_alive()) report(source_of(header.session_id()).reader.on_message(message));
}

ControlledAction StreamSubscriber::on_controlled(ConstBytes message, const Header& header) {
    auto& prng = program_.run.prng();
    if (prng.chance(options_.abort_ppm)) return ControlledAction::abort;
    on_message(message, header);
    if (prng.chance(options_.abort_ppm)) return ControlledAction::break_;
    return prng.chance(options_.abort_ppm) ? ControlledAction::commit : ControlledAction::continue_;
}

void StreamSubscriber::on_image(const client::Image& image) {
    if (!program_.is_alive()) return;
    Source& source = source_of(image.session_id());
    program_.tell(fmt::format("has an image of stream {:#x}{} session {} from {}", options_.key,
                              options_.is_untethered ? " (untethered)" : "", image.session_id(),
                              image.join_position()));
    source.has_image = true;
    source.since_ns = program_.run.now_ns();
    source.far_ns = source.since_ns;
    source.is_heard = false;
    report(source.reader.on_image(source.session->writer.first_from(image.join_position())));
}

void StreamSubscriber::on_image_gone(const client::Image& image) {
    assembler_.free_session(image.session_id());
    controlled_assembler_.free_session(image.session_id());
    if (!program_.is_alive()) return;
    Source& source = source_of(image.session_id());
    source.has_image = false;
    source.left_at = image.position();
    report(source.reader.on_image_gone());
    if (is_closing_ || !program_.has_driver()) return;
    program_.tell(fmt::format("has no image of stream {:#x}{} session {} any more, from {} on",
                              options_.key, options_.is_untethered ? " (untethered)" : "",
                              image.session_id(), image.position()));
    const std::string text = why_incomplete(source, image.position());
    if (!text.empty()) {
        report(fmt::format("stream {:#x} session {}: {}", options_.key, image.session_id(), text));
    }
}

/// Empty when nothing is wrong with the end of an image.
std::string StreamSubscriber::why_incomplete(const Source& source, std::int64_t position) const {
    const StreamSession& session = *source.session;
    if (!session.has_driver || may_have_been_let_go(source)) return {};
    if (may_have_been_left_behind(source, position)) return {};
    if (session.is_open()) {
        if (may_have_timed_out(source)) return {};
        return fmt::format("the image ends at message {}, but the stream goes on",
                           source.reader.next());
    }
    const auto missing = source.reader.finish(session.writer.sent());
    if (!missing || options_.gaps != Gaps::none || !session.has_driver() ||
        may_have_lost_the_end(source))
        return {};
    return *missing;
}

/// A publisher waits for a member of a group once it has heard of it. It does not hear who is more
/// than a window behind, and cannot repair what that one has missed (DSR-3.7, DSR-3.9); how far
/// that one comes depends on what was under way to it.
bool StreamSubscriber::may_have_been_left_behind(const Source& source,
                                                 std::int64_t position) const {
    return options_.is_group && !source.is_heard &&
           source.session->writer.reached() - position > kWindowLength;
}

/// On purpose.
bool StreamSubscriber::may_have_been_let_go(const Source& source) const {
    const std::int64_t unreached_ns =
        std::max(source.session->unreached_ns, destinations_.missing_ns());
    return options_.is_untethered || source.session->is_revoked ||
           unreached_ns >= source.since_ns - kImageTimeoutNs;
}

bool StreamSubscriber::may_have_timed_out(const Source& source) const {
    if (options_.is_ipc) return false;
    const auto& network = program_.run.world().network();
    const std::uint32_t there = source.session->host;
    const std::int64_t since_ns = source.since_ns - kImageTimeoutNs;
    const auto from_there = network.silence(there, program_.host, since_ns);
    const auto to_there = network.silence(program_.host, there, since_ns);
    return from_there.longest_ns >= kImageSilenceNs ||
           (options_.is_group && to_there.longest_ns >= kMemberSilenceNs);
}

bool StreamSubscriber::may_have_lost_the_end(const Source& source) const {
    if (options_.is_ipc) return false;
    const auto& network = program_.run.world().network();
    // It joined after the end: what was not sent while nobody listened had been dropped.
    if (source.since_ns >= source.session->closed_ns) return true;
    const std::uint32_t there = source.session->host;
    const std::int64_t since_ns = source.session->closed_ns - kRepairSilenceNs;
    return may_have_timed_out(source) ||
           network.silence(there, program_.host, since_ns).total_ns >= kRepairSilenceNs ||
           network.silence(program_.host, there, since_ns).total_ns >= kRepairSilenceNs;
}

void StreamSubscriber::close() {
    if (!subscription_) return;
    is_closing_ = true;
    request_.end();
    subscription_.reset();
    is_closing_ = false;
    sources_.clear();
    assembler_.clear();
    controlled_assembler_.clear();
    auto& run = program_.run;
    next_ns_ = run.now_ns() + run.prng().between(options_.rest_ns);
}

}  // namespace tern::sim
