#include "sim/actors/archive_user.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/client/exclusive_publication.hpp"
#include "tern/client/subscription.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kPauseNs = 200'000'000;
constexpr std::int64_t kPatienceNs = 20'000'000'000;  ///< more than all time-outs of requests

}  // namespace

ArchiveUser::ArchiveUser(Run& run, virtual_world::Host& host, std::string name, ArchiveUse& use,
                         ArchiveUserOptions options)
    : Actor(run, host, std::move(name)), use_(use), options_(std::move(options)) {}

void ArchiveUser::live(platform::Platform platform) {
    while (!should_end()) {
        try {
            visit(platform);
        } catch (const Error& error) {
            if (is_alive()) tell(fmt::format("error: {}", error.what()));
        }
        archive_.reset();
        aeron_.reset();
        const std::int64_t until_ns = the_run().now_ns() + kPauseNs;
        while (!should_end() && the_run().now_ns() < until_ns) idle(0);
    }
}

void ArchiveUser::visit(platform::Platform platform) {
    client::Context context;
    context.aeron_directory = options_.aeron_directory;
    context.use_conductor_invoker = true;
    context.await_idle = [this] { idle(0); };
    context.error_handler = [this](const std::exception& error) {
        if (is_alive()) tell(fmt::format("client error: {}", error.what()));
    };
    aeron_ = client::Aeron::connect(context, platform);
    archive_ = std::make_unique<archive::AsyncArchiveClient>(archive_context(), *aeron_, platform);
    while (can_go_on() && !archive_->is_connected()) step();
    if (can_go_on()) work();
    leave();
}

archive::ArchiveClientContext ArchiveUser::archive_context() const {
    archive::ArchiveClientContext context;
    context.client_name = name();
    if (!options_.is_local) {
        context.control_request_channel =
            fmt::format("aeron:udp?endpoint={}:8010", use_.archive_host);
        context.control_response_channel = fmt::format("aeron:udp?endpoint={}:0", host().name());
    }
    context.error_handler = [this](const std::exception& error) {
        if (is_alive()) tell(fmt::format("archive client error: {}", error.what()));
    };
    return context;
}

/// By a request, or without a word.
void ArchiveUser::leave() {
    if (!is_alive() || aeron_->is_closed() || draw_chance(10)) return;
    archive_->begin_close();
    while (is_alive() && !aeron_->is_closed() && !archive_->is_closed()) step();
}

bool ArchiveUser::can_go_on() const {
    return !should_end() && !aeron_->is_closed() && !archive_->is_failed();
}

void ArchiveUser::step(int work_count) {
    idle(std::exchange(work_count_, 0) + work_count);
    if (!is_alive()) return;
    work_count_ = aeron_->do_work();
    work_count_ += archive_->do_work();
}

bool ArchiveUser::await(std::int64_t timeout_ns, const std::function<bool()>& is_so) {
    const std::int64_t deadline_ns = the_run().now_ns() + timeout_ns;
    while (can_go_on()) {
        if (is_so()) return true;
        if (the_run().now_ns() >= deadline_ns) return false;
        step();
    }
    return false;
}

void ArchiveUser::pass(std::int64_t duration_ns) {
    await(duration_ns, [] { return false; });
}

std::optional<archive::Outcome> ArchiveUser::ask(std::int64_t correlation_id,
                                                 std::string_view what) {
    std::optional<archive::Outcome> outcome;
    await(kPatienceNs, [&] {
        outcome = archive_->take_outcome(correlation_id);
        return outcome.has_value();
    });
    using Status = archive::Outcome::Status;
    if (!outcome || outcome->status == Status::disconnected) return std::nullopt;
    if (outcome->status == Status::timed_out) {
        tell(fmt::format("no answer to {}: {}", what, outcome->message));
        if (use_.is_undisturbed) the_run().violation(fmt::format("no answer to {}", what));
        return std::nullopt;
    }
    if (!outcome->ok()) tell(fmt::format("{} is refused: {}", what, outcome->message));
    return outcome;
}

std::optional<std::int64_t> ArchiveUser::ask_for(std::int64_t correlation_id,
                                                 std::string_view what) {
    const auto outcome = ask(correlation_id, what);
    if (!outcome || !outcome->ok()) return std::nullopt;
    return outcome->relevant_id;
}

std::optional<archive::RecordingDescriptor> ArchiveUser::describe(std::int64_t recording_id) {
    const auto descriptor = std::make_shared<std::optional<archive::RecordingDescriptor>>();
    const auto answer =
        ask_for(archive_->list_recording(recording_id,
                                         [descriptor](const auto& found) { *descriptor = found; }),
                "a description");
    return answer ? *descriptor : std::nullopt;
}

void ArchiveUser::found(const std::optional<std::string>& finding) {
    if (finding && is_alive()) the_run().violation(name() + ": " + *finding);
}

std::string ArchiveUser::replay_channel() const {
    if (options_.is_local) return "aeron:ipc";
    return fmt::format("aeron:udp?endpoint={}:{}", host().name(), 9000 + options_.number);
}

std::unique_ptr<client::ExclusivePublication> ArchiveUser::publish(std::string_view channel,
                                                                   std::int32_t stream_id) {
    const auto id = aeron_->async_add_exclusive_publication(channel, stream_id);
    std::unique_ptr<client::ExclusivePublication> publication;
    await(kPatienceNs, [&] {
        publication = aeron_->find_exclusive_publication(id);
        return publication != nullptr;
    });
    return publication;
}

std::unique_ptr<client::Subscription> ArchiveUser::subscribe(std::string_view channel,
                                                             std::int32_t stream_id) {
    const auto id = aeron_->async_add_subscription(channel, stream_id);
    std::unique_ptr<client::Subscription> subscription;
    await(kPatienceNs, [&] {
        subscription = aeron_->find_subscription(id);
        return subscription != nullptr;
    });
    return subscription;
}

}  // namespace tern::sim
