#include "sim/actors/kv_client_actor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace tern::sim {
namespace {

constexpr std::int64_t kDriverTimeoutNs = 3'000'000'000;
constexpr std::int64_t kConnectTimeoutNs = 5'000'000'000;
constexpr std::int64_t kLeaveTimeoutNs = 6'000'000'000;
constexpr std::uint32_t kQuietPpm = 2'000;
constexpr std::uint32_t kBurstPpm = 300'000;
constexpr std::uint32_t kTimerPpm = 50'000;
constexpr std::uint32_t kMessagePpm = 50'000;
constexpr std::uint32_t kSendFirstPpm = 500'000;

}  // namespace

struct KvClientActor::Session {
    client::Aeron& aeron;
    std::int64_t client;
    std::int64_t ends_ns;
    std::int64_t next_ns = 0;  // when the next command is sent
    std::int64_t next_number = 0;
    std::vector<std::byte> command{};  // to be sent
    std::set<std::int64_t> unanswered{};
    std::unique_ptr<cluster::AsyncClusterClient> cluster{};
};

void KvClientActor::live(platform::Platform platform) {
    while (!should_end()) {
        try {
            play(platform);
        } catch (const Error& error) {
            if (is_alive()) tell(error.what());
        }
        idle(0);
    }
}

/// As long as the Aeron client lives.
void KvClientActor::play(platform::Platform platform) {
    client::Context context;
    context.aeron_directory = options_.aeron_directory;
    context.client_name = "kv-client";
    context.driver_timeout_ns = kDriverTimeoutNs;
    context.use_conductor_invoker = true;
    context.await_idle = [this] { idle(0); };
    context.error_handler = [this](const std::exception& error) {
        if (is_alive()) tell(error.what());
    };
    const auto aeron = client::Aeron::connect(std::move(context), platform);
    while (!should_end() && !aeron->is_closed()) play_session(*aeron, platform);
}

void KvClientActor::play_session(client::Aeron& aeron, platform::Platform platform) {
    Session session{.aeron = aeron, .client = observer_.next_client(), .ends_ns = 0};
    session.ends_ns = the_run().now_ns() + draw(100'000'000, options_.max_session_ns);
    cluster::ClusterClientContext context;
    context.ingress_channel = "aeron:udp?term-length=64k";
    context.ingress_endpoints = options_.ingress_endpoints;
    context.egress_channel = options_.egress_channel;
    context.message_timeout_ns = kConnectTimeoutNs;
    context.new_leader_timeout_ns = options_.new_leader_timeout_ns;
    context.client_name = "kv-client";
    context.listener.on_message = [&](const cluster::EgressMessage& message) {
        on_answer(session, message.payload);
    };
    session.cluster =
        std::make_unique<cluster::AsyncClusterClient>(std::move(context), aeron, platform);
    while (
        !should_end() && !session.cluster->is_closed() &&
        (is_quiet_ || the_run().now_ns() < session.ends_ns || !session.cluster->is_connected())) {
        step(session);
    }
    if (is_alive()) leave(session);
}

/// By a request, without a word, or in between: the destructor has one attempt.
void KvClientActor::leave(Session& session) {
    if (session.cluster->is_closed()) {
        ++lost_sessions_;
        return tell("lost its session: " + session.cluster->error());
    }
    const std::int64_t way = should_end() ? 0 : draw(0, 3);
    if (way == 3) session.aeron.close();
    if (way >= 2) return;
    session.cluster->begin_close();
    const std::int64_t deadline_ns = the_run().now_ns() + kLeaveTimeoutNs;
    while (is_alive() && !session.cluster->is_closed() && the_run().now_ns() < deadline_ns) {
        const int work = session.aeron.do_work();
        idle(work + session.cluster->do_work());
    }
}

/// After a pause it may send before it has read that its session is closed.
void KvClientActor::step(Session& session) {
    const bool sends_first = the_run().prng().chance(kSendFirstPpm);
    int work = sends_first ? send(session) : 0;
    work += session.aeron.do_work();
    work += session.cluster->do_work();
    if (!sends_first) work += send(session);
    idle(work);
}

bool KvClientActor::is_time_to_send(Session& session) {
    const bool is_early = is_quiet_ || the_run().now_ns() < session.next_ns;
    if (is_early || !session.cluster->is_connected()) return false;
    if (session.unanswered.size() < options_.max_unanswered) return true;
    // Some may have been lost around a restart of the node.
    if (draw(0, 999) > 0) return false;
    session.unanswered.erase(session.unanswered.begin());
    return true;
}

/// What the publication does not take is tried again: it counts as called once.
int KvClientActor::send(Session& session) {
    if (!session.command.empty()) {
        if (session.cluster->offer(session.command) <= 0) return 0;
        session.command.clear();
        session.unanswered.insert(session.next_number++);
        auto& prng = the_run().prng();
        if (prng.chance(kBurstPpm)) return 1;
        session.next_ns = the_run().now_ns() + draw(0, options_.max_pause_ns);
        if (prng.chance(kQuietPpm)) session.next_ns += draw(0, options_.max_quiet_ns);
        return 1;
    }
    if (!is_time_to_send(session)) return 0;
    draw_command(session);
    return send(session);
}

void KvClientActor::draw_command(Session& session) {
    constexpr std::array kOperations{node::KvOperation::put, node::KvOperation::put,
                                     node::KvOperation::get, node::KvOperation::del};
    auto& prng = the_run().prng();
    const CommandId id{session.client, session.next_number};
    const auto operation = kOperations[static_cast<std::size_t>(draw(0, 3))];
    const std::string key = fmt::format("k{}", draw(0, options_.keys - 1));
    const std::string value = operation == node::KvOperation::put ? draw_value(id) : std::string();
    std::uint8_t flags = 0;
    if (prng.chance(kTimerPpm)) flags |= kSchedulesTimer;
    if (prng.chance(kMessagePpm)) flags |= kOffersMessage;
    const auto kv = node::encode_kv_command(operation, key, value);
    session.command = encode(ObservedCommand{id, flags, kv});
    if (is_alive()) observer_.calls(id, operation, key, value);
}

std::string KvClientActor::draw_value(CommandId id) {
    std::string value = fmt::format("{}.{}.", id.client, id.number);
    const auto length = static_cast<std::size_t>(draw(0, options_.max_value_length));
    if (value.size() < length) value.resize(length, 'v');
    return value;
}

void KvClientActor::on_answer(Session& session, ConstBytes payload) {
    if (!is_alive()) return;
    const auto answer = decode_answer(payload);
    if (!answer || answer->id.client != session.client) {
        return the_run().violation(
            fmt::format("client {}: an answer that is not for it", session.client));
    }
    ++answered_;
    session.unanswered.erase(answer->id.number);
    observer_.is_answered(answer->id, static_cast<node::KvStatus>(answer->kv.front()),
                          as_text(answer->kv.subspan(1)));
}

}  // namespace tern::sim
